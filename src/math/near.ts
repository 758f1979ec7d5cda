// Near: |beta x| < 14.75. No exp, no log, no division.
//
// The negative half-line is cut into cells of width 1/2 around n = 0, -1/2, ..., -15.5, and each
// has a polynomial of degree 6 in r = a - n. Adding 0x1.8p22, whose unit in the last place is 1/2,
// rounds a to the nearest n; n and r are then exact. 2n modulo 32 is the number of the cell.
import { bufferOf, byteOffsetOf } from '../intrinsics'
import { fma } from './fma'

const { abs, fround } = Math

export const nearLimit = 14.75
export const halves = 6291456 // 0x1.8p22

/** How a function of x > 0 follows from its cells: with this c1 it is factor * w + offset. */
export interface Mirror {
  c1: number
  factor: number
  offset: number
}

// c0, ..., c6, low, factor, offset
const width = 10

/**
 * A table with 32 rows for positive values, then 32 for negative ones. Where C++ selects by the
 * sign, the row of that sign is read here: a branch on a sign that cannot be predicted takes longer
 * than all the arithmetic. Numbers of 64 bits, so that none has to be widened on the way.
 */
export function rowsOf(
  cells: Float32Array,
  mirror: (n: number, c1: number) => Mirror,
): Float64Array {
  const rows = new Float64Array(64 * width)
  for (let cell = 0; cell < 32; cell++) {
    const n = cell === 0 ? 0 : cell / 2 - 16
    const c = cells.subarray(cell * 8, cell * 8 + 8)
    const { c1, factor, offset } = mirror(n, c[1])
    rows.set([c[0], c1, ...c.subarray(2), factor, offset], rowOf(n, 0))
    rows.set([...c, 1, 0], rowOf(n, 1))
  }
  return rows
}

/** Where the row of the cell around n begins; sign is 1 for negative values, else 0. */
export const rowOf = (n: number, sign: number): number => (((2 * n) & 31) | (sign << 5)) * width

/** The sign bits of x are those of these integers. */
export const bitsOf = (x: Float32Array): Int32Array =>
  new Int32Array(bufferOf.call(x), byteOffsetOf.call(x), x.length)

/**
 * The polynomial of a row without its constant term c0, which only the last addition may round at
 * full weight.
 *
 * `fround(a * b + c)` rounds twice where an fma rounds once. It never shows here: with beta 1 every
 * float32 was run (`npm run prove`). With a beta, where not every pair can be, `tailExactly` takes
 * these steps.
 */
export function tail(rows: Float64Array, row: number, low: number, r: number): number {
  let q = fround(r * rows[row + 6] + rows[row + 5])
  q = fround(r * q + rows[row + 4])
  q = fround(r * q + rows[row + 3])
  q = fround(r * q + rows[row + 2])
  return fround(r * rows[row + 1] + fround(fround(r * r) * q + low))
}

export function tailExactly(rows: Float64Array, row: number, low: number, r: number): number {
  let q = fma(r, rows[row + 6], rows[row + 5])
  q = fma(r, q, rows[row + 4])
  q = fma(r, q, rows[row + 3])
  q = fma(r, q, rows[row + 2])
  return fma(r, rows[row + 1], fma(fround(r * r), q, low))
}

/** The function of a table, beta 1. */
export function near(rows: Float64Array, x: number, sign: number): number {
  const a = -abs(x)
  const n = fround(fround(a + halves) - halves)
  const row = rowOf(n, sign)
  const w = fround(rows[row] + tail(rows, row, rows[row + 7], fround(a - n)))
  return fround(rows[row + 8] * w + rows[row + 9])
}

/** -|beta x| - n, rounded once, where p is beta x rounded. */
export function scaledRemainder(x: number, p: number, beta: number, n: number): number {
  const a = -abs(p)
  return fma(-abs(x), abs(beta), fround(fround(a - n) - a))
}
