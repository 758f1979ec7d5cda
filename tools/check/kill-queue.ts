// Kills workers of examples/queue and their Redis by SIGKILL at random moments, while flows run: no output may be incomplete or
// have other bytes than without shards, and each flow must end.
//
//   npm run tool -- kill-queue [FLOWS]      500 by default; needs redis-server
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Redis } from 'ioredis'
import { addFlow, storeOf, waitForFlow } from '../../examples/queue/flow.mjs'
import { startRedis } from '../../examples/queue/redis.mjs'
import { connect } from '../../examples/queue/settings.mjs'
import { type Files, lookout, prepare } from '../../test/shards-kill'
import { checkInstalled, root } from '../build/run.mjs'

const worker = fileURLToPath(new URL('../../examples/queue/worker.mjs', import.meta.url))
const workers = 3
/** How many flows there are at a time. */
const slots = 8
const shardBytes = 4 * 2 ** 20

const counts = { flows: 0, workers: 0, redis: 0, looks: 0 }

export async function main([text = '500']: string[]): Promise<boolean> {
  const flows = Number(text)
  if (!Number.isInteger(flows) || flows < 1)
    throw new Error(`FLOWS must be an integer above 0; got ${text}`)
  checkInstalled(['redis-server'])
  const folder = mkdtempSync(join(tmpdir(), 'softplus-kill-queue-'))
  const command = join(root, 'dist/cli.cjs')
  const files = prepare({ command, folder, format: 'f32' })
  const server = await startRedis()
  process.env.REDIS_URL = server.url
  const redis = connect()
  const over = new AbortController()
  const ended = Array.from({ length: workers }, () => killWorkers(over.signal))
  ended.push(killRedis(redis, over.signal))
  try {
    let left = flows
    const runSlot = async (i: number) => {
      const output = join(folder, `y${i}.f32`)
      while (left-- > 0) await runFlow(redis, { ...files, output })
    }
    await Promise.all(Array.from({ length: slots }, (_, i) => runSlot(i)))
    return true
  } catch (error) {
    console.error(`kill-queue: FAILED: ${(error as Error).message}`)
    return false
  } finally {
    console.error(lineOf())
    over.abort()
    await Promise.all(ended)
    redis.disconnect()
    await server.stop()
    rmSync(folder, { recursive: true })
  }
}

async function runFlow(redis: Redis, files: Files): Promise<void> {
  const { input, output } = files
  rmSync(output, { force: true })
  const look = lookout(files)
  const interval = setInterval(look.now, 5)
  try {
    const plan = await storeOf(input).plan(input, output, { shardBytes })
    // Two producers.
    const [id] = await Promise.all([addFlow(redis, plan), addFlow(redis, plan)])
    if (id !== undefined) await waitForFlow(redis, id)
    look.now()
  } finally {
    clearInterval(interval)
  }
  if (look.failure) throw new Error(look.failure)
  if (!existsSync(output)) throw new Error(`${output} must be there when its flow is over`)
  counts.looks += look.count
  counts.flows++
  if (counts.flows % 25 === 0) console.error(lineOf())
}

/** Starts a worker again and again, and kills it at a random moment. */
async function killWorkers(over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const child = spawn(process.execPath, [worker], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    // It takes half a second to start.
    await sleep(5000 * Math.random(), undefined, { signal: over }).catch(() => {})
    child.kill('SIGKILL')
    const [, signal] = await ended
    if (signal === 'SIGKILL') counts.workers++
  }
}

async function killRedis(redis: Redis, over: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(3000 + 5000 * Math.random(), undefined, { signal: over }).catch(() => {})
    if (over.aborted) return
    const [, pid] = /process_id:(\d+)/.exec(await redis.info('server')) ?? []
    process.kill(Number(pid), 'SIGKILL')
    counts.redis++
  }
}

const lineOf = () =>
  `kill-queue: ${counts.flows} flows, ${counts.workers} workers killed, Redis ${counts.redis} times; ` +
  `${counts.looks} looks at outputs, all absent or complete`
