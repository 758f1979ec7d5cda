// Evaluates a function that is described by a table of cells. The steps of native/evaluate.h, in TypeScript.
//
// The negative half-line is cut into cells of width 1/2 around n = 0, -1/2, ..., -15.5. Each cell has a polynomial of
// degree 6 in r = a - n, where a = -|beta x|. Positive values follow from the same cells.
//
// Near, |beta x| < 14.75: adding 0x1.8p22, whose unit in the last place is 1/2, rounds a to the nearest n. n and r are
// exact, and 2n modulo 32 is the number of the cell.
//
// Far, everything else: there f(a) = u (1 - K u) with u = e^a, up to a relative error of 2^-40. So a is moved into a
// cell by e multiples of ln 2: v = a - e ln 2 is in [-14.91, -14.20], and f(a) = 2^e (f(v) + K f(v)^2 (1 - 2^e)). With
// e = 0 these are the steps of near values.
import { bufferOf, byteOffsetOf } from '../intrinsics'
import { fma } from './fma'
import { pow2 } from './pow2'

const { abs, fround, max, min } = Math

export const nearLimit = 14.75

// At a < floor the value from the cells rounds to 0: e^-104.5 < 2^-150.
export const floor = -104.5
// The same with any beta: e^-350 / 2^-149 and e^-350 * 2^128 round to 0.
const floorWithBeta = -350

// Adding it in binary64 rounds to a multiple of 1/2, ties to even, as adding 0x1.8p22 does in float32.
const halves = 3377699720527872 // 0x1.8p51
const wholes = 12582912 // 0x1.8p23
const log2e = fround(Math.LOG2E)
// ln 2 in two parts. The first has 15 bits, so that its product with an e of 9 bits is exact.
const ln2High = 0.693145751953125 // 0x1.62e4p-1
const ln2Low = fround(1.428606765330187e-6) // 0x1.7f7d1cp-20
// Far values are moved to around 21 ln 2 = 14.556. A result just below a power of two, where an ulp is smallest, then
// comes from near the middle of a cell. e is 0 up to 21.5 ln 2 = 14.903.
const octaves = 21

/** How a function of x > 0 follows from its cells: with this c1, it is mirrorSign * w + offset. */
export interface Mirror {
  c1: number
  mirrorSign: number
  offset: number
}

// c0, ..., c6, low, mirrorSign, offset
const width = 10

/**
 * The rows of a table: 32 for positive values, then 32 for negative ones. C++ selects by the sign; here the row of the
 * sign is read, because a branch on an unpredictable sign takes longer than all the arithmetic. The numbers have 64
 * bits, so that none has to be widened in the loop.
 */
export function rowsOf(
  cells: Float32Array,
  mirror: (n: number, c1: number) => Mirror,
): Float64Array {
  const rows = new Float64Array(64 * width)
  for (let cell = 0; cell < 32; cell++) {
    const n = cell === 0 ? 0 : cell / 2 - 16
    const c = cells.subarray(cell * 8, cell * 8 + 8)
    const { c1, mirrorSign, offset } = mirror(n, c[1])
    rows.set([c[0], c1, ...c.subarray(2), mirrorSign, offset], rowOf(n, 0))
    rows.set([...c, 1, 0], rowOf(n, 1))
  }
  return rows
}

/** Where the row of the cell around n begins. `sign` is 1 for negative values, else 0. */
const rowOf = (n: number, sign: number): number => (((2 * n) & 31) | (sign << 5)) * width

/** The bit patterns of x. */
export const bitsOf = (x: Float32Array): Int32Array =>
  new Int32Array(bufferOf.call(x), byteOffsetOf.call(x), x.length)

// The polynomial of a row without its constant term c0, which is added last.
//
// `fround(a * b + c)` rounds twice where an fma rounds once. With beta 1 that never changes a result: every float32 was
// run (`npm run prove`). Not every pair of a beta and an x can be run, so higherTermsExactly takes exact steps.
function higherTerms(rows: Float64Array, row: number, low: number, r: number): number {
  let q = fround(r * rows[row + 6] + rows[row + 5])
  q = fround(r * q + rows[row + 4])
  q = fround(r * q + rows[row + 3])
  q = fround(r * q + rows[row + 2])
  return fround(r * rows[row + 1] + fround(fround(r * r) * q + low))
}

function higherTermsExactly(rows: Float64Array, row: number, low: number, r: number): number {
  let q = fma(r, rows[row + 6], rows[row + 5])
  q = fma(r, q, rows[row + 4])
  q = fma(r, q, rows[row + 3])
  q = fma(r, q, rows[row + 2])
  return fma(r, rows[row + 1], fma(fround(r * r), q, low))
}

