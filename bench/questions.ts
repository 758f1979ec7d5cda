// The questions that `npm run bench` answers: what each measures, its table, and its targets.
import { availableParallelism } from 'node:os'
import {
  backends,
  calls,
  everyFunction,
  inPlace,
  offThread,
  plainLoop,
  relus,
  together,
} from './contestants'
import { inputs, uniform, usual } from './inputs'
import { type Contestant, race } from './measure'
import { medianOf, type Row } from './results'
import { figure, pivot, power, type Table } from './table'
import { atLeast, atMost, type Target, zen3, zen5 } from './targets'

export interface Question {
  /** The name of its block in the documents. */
  name: string
  /** The title of its table. */
  title: string
  measure(): Promise<Row[]>
  /** Which rows belong in its table. */
  has(row: Row): boolean
  /** Default: a line for everyone, a column for every length, and nanoseconds per element. */
  down?(row: Row): string
  across?(row: Row): string
  cell?(row: Row): string
  targets?(rows: Row[]): Target[]
}

async function rowsOf(
  of: { function: string; way: string; length: number; input?: string },
  contestants: Contestant[],
  seconds: number,
  source = inputs[usual](of.length),
): Promise<Row[]> {
  console.error(`bench: ${of.function} ${of.way}, ${power(of.length)} elements`)
  const timings = await race(contestants, source, seconds)
  return timings.map(({ name, ns }) => ({ ...of, who: name, input: of.input ?? usual, ns }))
}

// These take a second and more for 2^26 elements, where they are left out.
const slow = ['scalar', 'js', plainLoop, 'relu js', `relu ${plainLoop}`]
const quickEnough = (length: number) => (contestant: Contestant) =>
  length <= 2 ** 24 || !slow.some((who) => contestant.name.startsWith(who))

export function softplusAt(length: number, seconds: number): Promise<Row[]> {
  const contestants = [...inPlace('softplus'), ...relus()].filter(quickEnough(length))
  return rowsOf({ function: 'softplus', way: 'in place', length }, contestants, seconds)
}

export function functionAt(
  name: 'derivative' | 'inverse',
  length: number,
  seconds: number,
): Promise<Row[]> {
  const of = { function: name, way: 'in place', length }
  if (name !== 'inverse') return rowsOf(of, inPlace(name), seconds)
  // The inverse is defined for positive numbers.
  const positive = uniform(length, 8).map(Math.abs)
  return rowsOf({ ...of, input: 'uniform in [0, 8]' }, inPlace(name), seconds, positive)
}

export function withDerivativeAt(length: number, seconds: number): Promise<Row[]> {
  const contestants = together(length).filter(quickEnough(length))
  return rowsOf({ function: 'withDerivative', way: 'into out', length }, contestants, seconds)
}

/** Every kind of input in one race, so that their ratios come from the same rounds. */
export async function byInput(length: number, seconds: number): Promise<Row[]> {
  const contestants = backends().flatMap(({ name, softplus }) =>
    Object.entries(inputs).map(([input, of]) => ({
      name: `${name}|${input}`,
      run: softplus.inPlace,
      source: of(length),
    })),
  )
  const of = { function: 'softplus', way: 'by input', length }
  return (await rowsOf(of, contestants, seconds)).map((row) => {
    const [who, input] = row.who.split('|')
    return { ...row, who, input }
  })
}

async function each(exponents: number[], measure: (length: number) => Promise<Row[]>) {
  const rows: Row[] = []
  for (const n of exponents) rows.push(...(await measure(2 ** n)))
  return rows
}

export const who = (row: Row): string => row.who
export const size = (row: Row): string => power(row.length)
export const ns = (row: Row): string => figure(row.ns.median)

export const tableOf = (question: Question, rows: Row[]): Table => {
  const { title, has, down = who, across = size, cell = ns } = question
  return pivot(title, rows.filter(has), down, across, cell)
}

