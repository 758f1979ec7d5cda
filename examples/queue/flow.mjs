// A flow: a job for each shard, and a last one that runs when they are done and gives the output its name.
import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { FlowProducer, Queue } from 'bullmq'
import * as files from './files.mjs'
import * as objects from './objects.mjs'
import { finishOptions, queueName, shardOptions } from './settings.mjs'

export const storeOf = (address) => (address.startsWith('s3://') ? objects : files)

/** The same for everybody who wants the same. */
const idOf = ({ digest, input, output }) =>
  createHash('sha256')
    .update(JSON.stringify([digest, input, output]))
    .digest('hex')
    .slice(0, 24)

/** Adds the flow, unless it is there already. Returns its id; undefined if the output is complete. */
export async function addFlow(redis, plan) {
  const store = storeOf(plan.input)
  const id = idOf(plan)
  const queue = openQueue(redis)
  try {
    return await alone(redis, id, async () => {
      const before = await queue.getJob(id)
      if (before && !isOver(await before.getState())) return id
      if (await store.isComplete(plan)) return undefined
      // A flow that failed, or whose output was removed.
      await before?.remove()
      if (before) await store.giveUp(before.data)
      const data = { plan, ...(await store.begin(plan)) }
      await quiet(new FlowProducer({ connection: redis })).add({
        name: 'finish',
        queueName,
        data,
        opts: { ...finishOptions, jobId: id },
        children: Array.from({ length: plan.shards }, (_, index) => ({
          name: 'shard',
          queueName,
          data: { ...data, index },
          opts: { ...shardOptions, jobId: `${id}-${index}` },
        })),
      })
      return id
    })
  } finally {
    await queue.close()
  }
}

/**
 * Waits until the flow is over, and calls onProgress(done, failed, shards). Throws the reason if it failed. It asks again and
 * again: events get lost when Redis is restarted.
 */
export async function waitForFlow(redis, id, onProgress = () => {}) {
  const queue = openQueue(redis)
  try {
    for (;;) {
      const job = await queue.getJob(id)
      if (!job) throw new Error(`flow ${id} was removed`)
      const { processed = 0, ignored = 0 } = await job.getDependenciesCount()
      onProgress(processed, ignored, job.data.plan.shards)
      const state = await job.getState()
      if (state === 'completed') return
      if (state === 'failed') throw new Error(await reasonOf(queue, id))
      await sleep(100)
    }
  } finally {
    await queue.close()
  }
}

/** Ends a flow: shards that have not begun are dropped, an upload is aborted. */
export async function cancelFlow(redis, id) {
  const queue = openQueue(redis)
  try {
    const job = await queue.getJob(id)
    if (!job || isOver(await job.getState())) return false
    await job.updateData({ ...job.data, isCancelled: true })
    await job.removeUnprocessedChildren()
    return true
  } finally {
    await queue.close()
  }
}

const openQueue = (redis) => quiet(new Queue(queueName, { connection: redis }))

/** The connection's own listener says that Redis is away. Without another one, each use of it would say so again. */
const quiet = (user) => user.on('error', () => {})

const isOver = (state) => state === 'completed' || state === 'failed'

const reasonOf = async (queue, id) => (await queue.getJob(id))?.failedReason

const lockMilliseconds = 30_000

/** Lets one producer of a flow at a time do something. The lock that a killed producer left ends by itself. */
async function alone(redis, id, step) {
  const key = `${queueName}:${id}:producer`
  const token = randomUUID()
  // Only with this producer's own lock: it may have ended while Redis was away, and be another's now.
  const ifOwn = (command, ...args) =>
    redis.eval(
      `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('${command}', KEYS[1], unpack(ARGV, 2)) end`,
      1,
      key,
      token,
      ...args,
    )
  while (!(await redis.set(key, token, 'PX', lockMilliseconds, 'NX'))) await sleep(50)
  // A store that is slow to answer takes longer than the lock.
  const renewal = setInterval(
    () => ifOwn('pexpire', lockMilliseconds).catch(() => {}),
    lockMilliseconds / 3,
  )
  try {
    return await step()
  } finally {
    clearInterval(renewal)
    await ifOwn('del')
  }
}
