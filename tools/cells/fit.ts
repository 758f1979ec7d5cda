// Fits the rows of the cells and writes tools/cells/cells.json
//
//   fit.ts                       fits every row and writes the table
//   fit.ts --row FUNCTION ROW    fits one row and prints it
//   fit.ts --function FUNCTION   fits the rows of one function and prints their largest error

import { type CellFunction, cellFunction, cellFunctions } from './functions'
import { type Measure, measure, measureTable } from './measure'
import { Sample } from './sample'
import { type Candidate, Search, uniform } from './search'
import { centreOf, hexFloat, type Row, rowCount, rowText, writeTable } from './table'

/** How many inputs of each sign the search sees, and how many rows it tries in each of its two stages. */
const sampleCount = 2.2e6
const starts = 600_000
const steps = 300_000

/** Each row has a seed of its own, so it can be fitted without the others. */
const seedOf = (f: CellFunction, row: number) =>
  [...f.seed].reduce((seed, letter) => (seed * 31 + letter.charCodeAt(0)) | 0, row)

/** The best candidate over all inputs of the cell that does not decrease within it. */
function bestOf(f: CellFunction, row: number, candidates: readonly Candidate[]): Row {
  let best: Row | undefined
  for (const { words, ulp } of candidates) {
    if (best && best.maxUlp <= ulp) break
    const found = measure(f, [{ row, words }])
    if (found.decreases > 0 || (best && best.maxUlp <= found.ulp)) continue
    best = { function: f.name, row, centre: centreOf(row), words, maxUlp: found.ulp }
  }
  if (!best) throw new Error(`${f.name}: every candidate for row ${row} decreases`)
  return best
}

function fitRow(f: CellFunction, row: number): Row {
  const sample = new Sample(f, row, sampleCount)
  const search = new Search(f, row, sample, uniform(seedOf(f, row)))
  return bestOf(f, row, [...search.run(starts, steps)].reverse())
}

function report(f: CellFunction, { ulp, x, decreases }: Measure): void {
  console.log(
    `${f.name}: at most ${ulp.toFixed(4)} ulp, at x = ${hexFloat(x)}; ${decreases} decreases`,
  )
  if (decreases > 0) throw new Error(`${f.name} decreases across the border of two cells`)
}

function fitFunction(f: CellFunction): Row[] {
  const rows = Array.from({ length: rowCount }, (_, row) => fitRow(f, row))
  report(f, measureTable(f, rows))
  return rows
}

const [mode, name, row] = process.argv.slice(2)
if (mode === '--row') console.log(rowText(fitRow(cellFunction(name ?? ''), Number(row))))
else if (mode === '--function') fitFunction(cellFunction(name ?? ''))
else writeTable(cellFunctions.flatMap(fitFunction))