export const questions: Question[] = [
  {
    name: 'softplus',
    title: 'softplus in place, ns per element',
    measure: () =>
      each([4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26], (length) => softplusAt(length, 1)),
    has: (row) => row.function === 'softplus' && row.way === 'in place',
    targets(rows) {
      const at = (name: string, length: number) => medianOf(rows, { who: name, length })
      const [{ name }] = backends()
      const overRelu = at(name, 2 ** 26) / at(`relu ${name}`, 2 ** 26)
      const bounds: Record<string, number> = { avx512: 120, avx2: 40, js: 0.77 }
      return [
        atMost(`${name}, 2^26 elements, time over ReLU's`, 1.15, overRelu, zen5),
        ...backends().flatMap(({ name }) => {
          if (!(name in bounds)) return []
          const lengths = [14, 16, 18, 20, 22].map((n) => 2 ** n)
          const least = Math.min(
            ...lengths.map((length) => at(plainLoop, length) / at(name, length)),
          )
          const what = `${name}, 2^14 to 2^22 elements, times as fast as the plain loop`
          return [atLeast(what, bounds[name], least, zen5)]
        }),
      ]
    },
  },
  {
    name: 'functions',
    title: 'best backend, in place, ns per element',
    measure: () =>
      each([14, 20, 24], (length) =>
        rowsOf({ function: 'every function', way: 'in place', length }, everyFunction(length), 0.8),
      ),
    has: (row) => row.function === 'every function',
  },
  {
    name: 'backends',
    title: 'in place, 2^14 elements, ns per element',
    measure: async () => [
      ...(await functionAt('derivative', 2 ** 14, 0.8)),
      ...(await functionAt('inverse', 2 ** 14, 0.8)),
    ],
    has: (row) =>
      ['derivative', 'inverse'].includes(row.function) &&
      row.length === 2 ** 14 &&
      !row.who.startsWith('relu'),
    down: (row) => row.function,
    across: who,
    targets(rows) {
      const at = (name: string, of: string) => medianOf(rows, { function: of, who: name })
      const [{ name }] = backends()
      const overDerivative = at(name, 'inverse') / at(name, 'derivative')
      const overLoop = at('js', 'inverse') / at(plainLoop, 'inverse')
      return [
        atMost(`${name}, 2^14 elements, inverse over derivative`, 12, overDerivative),
        atMost('js, 2^14 elements, inverse over the plain loop', 3, overLoop),
      ]
    },
  },
  {
    name: 'inputs',
    title: 'softplus in place, 2^16 elements, ns per element',
    measure: () => byInput(2 ** 16, 4),
    has: ({ way }) => way === 'by input',
    down: (row) => row.input,
    across: who,
    targets(rows) {
      const at = (name: string, input: string) => medianOf(rows, { who: name, input })
      const bounds = {
        'uniform in [-20, 20]': 2.5,
        'uniform in [-100, 100]': 4,
        'all -1e9': 2,
        'all -Infinity': 2,
      }
      return backends()
        .filter(({ name }) => !slow.includes(name))
        .flatMap(({ name }) =>
          Object.entries(bounds).map(([input, bound]) =>
            atMost(
              `${name}, ${input}, time over ${usual}`,
              bound,
              at(name, input) / at(name, usual),
            ),
          ),
        )
    },
  },
  {
    name: 'withDerivative',
    title: 'into two arrays, ns per element',
    measure: () => each([4, 10, 14, 18, 22, 26], (length) => withDerivativeAt(length, 0.7)),
    has: (row) => row.function === 'withDerivative',
    targets(rows) {
      const [{ name }] = backends()
      const over = (length: number) =>
        medianOf(rows, { who: name, length }) /
        medianOf(rows, { who: `${name}, two calls`, length })
      return [
        atMost(`${name}, 2^14 elements, withDerivative over two calls`, 1, over(2 ** 14), zen5),
        atMost(`${name}, 2^26 elements, withDerivative over two calls`, 0.75, over(2 ** 26), zen5),
      ]
    },
  },
  {
    name: 'async',
    title: 'softplus on the best backend, transfer: true, ns per element',
    measure: () =>
      each([14, 16, 18, 20, 22, 24, 26], (length) =>
        rowsOf({ function: 'softplus', way: 'off the main thread', length }, offThread(), 0.5),
      ),
    has: ({ way }) => way === 'off the main thread',
    targets(rows) {
      const at = (who: string) => medianOf(rows, { who, length: 2 ** 24 })
      const what = '2^24 elements, async with 2 threads, times as fast as sync'
      return availableParallelism() < 2
        ? []
        : [atLeast(what, 1.7, at('sync') / at('async, 2 threads'), zen3)]
    },
  },
  {
    name: 'calls',
    title: 'one call by number of elements, ns per call',
    measure: () =>
      each([0, 1, 2, 3, 4, 6, 8], (length) =>
        rowsOf({ function: 'softplus', way: 'one call', length }, calls(length), 0.3),
      ),
    has: ({ way }) => way === 'one call',
    across: ({ length }) => String(length),
    cell: ({ ns, length }) => (ns.median * length).toFixed(0),
    targets: (rows) =>
      ['in place', 'into out'].map((way) => {
        const who = `${backends()[0].name}, ${way}`
        const ns = medianOf(rows, { who, length: 16 }) * 16
        return atMost(`${who}, one call on 16 elements, ns`, 150, ns, zen5)
      }),
  },
]

/** Their tables, by the names of their blocks in the documents. */
export const benchTables: Record<string, (rows: Row[]) => Table> = Object.fromEntries(
  questions.map((question) => [question.name, (rows) => tableOf(question, rows)]),
)
