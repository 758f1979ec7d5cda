// npm run bench -- scale: a simulation of work that is larger than this machine: 1 PB of float32, by workers that take shards from a
// queue and their bytes from an object store. Ten seconds. docs/scale.md has its tables, and says where the assumptions are from.
//
// A worker takes a shard from the queue, reads it, activates it, writes it and reports it. The same seed gives the same run.
import { uniform as randomOf } from '../tools/cells/search'
import { figure, markdown } from './table'

interface Assumptions {
  /** Bytes of input; as many are written. */
  bytes: number
  shardBytes: number
  workers: number
  /** Bytes per second that one worker reads and writes, together, by its network. */
  workerBandwidth: number
  /** Bytes per second that the store gives to all workers together. */
  storeBandwidth: number
  /** Seconds that the queue is busy with one shard, from adding to removing it. */
  queueSeconds: number
  /** Seconds until the store begins to answer a request. A shard takes two. */
  storeLatency: number
  /** Nanoseconds for one float32. */
  nsPerElement: number
  /** The part of the workers that are slow, and how many times as long they take. */
  slow: { part: number; times: number }
  /** How often a worker fails, per hour, and the seconds until it is back. */
  failuresPerHour: number
  restartSeconds: number
  /** The seconds until the queue gives the shard of a failed worker to another. */
  noticeSeconds: number
}

/** What is assumed where a table says nothing else. */
const usual: Assumptions = {
  bytes: 1e15,
  shardBytes: 2 ** 28,
  workers: 1000,
  workerBandwidth: 10e9 / 8,
  storeBandwidth: 1e12 / 8,
  // `npm run bench -- shards` prints the processor time of Redis: 0.27 to 0.6 ms a shard, less when many workers share a write.
  queueSeconds: 0.5e-3,
  storeLatency: 0.1,
  nsPerElement: 0.3,
  slow: { part: 0.02, times: 3 },
  failuresPerHour: 0.01,
  restartSeconds: 120,
  // The lock of examples/queue/settings.mjs, and the check for it.
  noticeSeconds: 6,
}

interface Outcome {
  seconds: number
  /** The time without any loss: bytes over the bandwidth that all workers have together. */
  idealSeconds: number
  failures: number
  /** The seconds from when the queue ran empty until the last shard was done. */
  tailSeconds: number
  queueBusy: number
  limit: 'workers' | 'store' | 'queue'
}

/** Times with numbers, the earliest first: a binary heap. */
class Heap {
  private readonly times: number[] = []
  private readonly values: number[] = []

  push(time: number, value: number): void {
    let i = this.times.length
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (this.times[parent] <= time) break
      this.move(parent, i)
      i = parent
    }
    this.times[i] = time
    this.values[i] = value
  }

  pop(): { time: number; value: number } | undefined {
    if (this.times.length === 0) return undefined
    const first = { time: this.times[0], value: this.values[0] }
    const time = this.times.pop() as number
    const value = this.values.pop() as number
    const count = this.times.length
    if (count === 0) return first
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= count) break
      if (child + 1 < count && this.times[child + 1] < this.times[child]) child++
      if (this.times[child] >= time) break
      this.move(child, i)
      i = child
    }
    this.times[i] = time
    this.values[i] = value
    return first
  }

  private move(from: number, to: number): void {
    this.times[to] = this.times[from]
    this.values[to] = this.values[from]
  }
}

