// npm run bench:peers: softplus beside other libraries, in speed and in accuracy, each in a process and one thread of its
// own, in turns. About two minutes; the first time it installs npm packages into bench/peers/.
//
// Prints tables to stdout, then the ratios the package promises, and keeps every figure in bench/results/. Who is missing is
// listed with the reason. Exit code 1 if a promise is not kept, 2 without the plain loop or this package.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inputs, usual } from './inputs'
import { spreadOf } from './measure'
import { Child } from './peers/child'
import { install, programs, wayOf } from './peers/programs'
import { atLeast, conclude } from './promises'
import { text } from './report/table'
import { peerTables } from './report/tables'
import { keep, machine, machineLine, type Row } from './results'
import { largestError } from './ulp'

const plainLoop = 'plain loop'

// Shorter arrays than a reading of the clock is worth are timed several at a time.
const elementsPerReading = 1 << 17
const tasks = [
  ...Object.keys(inputs).map((input) => ({ input, length: 2 ** 20, rounds: 7, repeats: 3 })),
  ...[10, 14, 24].map((n) => ({
    input: usual,
    length: 2 ** n,
    rounds: n === 24 ? 3 : 7,
    repeats: 3,
  })),
]
type Task = (typeof tasks)[number]

const folder = mkdtempSync(join(tmpdir(), 'softplus-peers-'))
const missing: Record<string, string> = {}
const about: Record<string, string> = {}
const children = new Map<string, Child>()

function drop(who: string, error: unknown): void {
  missing[who] = error instanceof Error ? error.message : String(error)
  children.delete(who)
  delete about[who]
  console.error(`bench:peers: ${who} is missing: ${missing[who]}`)
}

async function startAll(anyInput: string): Promise<void> {
  try {
    install()
  } catch (error) {
    console.error(`bench:peers: npm install failed: ${error}`)
  }
  for (const [who, program] of Object.entries(programs)) {
    console.error(`bench:peers: starting ${who}`)
    try {
      const started = await Child.start(program(anyInput))
      children.set(who, started.child)
      about[who] = started.about
    } catch (error) {
      drop(who, error)
    }
  }
}

// Where a name stands for what another stands for already, one of them is timed.
function dropTwins(): void {
  for (const [who, twin] of [
    ['PyTorch avx2', 'PyTorch'],
    ['PyTorch avx512', 'PyTorch'],
    ['oneDNN avx2', 'oneDNN'],
  ]) {
    if (about[who] === undefined || about[who] !== about[twin]) continue
    children.get(who)?.end()
    children.delete(who)
    about[who] = `the same as ${twin} on this machine`
  }
}

async function measured(path: string, x: Float32Array, task: Task): Promise<Row[]> {
  const { input, length, rounds, repeats } = task
  console.error(`bench:peers: ${input}, ${length} elements`)
  const copies = Math.max(1, Math.floor(elementsPerReading / length))
  const readings = new Map([...children.keys()].map((who) => [who, [] as number[]]))
  for (let round = 0; round < rounds; round++)
    for (const [who, child] of children)
      try {
        const times = (await child.ask('time', path, copies, repeats)) as number[]
        readings.get(who)?.push(...times.map((ns) => ns / length))
      } catch (error) {
        drop(who, error)
      }
  const rows: Row[] = []
  for (const [who, child] of children) {
    const out = join(folder, 'out.f32')
    try {
      await child.ask('save', path, out)
    } catch (error) {
      drop(who, error)
      continue
    }
    const { buffer, byteOffset } = readFileSync(out)
    const y = new Float32Array(buffer.slice(byteOffset, byteOffset + 4 * length))
    rows.push({
      function: 'softplus',
      who,
      way: wayOf(who),
      input,
      length,
      ns: spreadOf(readings.get(who) ?? []),
      maxUlp: largestError(x, y),
    })
  }
  const plain = rows.find(({ who }) => who === plainLoop)?.ns.median
  return rows.map((row) => ({ ...row, timesPlain: plain && plain / row.ns.median }))
}

async function measureAll(): Promise<Row[]> {
  const rows: Row[] = []
  for (const [i, task] of tasks.entries()) {
    const x = inputs[task.input](task.length)
    const path = join(folder, `${i}.f32`)
    writeFileSync(path, new Uint8Array(x.buffer))
    if (i === 0) {
      await startAll(path)
      dropTwins()
    }
    rows.push(...(await measured(path, x, task)))
  }
  return rows
}

function promise(rows: Row[]): void {
  const median = (who: string) =>
    rows.find((row) => row.who === who && row.input === usual && row.length === 2 ** 20)?.ns.median
  for (const [who, peer, bound] of [
    ['avx512', 'oneDNN', 2.5],
    ['avx512', 'PyTorch', 12],
    ['avx512', 'onnxruntime-node', 60],
    ['avx512', 'tfjs wasm', 90],
    ['avx512', plainLoop, 120],
    ['avx2', median('PyTorch avx2') ? 'PyTorch avx2' : 'PyTorch', 4],
    ['avx2', 'onnxruntime-node', 20],
  ] as const) {
    const [ours, theirs] = [median(who), median(peer)]
    if (ours && theirs) atLeast(`${who}, times as fast as ${peer}`, bound, theirs / ours)
  }
}

function cleanUp(): void {
  for (const child of children.values()) child.end()
  rmSync(folder, { recursive: true, force: true })
}

// An interrupted process would leave its inputs behind.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => {
    cleanUp()
    process.exit(code)
  })

try {
  const rows = await measureAll()
  if (!(plainLoop in about)) throw new Error(`the plain loop is missing: ${missing[plainLoop]}`)
  console.log(machineLine(machine()))
  for (const [who, text] of Object.entries(about)) console.log(`  ${who.padEnd(18)} ${text}`)
  for (const [who, reason] of Object.entries(missing))
    console.log(`  ${who.padEnd(18)} MISSING: ${reason}`)
  const kept = keep('peers', 'npm run bench:peers', { rows, about, missing })
  for (const table of peerTables({ rows })) console.log(`\n${text(table)}`)
  promise(rows)
  conclude()
  console.error(`bench:peers: kept in ${kept}`)
} catch (error) {
  console.error(`bench:peers: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 2
} finally {
  cleanUp()
}
