// Far: |beta x| >= 14.75 and infinities.
//
// Down there f(a) = u (1 - K u) with u = e^a, to 2^-40: K is 1/2 for softplus, 1 for sigmoid, 2 for the
// second derivative. So a far value is moved into other cells by e multiples of ln 2: v = a - e ln 2 is
// in [-14.91, -14.20], and f(a) = 2^e (f(v) + K f(v)^2 (1 - 2^e)).
import { fma } from './fma'
import { halves, rowOf, tail, tailExactly } from './near'
import { pow2 } from './pow2'

const { abs, fround, max, min } = Math

const wholes = 12582912 // 0x1.8p23
const log2e = fround(Math.LOG2E)
// ln 2 in two parts; the first has 15 bits, so that its product with an e of 9 bits is exact.
const ln2High = 0.693145751953125 // 0x1.62e4p-1
const ln2Low = fround(1.428606765330187e-6) // 0x1.7f7d1cp-20
// 21 ln 2 = 14.556, the middle of where far values are moved to: what comes out just below a power
// of two, where an ulp is smallest, is then near the middle of a cell. Up to 21.5 ln 2 = 14.903 e
// is 0.
const octaves = 21

// How many multiples of ln 2 a value a <= 0 is moved by.
const exponentOf = (a: number): number => min(0, fround(fma(a, log2e, wholes) - (wholes - octaves)))

// The low part of c0 with what r lost and K f(v)^2 (1 - 2^e) added to it. Three terms of f(v) are enough for the second.
// Below 2^-36 2^e no longer shows.
function correctedLow(
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

/** f(-|x|), beta 1. Below `floor` the result is that of `floor`: it has long been 0. */
export function farBelow(rows: Float64Array, x: number, floor: number, K: number): number {
  const a = max(floor, -abs(x))
  const e = exponentOf(a)
  const v = fround(a - fround(e * ln2High))
  const n = fround(fround(v + halves) - halves)
  const s = fround(v - n)
  const r = fma(e, -ln2Low, s)
  const row = rowOf(n, 1)
  const l = tail(rows, row, correctedLow(rows, row, s, r, e, K), r)
  return fround(fround(rows[row] + l) * pow2(e))
}

/** f(-|beta x|) = (c0 + l) 2^e, whose parts the function puts together; p is beta x rounded. */
export function scaledFarBelow<Result>(
  rows: Float64Array,
  x: number,
  p: number,
  beta: number,
  floor: number,
  K: number,
  combine: (c0: number, l: number, power: number) => Result,
): Result {
  const a = max(floor, -abs(p))
  const e = exponentOf(a)
  const v = fround(a - fround(e * ln2High))
  const n = fround(fround(v + halves) - halves)
  const s = fround(v - n)
  const exact = a > floor ? fma(-abs(x), abs(beta), fround(s - a)) : s
  const r = fma(e, -ln2Low, exact)
  const row = rowOf(n, 1)
  return combine(
    rows[row],
    tailExactly(rows, row, correctedLow(rows, row, exact, r, e, K), r),
    pow2(e),
  )
}
