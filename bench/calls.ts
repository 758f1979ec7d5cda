// npm run bench -- calls: what the parts of a short call take, and what new large arrays take. A minute.
//
// What is compared runs in processes of its own, in turns: large arrays would share their pages.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createApi } from '../src/api/api'
import { loadAddon } from '../src/backend/addon'
import { node } from '../src/backend/node'
import { uniform } from './inputs'
import { type Contestant, race, spreadOf } from './measure'
import { asUsed } from './races'
import { machine, machineLine } from './results'
import { figure, markdown, power } from './table'

/** Nanoseconds by row and column. */
type Cells = Record<string, Record<string, number>>

const { addon } = loadAddon()
const [name] = addon.available
const kernels = addon.kernels(name)
const { short } = kernels
const lengths = [1, 2, 4, 8, 16, 32, 64]
const sizes = [20, 21, 22, 23, 24]
const rounds = 3

// Kernels come from src/, and what users call from dist/, where V8 sees all checks in one file.
function parts(length: number): Contestant[] {
  const { name: own, softplus } = asUsed()
  if (own !== name) throw new Error(`dist/ must use ${name}; got ${own}`)
  const none = new Float32Array(0)
  const copied: Contestant[] = [
    { name: 'crossing, copying, computing', run: (x) => short?.softplus(x) },
    {
      name: 'the same into a new array',
      run: (x) => short?.softplus(x, new Float32Array(x.length)),
    },
  ]
  return [
    { name: 'an empty loop', run: () => {} },
    { name: 'crossing into the addon and back', run: () => short?.softplus(none) },
    ...(length <= (short?.most ?? 0) ? copied : []),
    { name: 'crossing with a pointer, computing', run: (x) => kernels.softplus(x) },
    {
      name: 'crossing with two, into a new array',
      run: (x) => kernels.softplus(x, new Float32Array(x.length)),
    },
    { name: 'a new array', run: (x) => void new Float32Array(x.length) },
    { name: '`softplus.inPlace(x)`', run: (x) => softplus.inPlace(x) },
    { name: '`softplus.inPlace(x, { beta: 2 })`', run: (x) => softplus.inPlace(x, { beta: 2 }) },
    { name: '`softplus(x)`', run: (x) => void softplus(x) },
  ]
}

/** The median of several calls, in nanoseconds until each returns. What it returned is dropped before the next. */
async function until(call: () => unknown): Promise<number> {
  const readings: number[] = []
  for (let i = 0; i < 7; i++) {
    globalThis.gc?.()
    const started = process.hrtime.bigint()
    const result = call()
    readings.push(Number(process.hrtime.bigint() - started))
    await result
  }
  return spreadOf(readings).median
}

const ways: Record<string, () => Promise<Cells>> = {
  parts: byLength,
  'huge pages': () => bySize('huge pages'),
  'small pages': () => bySize('small pages', { ...kernels, adviseHugePages: undefined }),
}

async function byLength(): Promise<Cells> {
  const cells: Cells = {}
  for (const length of lengths)
    for (const { name, ns } of await race(parts(length), uniform(length, 8), 0.5))
      cells[name] = { ...cells[name], [length]: ns.least * length }
  return cells
}

async function bySize(pages: string, from = kernels): Promise<Cells> {
  const { softplus } = createApi(from, node)
  const cells: Cells = {}
  for (const size of sizes) {
    const x = uniform(2 ** size, 8)
    const calls: Record<string, () => unknown> = {
      'softplus(x)': () => softplus(x),
      'softplus.withDerivative(x)': () => softplus.withDerivative(x),
      'softplus.async(x) until it returns': () => softplus.async(x),
    }
    for (const [what, call] of Object.entries(calls)) {
      const row = `${what}, ${pages}`
      cells[row] = { ...cells[row], [power(x.length)]: (await until(call)) / x.length }
    }
  }
  return cells
}

// The least of several processes.
function tableOf(title: string, names: string[], format: (ns: number) => string): string {
  const cells: Cells = {}
  for (let round = 0; round < rounds; round++)
    for (const way of names)
      for (const [row, found] of Object.entries(cellsOf(way))) {
        cells[row] ??= {}
        for (const [column, ns] of Object.entries(found))
          cells[row][column] = Math.min(ns, cells[row][column] ?? Infinity)
      }
  const columns = [...new Set(Object.values(cells).flatMap(Object.keys))]
  const rows = Object.entries(cells).map(([row, found]) => [
    row,
    ...columns.map((column) => (column in found ? format(found[column]) : '')),
  ])
  return markdown({ title: `${name}, ${title}`, head: ['', ...columns], rows })
}

function cellsOf(way: string): Cells {
  console.error(`bench: calls, ${way}`)
  const script = fileURLToPath(new URL('bench.ts', import.meta.url))
  const args = [...process.execArgv, script, 'calls', way]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (!stdout) throw new Error(`${way} must be measured; got ${stderr}`)
  return JSON.parse(stdout)
}

/** `way` is for the processes that it starts: one way is measured, and printed as JSON. */
export async function main(way?: string): Promise<void> {
  if (way !== undefined) return console.log(JSON.stringify(await ways[way]()))
  console.log(machineLine(machine()))
  const whole = (ns: number) => ns.toFixed(0)
  console.log(`\n${tableOf('parts of a call by number of elements, ns', ['parts'], whole)}`)
  const pages = ['small pages', 'huge pages']
  console.log(`\n${tableOf('new large arrays, ns per element', pages, figure)}`)
}
