// The settings that producers and workers share, each with its reason.
import { Redis } from 'ioredis'

export const queueName = 'softplus-shards'

/** Connects to the Redis of REDIS_URL. Waits for as long as it is away, and says so once. */
export function connect() {
  const { REDIS_URL = 'redis://127.0.0.1:6379' } = process.env
  const redis = new Redis(REDIS_URL, {
    // Commands wait for Redis to come back. By default they fail after 20 tries.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(100 * times, 1000),
  })
  let isAway = false
  redis.on('error', ({ code, message }) => {
    if (!isAway) console.error(`waiting for Redis: ${code ?? message}`)
    isAway = true
  })
  redis.on('ready', () => {
    isAway = false
  })
  return redis
}

export const workerOptions = {
  // One shard computes while the other waits for the disk or the network. More at once need more memory and gain nothing: start
  // more workers.
  concurrency: 2,
  // A worker renews its lock every 2.5 s. One that was killed does not, so its shard is done again within 5 + 1 s and a bit.
  // With BullMQ's 30 s it takes a minute. A lock that a slow worker loses costs only time: a shard may be done twice at once.
  lockDuration: 5000,
  stalledInterval: 1000,
  // How often the worker of one shard may be killed before the shard counts as failed. BullMQ's 1 is too few: machines are
  // taken away, and a restart of Redis that takes longer than the lock counts for every shard at work. It has a limit at all
  // because a shard may be what kills its worker.
  maxStalledCount: 20,
}

const retries = {
  // The waits are 0.5, 1, 2, ... 32 s, less up to half of it by chance: a store or a disk has a minute to recover.
  attempts: 8,
  backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
}

export const shardOptions = {
  ...retries,
  // The last job runs when each shard is done or has failed for good, and decides what becomes of the output.
  ignoreDependencyOnFailure: true,
  // It has the results and the reasons; Redis need not keep a million jobs.
  removeOnComplete: true,
  removeOnFail: true,
}

export const finishOptions = {
  ...retries,
  // Long enough for everybody who waits for it to read how it ended.
  removeOnComplete: { age: 24 * 3600 },
  removeOnFail: { age: 24 * 3600 },
}