/** f(x) with beta 1 for |x| < nearLimit. */
export function near(rows: Float64Array, x: number, sign: number): number {
  const a = -abs(x)
  const n = a + halves - halves
  const row = rowOf(n, sign)
  const w = fround(rows[row] + higherTerms(rows, row, rows[row + 7], a - n))
  return fround(rows[row + 8] * w + rows[row + 9])
}

// How many multiples of ln 2 a is moved by.
const exponentOf = (a: number): number => min(0, fround(a * log2e + wholes) - (wholes - octaves))

// Sums without fround are exact: e has 9 bits, and the parts of ln 2 have 15 and 24.
//
// The low part of c0, with what r lost and K f(v)^2 (1 - 2^e) added to it. Three terms of f(v) are enough for its square.
// Below 2^-36, 2^e cannot change the result.
function correctedLow(
  rows: Float64Array,
  row: number,
  s: number,
  r: number,
  e: number,
  K: number,
): number {
  const w = fround(fround(r * r) * rows[row + 2] + fround(r * rows[row + 1] + rows[row]))
  const lost = s - r - e * ln2Low
  const square = fround(fround(w * w) * fround(K - K * pow2(max(-36, e))))
  return fround(rows[row + 7] + fround(rows[row + 1] * lost + square))
}

/** f(x) with beta 1 for nearLimit <= |x| <= -floor. */
export function far(rows: Float64Array, x: number, sign: number, K: number): number {
  const a = -abs(x)
  const e = exponentOf(a)
  const v = a - e * ln2High
  const n = v + halves - halves
  const s = v - n
  const r = fround(s - e * ln2Low)
  const row = rowOf(n, sign)
  const l = higherTerms(rows, row, correctedLow(rows, row, s, r, e, K), r)
  const w = fround(fround(rows[row] + l) * pow2(e))
  return fround(rows[row + 8] * w + rows[row + 9])
}

// The last steps with a beta. They are in binary64, so that the sum, 2^e and betaFactor (beta or 1 / beta) are rounded to
// float32 once, together. The derivative has no such factor (betaFactor 0): its steps are those of beta 1.
function combined(rows: Float64Array, row: number, l: number, power: number, betaFactor: number) {
  if (betaFactor !== 0) return fround(((rows[row] + l) * power + rows[row + 9]) * betaFactor)
  return fround(rows[row + 8] * fround(fround(rows[row] + l) * power) + rows[row + 9])
}

function correctedLowExactly(
  rows: Float64Array,
  row: number,
  s: number,
  r: number,
  e: number,
  K: number,
): number {
  const w = fma(fround(r * r), rows[row + 2], fma(r, rows[row + 1], rows[row]))
  const lost = fma(e, -ln2Low, fround(s - r))
  const square = fround(fround(w * w) * fma(pow2(max(-36, e)), -K, K))
  return fround(rows[row + 7] + fma(rows[row + 1], lost, square))
}

/** f(x) with beta for |p| < nearLimit, where p is beta x rounded to float32. */
export function nearWithBeta(
  rows: Float64Array,
  x: number,
  p: number,
  beta: number,
  betaFactor: number,
): number {
  const a = -abs(p)
  const n = a + halves - halves
  const r = fma(-abs(x), abs(beta), fround(fround(a - n) - a))
  const row = rowOf(n, p < 0 ? 1 : 0)
  return combined(rows, row, higherTermsExactly(rows, row, rows[row + 7], r), 1, betaFactor)
}

/** f(x) with beta for |p| >= nearLimit and NaN. */
export function farWithBeta(
  rows: Float64Array,
  x: number,
  p: number,
  beta: number,
  betaFactor: number,
  K: number,
): number {
  const a = -abs(p)
  const sign = p < 0 ? 1 : 0
  if (a < floorWithBeta) return fround(rows[rowOf(0, sign) + 9] * (betaFactor || 1))
  const e = exponentOf(a)
  const v = fround(a - fround(e * ln2High))
  const n = v + halves - halves
  const s = fround(v - n)
  const exact = fma(-abs(x), abs(beta), fround(s - a))
  const r = fma(e, -ln2Low, exact)
  const row = rowOf(n, sign)
  const l = higherTermsExactly(rows, row, correctedLowExactly(rows, row, exact, r, e, K), r)
  return combined(rows, row, l, pow2(e), betaFactor)
}