function simulate(given: Assumptions, seed = 1): Outcome {
  const { bytes, shardBytes, workers, queueSeconds } = given
  const random = randomOf(seed)
  const shards = Math.ceil(bytes / shardBytes)
  const bandwidth = Math.min(given.workerBandwidth, given.storeBandwidth / workers)
  const computing = ((shardBytes / 4) * given.nsPerElement) / 1e9
  // One after the other, as in examples/queue.
  const seconds = 2 * given.storeLatency + (2 * shardBytes) / bandwidth + computing
  const failuresPerSecond = given.failuresPerHour / 3600

  // Workers that are free, and shards that a failed worker had, by the time from when on they can be taken.
  const free = new Heap()
  const again = new Heap()
  const slowness = Array.from({ length: workers }, () =>
    random() < given.slow.part ? given.slow.times : 1,
  )
  for (let worker = 0; worker < workers; worker++) free.push(0, worker)

  let next = 0
  let done = 0
  let failures = 0
  let queueFree = 0
  let queueBusy = 0
  let emptyAt = 0
  let end = 0
  // Workers that found nothing to take.
  const idle: number[] = []
  const fail = (worker: number, time: number) => {
    failures++
    free.push(time + given.restartSeconds, worker)
    const other = idle.pop()
    if (other !== undefined) free.push(time, other)
  }
  let waiting = again.pop()
  while (done < shards) {
    const { time, value: worker } = free.pop() as { time: number; value: number }
    waiting ??= again.pop()
    const isAgain = waiting !== undefined && (next === shards || waiting.time <= time)
    if (!isAgain && next === shards) {
      idle.push(worker)
      continue
    }
    const from = isAgain ? Math.max(time, (waiting as { time: number }).time) : time
    const taken = Math.max(from, queueFree)
    const failsAt = time - Math.log(1 - random()) / failuresPerSecond
    if (failsAt < taken) {
      // It had no shard yet: it waited for the queue.
      fail(worker, failsAt)
      continue
    }
    if (isAgain) waiting = undefined
    else next++
    queueFree = taken + queueSeconds
    queueBusy += queueSeconds
    if (next === shards && emptyAt === 0) emptyAt = taken
    const takes = seconds * slowness[worker] * (0.9 + 0.2 * random())
    if (failsAt < queueFree + takes) {
      again.push(failsAt + given.noticeSeconds, 0)
      fail(worker, failsAt)
      continue
    }
    done++
    end = Math.max(end, queueFree + takes)
    free.push(queueFree + takes, worker)
  }
  const idealSeconds = (2 * bytes) / (bandwidth * workers)
  return {
    seconds: end,
    idealSeconds,
    failures,
    tailSeconds: end - emptyAt,
    queueBusy: queueBusy / end,
    limit:
      queueBusy / end > 0.95 ? 'queue' : bandwidth < given.workerBandwidth ? 'store' : 'workers',
  }
}

/**
 * The number of workers from which the queue is the limit: that which does as many shards in a second as the queue gives out.
 * Infinity where the store is the limit first, whatever the number of workers.
 */
function workersForQueue(given: Assumptions): number {
  const { shardBytes, queueSeconds, storeBandwidth, workerBandwidth, slow } = given
  const fixed = 2 * given.storeLatency + ((shardBytes / 4) * given.nsPerElement) / 1e9
  const speed = 1 - slow.part + slow.part / slow.times
  const ownNetwork = (fixed + (2 * shardBytes) / workerBandwidth) / (queueSeconds * speed)
  if (ownNetwork * workerBandwidth <= storeBandwidth) return ownNetwork
  // Beyond, each worker has a part of the store's bandwidth: n / queueSeconds of them take n times as long to read and write.
  const left = queueSeconds * speed - (2 * shardBytes) / storeBandwidth
  return left > 0 ? fixed / left : Infinity
}

const size = (bytes: number): string =>
  bytes >= 2 ** 30 ? `${bytes / 2 ** 30} GiB` : `${bytes / 2 ** 20} MiB`
const percent = (part: number): string => `${(100 * part).toFixed(1)} %`
const head = ['', 'shards', 'hours', 'over ideal', 'tail, s', 'failures', 'queue busy', 'limit']

// All of 60 million shards would take minutes. Before the tail, one part of them goes on as any other.
const mostShards = 4e6

function row(name: string, given: Assumptions): string[] {
  const shards = Math.ceil(given.bytes / given.shardBytes)
  const times = Math.ceil(shards / mostShards)
  const found = simulate({ ...given, bytes: given.bytes / times })
  const { idealSeconds, tailSeconds, failures, queueBusy, limit } = found
  const seconds = (found.seconds - tailSeconds) * times + tailSeconds
  return [
    name,
    shards.toLocaleString('en-US'),
    figure(seconds / 3600),
    `${(seconds / (idealSeconds * times)).toFixed(2)}x`,
    figure(tailSeconds),
    // Of a part it would be a guess.
    times === 1 ? figure(failures) : '',
    percent(queueBusy),
    limit,
  ]
}

export function main(): void {
  const sizes = [4, 16, 64, 256, 1024, 4096, 16384, 65536].map((mebibytes) => mebibytes * 2 ** 20)
  const counts = [10, 100, 300, 1000, 10_000]
  const tables = [
    {
      title: '1 PB on 1,000 workers, by the size of a shard',
      rows: sizes.map((shardBytes) => row(size(shardBytes), { ...usual, shardBytes })),
    },
    {
      title: `1 PB in shards of ${size(usual.shardBytes)}, by the number of workers`,
      rows: counts.map((workers) => row(workers.toLocaleString('en-US'), { ...usual, workers })),
    },
  ]
  const fewest = sizes.map((shardBytes) => {
    const workers = workersForQueue({ ...usual, shardBytes })
    return `${size(shardBytes)}: ${Number.isFinite(workers) ? figure(workers) : 'none'}`
  })
  console.log(
    `Workers from which the queue is the limit, by the size of a shard: ${fewest.join(', ')}\n`,
  )
  console.log(tables.map(({ title, rows }) => markdown({ title, head, rows })).join('\n\n'))
}
