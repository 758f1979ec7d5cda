// What was found, as tables: the same in the terminal, in docs/performance.md and in the report.
import { usual } from '../inputs'
import type { Results, Row } from '../results'
import type { Table } from './table'

/** 0.0204, 0.144, 7.13, 19.3, 119, 36,707, 8.6e+9. */
export function figure(value: number | undefined): string {
  if (value === undefined) return ''
  if (value < 99.95) return value.toPrecision(3)
  return value < 1e6 ? Math.round(value).toLocaleString('en-US') : value.toExponential(1)
}

/** 2^14 for 16,384. */
export const power = (length: number): string => `2^${Math.log2(length)}`

const distinct = <T>(values: T[]): T[] => [...new Set(values)]

/** A line for everyone, a column for every length. Where there is no figure in a whole line, there is no line. */
function byLength(title: string, rows: Row[], of: (row: Row) => number | undefined): Table {
  const lengths = distinct(rows.map(({ length }) => length)).sort((a, b) => a - b)
  const cell = (who: string, length: number) => {
    const row = rows.find((one) => one.who === who && one.length === length)
    return figure(row && of(row))
  }
  return {
    title,
    head: ['', ...lengths.map(power)],
    rows: distinct(rows.map(({ who }) => who))
      .map((who) => [who, ...lengths.map((length) => cell(who, length))])
      .filter(([, ...cells]) => cells.some(Boolean)),
  }
}

const ns = (row: Row) => row.ns.median

/** From memory to memory: each element is read, and each result written. */
const gigabytes = (row: Row) => (row.function === 'withDerivative' ? 12 : 8) / row.ns.median

const ways: Record<string, string> = {
  softplus: 'in place',
  derivative: 'in place',
  inverse: 'in place, inputs in [0, 8]',
  withDerivative: 'into two arrays',
}

export function functionTables(rows: Row[], name: string): Table[] {
  const of = rows.filter(
    (row) => row.function === name && (row.way === 'in place' || row.way === 'into out'),
  )
  const title = `${name}, ${ways[name]}`
  return [
    byLength(`${title}: ns per element, median`, of, ns),
    byLength(`${title}: GB/s read and written`, of, gigabytes),
    ...(name === 'softplus' || name === 'derivative'
      ? [byLength(`${title}: time over native ReLU's`, of, (row) => row.overRelu)]
      : []),
    byLength(`${title}: times as fast as the plain loop`, of, (row) => row.timesPlain),
  ]
}

export const asyncTable = (rows: Row[]): Table =>
  byLength(
    'softplus off the main thread: ns per element, median',
    rows.filter(({ way }) => way === 'off the main thread'),
    ns,
  )

export const everyFunctionTable = (rows: Row[]): Table =>
  byLength(
    'Every function, best backend, in place: ns per element, median',
    rows.filter((row) => row.function === 'every function'),
    ns,
  )

/** A line for everyone, a column for every kind of input: its time, and over the time for the usual input. */
export function inputTable(rows: Row[], title: string): Table {
  const kinds = distinct(rows.map(({ input }) => input))
  const cell = (who: string, input: string) => {
    const find = (kind: string) => rows.find((row) => row.who === who && row.input === kind)
    const [row, base] = [find(input), find(usual)]
    if (!row || !base) return ''
    const ratio = input === usual ? '' : ` (${(ns(row) / ns(base)).toFixed(2)} x)`
    return `${figure(ns(row))}${ratio}`
  }
  return {
    title,
    head: ['', ...kinds],
    rows: distinct(rows.map(({ who }) => who)).map((who) => [
      who,
      ...kinds.map((kind) => cell(who, kind)),
    ]),
  }
}

export const benchInputTable = (rows: Row[]): Table =>
  inputTable(
    rows.filter(({ way }) => way === 'by input'),
    'softplus by input, 2^16 elements in place: ns per element, median (over its time for the usual input)',
  )

export function callTable(rows: Row[]): Table {
  const of = rows.filter(({ way }) => way === 'one call')
  const lengths = distinct(of.map(({ length }) => length))
  return {
    title: 'One call, its checks included: ns, median',
    head: ['elements', ...lengths.map(String)],
    rows: distinct(of.map(({ who }) => who)).map((who) => [
      who,
      ...lengths.map((length) => {
        const row = of.find((one) => one.who === who && one.length === length)
        return row ? (row.ns.median * length).toFixed(0) : ''
      }),
    ]),
  }
}

/** Every table of npm run bench. */
export const benchTables = ({ rows }: Pick<Results, 'rows'>): Table[] => [
  ...Object.keys(ways).flatMap((name) => functionTables(rows, name)),
  everyFunctionTable(rows),
  benchInputTable(rows),
  asyncTable(rows),
  callTable(rows),
]

const errorOf = ({ maxUlp }: Row): string =>
  maxUlp === undefined ? '' : maxUlp === null ? 'not finite' : figure(maxUlp)

const ofPeers = ({ rows }: Pick<Results, 'rows'>, input: string, length: number): Row[] =>
  rows.filter((row) => row.input === input && row.length === length)

/** Speed and accuracy of everyone, the quickest first. */
export function peerTable(peers: Pick<Results, 'rows'>): Table {
  const rows = ofPeers(peers, usual, 2 ** 20).toSorted((a, b) => ns(a) - ns(b))
  return {
    title: `softplus, 2^20 elements, ${usual}, one thread`,
    head: ['', 'ns per element', 'GB/s', `time over ${rows[0].who}'s`, 'largest error, ULP'],
    rows: rows.map((row) => [
      row.who,
      figure(ns(row)),
      figure(gigabytes(row)),
      figure(ns(row) / ns(rows[0])),
      errorOf(row),
    ]),
  }
}

/** The same for every kind of input: the time, and the largest error on it. */
export function peerInputTable({ rows }: Pick<Results, 'rows'>): Table {
  const of = rows.filter(({ length }) => length === 2 ** 20)
  const kinds = distinct(of.map(({ input }) => input))
  return {
    title: 'softplus by input, 2^20 elements: ns per element, median (largest error, ULP)',
    head: ['', ...kinds],
    rows: distinct(of.map(({ who }) => who)).map((who) => [
      who,
      ...kinds.map((kind) => {
        const row = of.find((one) => one.who === who && one.input === kind)
        return row ? `${figure(ns(row))} (${errorOf(row)})` : ''
      }),
    ]),
  }
}

export const peerLengthTable = ({ rows }: Pick<Results, 'rows'>): Table =>
  byLength(
    `softplus by size, ${usual}: ns per element, median, the call included`,
    rows.filter(({ input }) => input === usual),
    ns,
  )

/** Every table of npm run bench:peers. */
export const peerTables = (peers: Pick<Results, 'rows'>): Table[] => [
  peerTable(peers),
  peerInputTable(peers),
  peerLengthTable(peers),
]
