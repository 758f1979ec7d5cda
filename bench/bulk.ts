// npm run bench:bulk: what is promised of bulk work: async over sync, the event loop meanwhile, the command against
// cp and cat, and memory. About two minutes and 10 GB of disk.
//
// Prints figures to stdout, then the promises. Exit code 1 if one of them is not kept.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { backend, softplus } from '../dist/index.js'
import { uniform } from './inputs'
import { atLeast, atMost, conclude } from './promises'

const command = fileURLToPath(new URL('../dist/cli.cjs', import.meta.url))
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]

async function overSync(): Promise<void> {
  const source = uniform(2 ** 24, 8)
  let x: Float32Array = new Float32Array(source.length)
  const timings: Record<string, number[]> = { sync: [], async: [] }
  for (let round = 0; round < 25; round++) {
    x.set(source)
    let started = performance.now()
    softplus.inPlace(x)
    timings.sync.push(performance.now() - started)
    x.set(source)
    started = performance.now()
    x = await softplus.async(x, { threads: 2, transfer: true })
    timings.async.push(performance.now() - started)
  }
  const [sync, asynchronous] = [median(timings.sync), median(timings.async)]
  console.log(
    `2^24 elements in place: sync ${sync.toFixed(2)} ms, async, 2 threads ${asynchronous.toFixed(2)} ms`,
  )
  if (availableParallelism() >= 2)
    atLeast('async over sync, 2 threads, 2^24 elements', 1.7, sync / asynchronous)
}

async function eventLoop(): Promise<void> {
  let x: Float32Array = new Float32Array(2 ** 28).fill(1.5)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  // One turn first: what came before is not what is measured.
  await new Promise((resolve) => setTimeout(resolve, 50))
  delay.enable()
  for (let i = 0; i < 5; i++) x = await softplus.async(x, { transfer: true })
  delay.disable()
  const p99 = delay.percentile(99) / 1e6
  console.log(
    `1 GiB in place, five times: event-loop delay p50 ${(delay.percentile(50) / 1e6).toFixed(2)} ms, ` +
      `p99 ${p99.toFixed(2)} ms, max ${(delay.max / 1e6).toFixed(2)} ms (a sample every ms)`,
  )
  atMost('event-loop delay p99 while 1 GiB is activated, ms', 10, p99)
}

function timed(program: string, args: string[]): number {
  const started = performance.now()
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  return performance.now() - started
}

function onDisk(folder: string): void {
  const [x, y] = [join(folder, 'x.f32'), join(folder, 'y.f32')]
  const bytes = 2 ** 31
  execFileSync('truncate', ['-s', '0', x])
  const part = Buffer.from(uniform(2 ** 24, 8).buffer)
  for (let i = 0; i < bytes / part.length; i++) writeFileSync(x, part, { flag: 'a' })
  const contestants: Record<string, () => number> = {
    cat: () => timed('sh', ['-c', `cat ${x} > /dev/null`]),
    cp: () => timed('cp', [x, y]),
    softplus: () => timed(process.execPath, [command, 'apply', x, '-o', y, '-q']),
  }
  const timings = Object.fromEntries(Object.keys(contestants).map((name) => [name, [] as number[]]))
  for (let round = 0; round < 7; round++)
    for (const [name, run] of Object.entries(contestants)) {
      if (name !== 'cat') rmSync(y, { force: true })
      timings[name].push(run())
    }
  for (const [name, values] of Object.entries(timings))
    console.log(
      `${name.padEnd(9)} 2 GiB in the page cache: ${median(values).toFixed(0)} ms, ` +
        `${(bytes / median(values) / 1e6).toFixed(2)} GB/s of input (least ${Math.min(...values).toFixed(0)} ms)`,
    )
  atLeast(
    "throughput of softplus apply over cp's",
    0.8,
    median(timings.cp) / median(timings.softplus),
  )
  console.log(
    `            and over cat's: ${(median(timings.cat) / median(timings.softplus)).toFixed(2)}`,
  )
}

// The peak of a process's memory in MiB, which node cannot tell of its children.
function peakOf(args: string[]): number {
  const { stderr } = spawnSync(
    'python3',
    [
      '-c',
      'import resource,subprocess,sys; subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL); ' +
        'sys.stderr.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))',
      process.execPath,
      ...args,
    ],
    { encoding: 'utf8' },
  )
  return Number(stderr.trim().split('\n').at(-1)) / 1024
}

function peakMemory(folder: string): void {
  const y = join(folder, 'y.f32')
  const empty = peakOf(['-e', ''])
  const above = (name: string, bytes: number) => {
    const x = join(folder, name)
    execFileSync('truncate', ['-s', String(bytes), x])
    const peak = peakOf([command, 'apply', x, '-o', y, '-q']) - empty
    if (statSync(y).size !== bytes) throw new Error(`${y} is not whole`)
    rmSync(y)
    return peak
  }
  const small = above('small.f32', 2 ** 26)
  const large = above('large.f32', 2 ** 32)
  console.log(
    `peak memory of softplus apply above an empty node (${empty.toFixed(1)} MiB): ` +
      `64 MiB file ${small.toFixed(1)} MiB, 4 GiB file ${large.toFixed(1)} MiB`,
  )
  atMost('peak memory of softplus apply above an empty node, 4 GiB file, MiB', 64, large)
  atMost('the same, 4 GiB over 64 MiB file', 1.5, large / small)
}

async function manyCalls(): Promise<void> {
  const settle = async () => {
    for (let i = 0; i < 4; i++) {
      globalThis.gc?.()
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    return process.memoryUsage().rss / 2 ** 20
  }
  const calls = async (count: number) => {
    for (let i = 0; i < count; i += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, j) =>
          softplus.async(new Float32Array(((i + j) * 7919) % 20000)),
        ),
      )
  }
  await calls(100000)
  const before = await settle()
  await calls(100000)
  const after = await settle()
  console.log(
    `100,000 async calls: resident memory ${before.toFixed(1)} MiB before, ${after.toFixed(1)} MiB after`,
  )
  atMost('growth by 100,000 async calls, MiB', 5, after - before)
}

if (globalThis.gc === undefined) {
  console.error('bench:bulk: run it with node --expose-gc, as npm run bench:bulk does')
  process.exit(2)
}
console.log(`backend ${backend.name}, Node ${process.version}`)
const folder = mkdtempSync(join(tmpdir(), 'softplus-bulk-'))
try {
  await overSync()
  await manyCalls()
  await eventLoop()
  onDisk(folder)
  peakMemory(folder)
} finally {
  rmSync(folder, { recursive: true })
}
conclude()
