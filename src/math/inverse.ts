// ln(e^(beta y) - 1) / beta, the inverse of softplus, in binary64 without fma: the same bits as in C++
// by construction.
//
// t = beta y = n ln 2 + r; e^t - 1 = m = 2^n p + (2^n - 1) with p = e^r - 1 by Taylor's series, which
// cancels nothing; m = 2^k c with c around 1; ln m = k ln 2 + 2 atanh((c - 1) / (c + 1)), small where m
// is near 1. With a beta c - 1 is taken before that sum rounds it: see native/functions/inverse.h.
//
// Its largest error stands in native/functions/inverse.h.
import { pow2 } from './pow2'

const { fround, min } = Math

// From here on ln(1 - e^-t), what is left to add to t, is below 2^-29 t.
const identical = 17.5

const round = 6755399441055744 // 0x1.8p52
const log2e = Math.LOG2E
// ln 2 in two parts; the first has 32 bits, so that its product with n is exact.
const ln2High = 0.6931471803691238 // 0x1.62e42feep-1
const ln2Low = 1.9082149292705877e-10 // 0x1.a39ef35793c76p-33

const value = new Float64Array(1)
const words = new Uint32Array(value.buffer)
value[0] = 1
const high = words[1] === 0 ? 0 : 1

function logOfExpm1(t: number, hasBeta: boolean): number {
  const n = t * log2e + round - round
  const r = t - n * ln2High - n * ln2Low
  const s = r * r
  let even = 1 / 479001600
  let odd = 1 / 39916800
  even = even * s + 1 / 3628800
  odd = odd * s + 1 / 362880
  even = even * s + 1 / 40320
  odd = odd * s + 1 / 5040
  even = even * s + 1 / 720
  odd = odd * s + 1 / 120
  even = even * s + 1 / 24
  odd = odd * s + 1 / 6
  even = even * s + 1 / 2
  const power = pow2(n)
  const powerTimesP = power * (r + s * (even + r * odd))
  return log(powerTimesP + (power - 1), powerTimesP, hasBeta)
}

function log(m: number, powerTimesP: number, hasBeta: boolean): number {
  value[0] = m
  const k = ((words[high] - 0x3fe6a09e + 0x3ff00000) >>> 20) - 1023
  words[high] -= k << 20
  const c = value[0]
  const q = (hasBeta && k === 0 ? powerTimesP : c - 1) / (c + 1)
  const s = q * q
  const t = s * s
  let even = 1 / 15
  let odd = 1 / 13
  even = even * t + 1 / 11
  odd = odd * t + 1 / 9
  even = even * t + 1 / 7
  odd = odd * t + 1 / 5
  even = even * t + 1 / 3
  return k * Math.LN2 + 2 * (q + q * s * (even + s * odd))
}

function one(y: number, bound: number): number {
  if (y > bound) return y
  if (y > 0) return fround(logOfExpm1(y, false))
  return y < 0 ? Number.NaN : -Infinity + y
}

export function plain(x: Float32Array, y: Float32Array, threshold = Infinity): void {
  const bound = min(threshold, identical)
  for (let i = 0; i < x.length; i++) y[i] = one(x[i], bound)
}

function oneWithBeta(y: number, beta: number): number {
  const s = beta < 0 ? -y : y
  if (s > 0) return fround(logOfExpm1(y * beta, true) * (1 / beta))
  return s < 0 ? Number.NaN : (beta < 0 ? Infinity : -Infinity) + y
}

export function withBeta(x: Float32Array, y: Float32Array, threshold: number, beta: number): void {
  const bound = min(threshold, identical)
  for (let i = 0; i < x.length; i++) {
    const v = x[i]
    y[i] = fround(v * beta) > bound ? v : oneWithBeta(v, beta)
  }
}
