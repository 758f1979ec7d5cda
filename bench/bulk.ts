// npm run bench -- bulk: async against sync, the event loop during a job, the command against cp, and the command's memory.
// About a minute, and 10 GB of disk. `npm run tool -- leak` measures memory after many calls.
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { softplus } from '../dist/index.js'
import { uniform } from './inputs'
import { race, spreadOf } from './measure'
import { command, peakOf, run } from './process'
import { keep, machine } from './results'
import { atLeast, atMost, report, type Target } from './targets'

async function overSync(): Promise<Target> {
  const { inPlace, async } = softplus
  const [sync, threads] = await race(
    [
      { name: 'sync', run: (x) => inPlace(x) },
      { name: '2 threads', run: (x) => async(x, { threads: 2, transfer: true }) },
    ],
    uniform(2 ** 24, 8),
    2,
  )
  const what = 'async with 2 threads, 2^24 elements, times as fast as sync'
  return atLeast(what, { xeon: 1.5 }, sync.ns.median / threads.ns.median)
}

async function eventLoop(): Promise<Target> {
  let x: Float32Array = new Float32Array(2 ** 28).fill(1.5)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  // Filling the array delayed this turn of the loop. It must not count.
  await sleep(50)
  delay.enable()
  for (let i = 0; i < 5; i++) x = await softplus.async(x, { transfer: true })
  delay.disable()
  const p99 = delay.percentile(99) / 1e6
  return atMost('event-loop delay while 1 GiB is activated, 99th percentile, ms', 10, p99)
}

function throughput(x: string, y: string): Target {
  const part = Buffer.from(uniform(2 ** 24, 8).buffer)
  for (let i = 0; i < 32; i++) writeFileSync(x, part, { flag: i === 0 ? 'w' : 'a' })
  const cp: number[] = []
  const apply: number[] = []
  for (let round = 0; round < 7; round++) {
    rmSync(y, { force: true })
    cp.push(run('cp', [x, y]).ms)
    rmSync(y)
    apply.push(run(process.execPath, [command, 'apply', x, '-o', y, '-q']).ms)
  }
  const what = 'softplus apply, 2 GiB file in the page cache, throughput over that of cp'
  return atLeast(what, { zen5: 0.8 }, spreadOf(cp).median / spreadOf(apply).median)
}

function memory(x: string, y: string): Target[] {
  const empty = peakOf(['-e', ''])
  const [small, large] = [2 ** 26, 2 ** 32].map((bytes) => {
    writeFileSync(x, '')
    truncateSync(x, bytes)
    // Replacing a file would wait for the disk.
    rmSync(y, { force: true })
    const peak = peakOf([command, 'apply', x, '-o', y, '-q']) - empty
    if (statSync(y).size !== bytes) throw new Error(`${y} must have ${bytes} bytes`)
    return peak
  })
  const what = 'peak memory of softplus apply over an empty process'
  return [
    atMost(`${what}, 4 GiB file, MiB`, 64, large),
    atMost(`${what}, 4 GiB file over 64 MiB file`, 1.5, large / small),
  ]
}

export async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'softplus-bulk-'))
  const [x, y] = [join(folder, 'x.f32'), join(folder, 'y.f32')]
  try {
    const targets = [await overSync(), await eventLoop(), throughput(x, y), ...memory(x, y)]
    const figures = report(machine().cpu, targets)
    keep('bulk', { timings: [], about: {}, missing: {}, figures })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
