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
import { fma } from './fma'
import { pow2 } from './pow2'

const { abs, fround, max, min } = Math

export const nearLimit = 14.75

// At a < floor the value from the cells rounds to 0: e^-104.5 < 2^-150.
export const floor = -104.5
// The same with any beta: e^-350 / 2^-149 and e^-350 * 2^128 round to 0. C++ has a floor for each beta, with the same results.
export const floorWithBeta = -350

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
    rows.set([c[0], c1, ...c.subarray(2), mirrorSign, offset], rowOf(n, 1))
    rows.set([...c, 1, 0], rowOf(n, -1))
  }
  return rows
}

/** Where the row begins of the cell around n, in the half of the table for the sign of x. V8 makes no branch of this. */
const rowOf = (n: number, x: number): number => (((2 * n) & 31) | (Number(x < 0) << 5)) * width

// The polynomial of a row without its constant term c0, which is added last.
//
// `fround(a * b + c)` rounds twice where an fma rounds once. With beta 1 that never changes a result: every float32 was
// run (`npm run prove`). Not every pair of a beta and an x can be run, so the steps with a beta are exact.
function higherTerms(rows: Float64Array, row: number, low: number, r: number): number {
  let q = fround(r * rows[row + 6] + rows[row + 5])
  q = fround(r * q + rows[row + 4])
  q = fround(r * q + rows[row + 3])
  q = fround(r * q + rows[row + 2])
  return fround(r * rows[row + 1] + fround(fround(r * r) * q + low))
}

/** f(x) with beta 1 for |x| < nearLimit. */
export function near(rows: Float64Array, x: number): number {
  const a = -abs(x)
  const n = a + halves - halves
  const row = rowOf(n, x)
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
export function far(rows: Float64Array, x: number, K: number): number {
  const a = -abs(x)
  const e = exponentOf(a)
  const v = a - e * ln2High
  const n = v + halves - halves
  const s = v - n
  const r = fround(s - e * ln2Low)
  const row = rowOf(n, x)
  const l = higherTerms(rows, row, correctedLow(rows, row, s, r, e, K), r)
  const w = fround(fround(rows[row] + l) * pow2(e))
  return fround(rows[row + 8] * w + rows[row + 9])
}

/** What a call with a beta computes once. */
export interface Argument {
  /** x is near where |x| is below it. softplus(x) is x from there on. */
  limit: number
  /** beta or 1 / beta, in two floats. 0 for the derivative, which has no factor. */
  factor: number
  factorRest: number
  /** The same in binary64, for a beta whose two floats could be subnormal. 0 for others. */
  wideFactor: number
  /** What f(x) is where it rounds to 0: -0 for a negative beta, but for the derivative. */
  zero: number
}

export function argumentOf(beta: number, powerOfBeta: -1 | 0 | 1): Argument {
  const size = abs(beta)
  const isModerate = size >= 2 ** -64 && size <= 2 ** 64
  const exact = powerOfBeta === 0 ? 0 : powerOfBeta < 0 ? 1 / beta : beta
  const factor = fround(exact)
  return {
    limit: fround(nearLimit / size),
    factor,
    factorRest: fround(exact - factor),
    wideFactor: isModerate ? 0 : exact,
    zero: beta < 0 ? -0 : 0,
  }
}

function smallTerms(rows: Float64Array, row: number, low: number, r: number): number {
  let q = fma(r, rows[row + 6], rows[row + 5])
  q = fma(r, q, rows[row + 4])
  q = fma(r, q, rows[row + 3])
  q = fma(r, q, rows[row + 2])
  return fma(fround(r * r), q, low)
}

// Where no factor follows, one sum. Elsewhere w + d, where d has what w lost, times the power of 2 and the factor.
function combined(
  rows: Float64Array,
  row: number,
  low: number,
  r: number,
  power: number,
  { factor, factorRest, wideFactor }: Argument,
): number {
  const c1 = rows[row + 1]
  const shift = rows[row + 9]
  if (factor === 0) {
    const l = fma(r, c1, smallTerms(rows, row, low, r))
    return fround(rows[row + 8] * fround(fround(rows[row] + l) * power) + shift)
  }
  const w = fma(r, c1, fround(rows[row] + shift))
  const rest = fround(rows[row] - (w - shift))
  const d = fround(fround(r * c1 + rest) + smallTerms(rows, row, low, r))
  if (wideFactor !== 0) return fround((w + d) * power * wideFactor)
  const small = fround(d * factor)
  return fround(fma(w, factor, factorRest === 0 ? small : fma(w, factorRest, small)) * power)
}

/** f(x) with a beta for |x| < limit. p is beta x, exactly. */
export function nearWithBeta(rows: Float64Array, p: number, argument: Argument): number {
  const a = -abs(p)
  const n = a + halves - halves
  const row = rowOf(n, p)
  return combined(rows, row, rows[row + 7], fround(a - n), 1, argument)
}

/** f(x) with a beta for |x| >= limit and -|p| >= floorWithBeta. p is beta x, exactly. */
export function farWithBeta(rows: Float64Array, p: number, argument: Argument, K: number): number {
  const a = -abs(p)
  const rounded = fround(a)
  const e = exponentOf(rounded)
  const moved = e * ln2High
  // Values that are not moved take their cell from the product as it is, like near ones.
  const n = (e < 0 ? rounded - moved : a) + halves - halves
  const s = fround(a - (moved + n))
  const r = fround(s - e * ln2Low)
  const row = rowOf(n, p)
  const w = fma(fround(r * r), rows[row + 2], fma(r, rows[row + 1], rows[row]))
  const lost = fround(s - r) - e * ln2Low
  const square = fround(fround(w * w) * fround(K - K * pow2(max(-36, e))))
  const low = fround(rows[row + 7] + fma(rows[row + 1], lost, square))
  return combined(rows, row, low, r, pow2(e), argument)
}
