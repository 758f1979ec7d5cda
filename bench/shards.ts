// npm run bench -- shards: what dividing a file costs: `softplus apply --shard`, and examples/queue with one worker or two.
// Two minutes, and 3 GB of disk; needs redis-server.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { finish, planShards, runShard, type ShardOptions } from '../dist/shards.js'
import { addFlow, waitForFlow } from '../examples/queue/flow.mjs'
import { startRedis } from '../examples/queue/redis.mjs'
import { connect, queueName } from '../examples/queue/settings.mjs'
import { uniform } from './inputs'
import { command, env, run } from './process'
import { machine } from './results'
import { atMost, report, type Target, withoutTarget } from './targets'

const MiB = 2 ** 20
const shards = 16
// The fastest counts, where there is more than one: whatever else runs on the machine, and the disk, only add to it.
const rounds = 5
const worker = fileURLToPath(new URL('../examples/queue/worker.mjs', import.meta.url))

/** The time of a process for one small shard, less that of the shard itself; and how much of it Node takes to start and end. */
async function overheadOfProcess(x: string, y: string): Promise<Target[]> {
  writeFileSync(x, Buffer.from(uniform(shards * (MiB / 4), 8).buffer))
  const plan = await planShards(x, y, { shards })
  const works: number[] = []
  for (let i = 0; i < shards; i++) {
    const started = performance.now()
    await runShard(plan, i)
    works.push(performance.now() - started)
  }
  await finish(plan)
  rmSync(y)
  const [processes, empty]: number[][] = [[], []]
  for (let i = 0; i < shards; i++) {
    processes.push(shardProcess(x, y, i + 1))
    empty.push(run(process.execPath, ['--eval', '']).ms)
  }
  const overhead = Math.min(...processes) - Math.min(...works)
  return [
    atMost('softplus apply --shard, over runShard() for the same MiB, ms', 100, overhead),
    withoutTarget('of which Node takes for an empty program, ms', Math.min(...empty)),
  ]
}

const shardProcess = (x: string, y: string, number: number) =>
  run(process.execPath, [command, 'apply', x, '-o', y, '-q', '--shard', `${number}/${shards}`]).ms

/** What a queue adds to a shard, from adding the flow to its end, for shards that are small. */
async function overheadOfQueue(redis: Redis, x: string, y: string): Promise<Target> {
  const options = { shards: 500, alignment: 4096 }
  writeFileSync(x, Buffer.from(uniform((options.shards * options.alignment) / 4, 8).buffer))
  const stop = await startWorkers(1)
  const before = await processorTime(redis)
  const direct: number[] = []
  const queued: number[] = []
  for (let round = 0; round < rounds; round++) {
    const plan = await planShards(x, `${y}.f32`, options)
    direct.push(
      await timeOf(async () => {
        for (let i = 0; i < options.shards; i++) await runShard(plan, i)
      }),
    )
    await finish(plan)
    queued.push(await timeOf(() => runFlow(redis, x, y, options)))
    for (const path of [y, `${y}.f32`]) rmSync(path)
  }
  const busy = ((await processorTime(redis)) - before) / (rounds * options.shards)
  await stop()
  console.error(`Redis: ${busy.toFixed(3)} ms of processor time a shard`)
  const overhead = (Math.min(...queued) - Math.min(...direct)) / options.shards
  return atMost('a queue with one worker, over runShard() in a loop, ms a shard', 2, overhead)
}

async function timeOf(step: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await step()
  return performance.now() - started
}

async function runFlow(redis: Redis, x: string, y: string, options: ShardOptions): Promise<void> {
  await waitForFlow(redis, (await addFlow(redis, await planShards(x, y, options))) as string)
}

/** That Redis has used, in milliseconds. */
async function processorTime(redis: Redis): Promise<number> {
  const info = await redis.info('cpu')
  const [, system, user] = /used_cpu_sys:([\d.]+)\s+used_cpu_user:([\d.]+)/.exec(info) ?? []
  return 1000 * (Number(system) + Number(user))
}

