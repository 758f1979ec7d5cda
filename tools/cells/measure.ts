// Measures the error of rows over the inputs of their cells, with the arithmetic of the kernels

import type { CellFunction } from './functions'
import { centreOf, floatOf, lowWord, type Words, wordOf } from './table'

export interface Measure {
  /** The largest error in ulp, and an input that has it. */
  readonly ulp: number
  readonly x: number
  /** How often the result decreases although x does not. */
  readonly decreases: number
}

export interface CellRow {
  readonly row: number
  readonly words: Words
}

const { fround } = Math

/** The centre n nearest to a, by the rounding of a + 1.5 * 2^22. */
export const nearestCentre = (a: number) => fround(fround(a + 0x600000) - 0x600000)

/** The spacing of float32 in the binade of a positive value. */
export function ulpOf(value: number): number {
  const below = floatOf(wordOf(value) & 0x7f800000)
  return (value < below ? below / 2 : below) * 2 ** -23
}

/** The words of |a| in the cell of a row. Those below 2^-30 are left out: their results are all the same. */
export function cellWords(row: number): { first: number; last: number } {
  const n = -centreOf(row)
  const inside = (word: number) => nearestCentre(-floatOf(word)) === -n
  let first = wordOf(Math.max(n - 0.25, 2 ** -30))
  let last = wordOf(n + 0.25)
  if (!inside(first)) first++
  if (!inside(last) || n + 0.25 === 15.75) last--
  return { first, last }
}

/**
 * The kernel's result at r for a side whose sum is sign * w + offset, with c1 already shifted;
 * fround(a * b + c) in binary64 equals the float32 fma.
 */
export function evaluate(r: number, c: Float32Array, c1: number, sign: number, offset: number) {
  let q = fround(r * (c[6] as number) + (c[5] as number))
  q = fround(r * q + (c[4] as number))
  q = fround(r * q + (c[3] as number))
  q = fround(r * q + (c[2] as number))
  const t = fround(fround(r * r) * q + (c[7] as number))
  const w = fround((c[0] as number) + fround(r * c1 + t))
  return fround(sign * w + offset)
}

/** c0..c6 and the low part of c0 as floats. */
export function coefficientsOf(words: Words): Float32Array {
  return new Float32Array(new Uint32Array([...words, lowWord(words[6] as number)]).buffer)
}

/** Row 0 has 235 million inputs, so one in 16 is measured. */
const strideOf = (row: number) => (row === 0 ? 16 : 1)

/** Measures rows given from the centre outwards, with inputs of one sign. */
function sweep(f: CellFunction, x: -1 | 1, rows: readonly CellRow[]): Measure {
  const side = x < 0 ? f.negative : f.positive
  let worst = { ulp: 0, x: 0 }
  let decreases = 0
  let previous = Number.NaN
  for (const { row, words } of rows) {
    const n = centreOf(row)
    const c = coefficientsOf(words)
    const c1 = fround((c[1] as number) + side.c1)
    const stride = strideOf(row)
    const { first, last } = cellWords(row)
    for (let word = first; word <= last; word += stride) {
      const magnitude = floatOf(word)
      const got = evaluate(fround(-magnitude - n), c, c1, side.sign, side.offset(n))
      const exact = f.exact(x * magnitude)
      const ulp = Math.abs(got - exact) / ulpOf(exact)
      if (ulp > worst.ulp) worst = { ulp, x: x * magnitude }
      if ((got - previous) * x < 0) decreases++
      previous = got
    }
  }
  return { ...worst, decreases }
}

/** Measures rows given from the centre outwards, over the inputs of both signs. */
export function measure(f: CellFunction, rows: readonly CellRow[]): Measure {
  const below = sweep(f, -1, rows)
  if (f.positive === f.negative) return below
  const above = sweep(f, 1, rows)
  const worst = above.ulp > below.ulp ? above : below
  return { ...worst, decreases: below.decreases + above.decreases }
}

/** Measures a whole table, the steps across the borders of its cells included. */
export function measureTable(f: CellFunction, rows: readonly CellRow[]): Measure {
  return measure(
    f,
    [...rows].sort((a, b) => centreOf(b.row) - centreOf(a.row)),
  )
}
