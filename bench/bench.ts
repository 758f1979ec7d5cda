// npm run bench: every backend beside the fallback, ReLU and the plain loop, on 16 to 2^26 elements, about two minutes.
//
// Prints tables to stdout, then the ratios the package promises, and keeps every figure in bench/results/. Exit code 1
// if a promise is not kept, 2 without a native addon.
import { best, native, plainLoop, relu } from './contestants'
import { usual } from './inputs'
import { atLeast, atMost, conclude } from './promises'
import {
  asyncAt,
  byInput,
  callsOn,
  derivativeAt,
  everyFunctionAt,
  inverseAt,
  softplusAt,
  withDerivativeAt,
} from './races'
import { text } from './report/table'
import { benchTables } from './report/tables'
import { keep, machine, machineLine, type Row, rowOf } from './results'

const lengths = [4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26].map((n) => 2 ** n)
const fewer = [4, 10, 14, 18, 22, 26].map((n) => 2 ** n)

async function measure(): Promise<Row[]> {
  const rows: Row[] = []
  for (const length of lengths) rows.push(...(await softplusAt(length, length < 2 ** 22 ? 2 : 4)))
  for (const at of [derivativeAt, withDerivativeAt, inverseAt])
    for (const length of fewer) rows.push(...(await at(length, 1.2)))
  for (const length of lengths.slice(5)) rows.push(...(await asyncAt(length, 0.7)))
  for (const length of [14, 20, 24].map((n) => 2 ** n))
    rows.push(...(await everyFunctionAt(length, 1)))
  rows.push(...(await byInput(2 ** 16, 6)))
  for (const length of [1, 2, 4, 8, 16, 64, 256]) rows.push(...(await callsOn(length, 0.5)))
  return rows
}

// Made for the processor they were measured on first; another's ratios differ, as docs/performance.md tells.
function promise(rows: Row[]): void {
  const softplus = (who: string, length: number) =>
    rowOf(rows, { function: 'softplus', way: 'in place', who, length })
  const least = (who: string) =>
    Math.min(...lengths.slice(5, 10).map((length) => softplus(who, length).timesPlain ?? 0))
  const sizes = '2^14 to 2^22 elements, times as fast as the plain loop'
  for (const [who, bound] of [
    ['avx512', 120],
    ['avx2', 40],
  ] as const)
    if (native.some(({ name }) => name === who)) atLeast(`${who}, ${sizes}`, bound, least(who))
  atMost('js, 2^14 to 2^22 elements, time over the plain loop', 1.3, 1 / least('js'))
  const fromMemory = softplus(best.name, 2 ** 26).overRelu ?? Number.NaN
  atMost(`${best.name}, 2^26 elements, time over ReLU's`, 1.15, fromMemory)

  const inverse = (who: string, length: number) => rowOf(rows, { function: 'inverse', who, length })
  const { name } = best
  atMost(
    `${name}, inverse over softplus, 2^22 elements`,
    12,
    inverse(name, 2 ** 22).ns.median / softplus(name, 2 ** 22).ns.median,
  )
  atMost('js, inverse over the plain loop', 3, 1 / (inverse('js', 2 ** 22).timesPlain ?? 0))
  for (const [length, bound] of [
    [2 ** 14, 1],
    [2 ** 26, 0.75],
  ]) {
    const both = (who: string) => rowOf(rows, { function: 'withDerivative', who, length }).ns.median
    atMost(
      `${name}, withDerivative over two calls, 2^${Math.log2(length)} elements`,
      bound,
      both(name) / both(`${name}, two calls`),
    )
  }

  const ofInput = (who: string, input: string) =>
    rowOf(rows, { way: 'by input', who, input }).ns.median
  for (const { name: who } of native.filter(({ name }) => name !== 'scalar'))
    for (const [input, bound] of [
      ['uniform in [-20, 20]', 2.5],
      ['uniform in [-100, 100]', 4],
      ['all -1e9', 2],
      ['all -Infinity', 2],
    ] as const)
      atMost(
        `${who}, ${input}, time over ${usual}`,
        bound,
        ofInput(who, input) / ofInput(who, usual),
      )

  for (const way of ['in place', 'into out'])
    atMost(
      `one call on 16 elements ${way}, ns`,
      150,
      rowOf(rows, { way: 'one call', who: `${name}, ${way}`, length: 16 }).ns.median * 16,
    )
}

console.log(machineLine(machine()))
console.log(
  `One thread but where it says async; inputs ${usual} but where it says otherwise, made anew for every call.\n` +
    `${relu} is the native ReLU, ${plainLoop} what one writes without this package.`,
)
const rows = await measure()
for (const table of benchTables({ rows })) console.log(`\n${text(table)}`)
promise(rows)
conclude()
console.error(`bench: kept in ${keep('bench', 'npm run bench', { rows, about: {}, missing: {} })}`)