/** Starts workers, and gives them 3 seconds to connect. Returns a function that ends them. */
async function startWorkers(count: number, variables = {}): Promise<() => Promise<void>> {
  const options = {
    stdio: 'inherit',
    env: { ...env, REDIS_URL: process.env.REDIS_URL, ...variables },
  } as const
  const workers = Array.from({ length: count }, () => spawn(process.execPath, [worker], options))
  await sleep(3000)
  return async () => {
    for (const child of workers) await ended(child, 'SIGTERM')
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}

/**
 * 1 GiB in 16 shards by two processes, over the command without shards, which leaves its output in the system's memory. Shards
 * are on the disk before they count as done. So a copy that is synced stands beside them: what the disk alone takes.
 */
async function gibibyte(redis: Redis, x: string, y: string): Promise<Target[]> {
  const part = Buffer.from(uniform(2 ** 24, 8).buffer)
  for (let i = 0; i < shards; i++) writeFileSync(x, part, { flag: i === 0 ? 'w' : 'a' })
  const times: Record<'whole' | 'copied' | 'processes' | 'queue', number[]> = {
    whole: [],
    copied: [],
    processes: [],
    queue: [],
  }
  const stop = await startWorkers(2)
  for (let round = 0; round < rounds; round++) {
    rmSync(y, { force: true })
    times.whole.push(run(process.execPath, [command, 'apply', x, '-o', y, '-q']).ms)
    rmSync(y)
    times.copied.push(await timeOf(() => copyByTwo(x, y)))
    rmSync(y)
    times.processes.push(await timeOf(() => byTwoProcesses(x, y)))
    rmSync(y)
    times.queue.push(await timeOf(() => runFlow(redis, x, y, { shards })))
  }
  await stop()
  const [whole, copied, processes, queue] = Object.values(times).map((all) => Math.min(...all))
  const what = '1 GiB in 16 shards by 2 processes over the command without shards'
  return [
    atMost(`${what}: softplus apply --shard`, 3.5, processes / whole),
    atMost(`${what}: queue`, 1.3, queue / whole),
    withoutTarget(
      '1 GiB copied and synced by two loops, over the command without shards',
      copied / whole,
    ),
    withoutTarget('1 GiB in 16 shards by 2 processes over the copy: queue', queue / copied),
  ]
}

/** Copies each half of a file in a loop of its own, and syncs it. */
async function copyByTwo(from: string, to: string): Promise<void> {
  const [input, output] = [await open(from), await open(to, 'w')]
  const { size } = await input.stat()
  await output.truncate(size)
  const copy = async (start: number, end: number) => {
    const buffer = Buffer.alloc(4 * MiB)
    for (let at = start; at < end; at += buffer.length) {
      await input.read(buffer, 0, buffer.length, at)
      await output.write(buffer, 0, buffer.length, at)
    }
    await output.datasync()
  }
  await Promise.all([copy(0, size / 2), copy(size / 2, size)])
  await input.close()
  await output.close()
}

async function byTwoProcesses(x: string, y: string): Promise<void> {
  let next = 1
  const work = async () => {
    while (next <= shards) {
      const shard = `${next++}/${shards}`
      const args = [command, 'apply', x, '-o', y, '-q', '--shard', shard]
      const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit', env }), 'exit')
      if (code !== 0) throw new Error(`shard ${shard} must end with 0; got ${code}`)
    }
  }
  await Promise.all([work(), work()])
}

/** Seconds from the kill of a worker until its shard is done by another. */
async function afterKill(redis: Redis, x: string, y: string): Promise<Target> {
  truncateSync(x, 64 * MiB)
  rmSync(y, { force: true })
  const queue = new Queue(queueName, { connection: redis })
  // The fallback is slow enough to be killed in the middle.
  const stop = await startWorkers(2, { SOFTPLUS_BACKEND: 'js' })
  const plan = await planShards(x, y, { shards: 2 })
  const id = (await addFlow(redis, plan)) as string
  let pid = 0
  while (!pid) {
    const [job] = await queue.getActive()
    pid = Number(job?.processedBy?.split(':')[1] ?? 0)
  }
  process.kill(pid, 'SIGKILL')
  const started = performance.now()
  await waitForFlow(redis, id)
  const seconds = (performance.now() - started) / 1000
  await stop()
  await queue.close()
  return atMost('a worker is killed: its shard is done again after, s', 10, seconds)
}

export async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'softplus-shards-'))
  const [x, y] = [join(folder, 'x.f32'), join(folder, 'y.f32')]
  const server = await startRedis()
  process.env.REDIS_URL = server.url
  const redis = connect()
  try {
    report(machine().cpu, [
      ...(await overheadOfProcess(x, y)),
      await overheadOfQueue(redis, x, y),
      ...(await gibibyte(redis, x, y)),
      await afterKill(redis, x, y),
    ])
  } finally {
    redis.disconnect()
    await server.stop()
    rmSync(folder, { recursive: true })
  }
}
