// softplus(x) = ln(1 + e^(beta x)) / beta, from its values on the negative half-line:
// ln(1 + e^p) = p + ln(1 + e^-p).
//
// Its largest error stands in native/functions/softplus.h.
import { softplusCells } from './cells'
import {
  argumentOf,
  far,
  farWithBeta,
  floor,
  floorWithBeta,
  near,
  nearLimit,
  nearWithBeta,
  rowsOf,
} from './evaluate'

const { abs, fround, min } = Math

const rows = rowsOf(softplusCells, (n, c1) => ({ c1: fround(c1 - 1), mirrorSign: 1, offset: -n }))
const K = 0.5
// The last float below nearLimit. Above it softplus is x.
const ceiling = nearLimit - 2 ** -20

/** softplus(x) with beta 1, and x itself above `bound`. */
export function one(x: number, bound = ceiling): number {
  if (x > bound) return x
  if (x > -nearLimit) return near(rows, x)
  if (x >= floor) return far(rows, x, K)
  return x < floor ? 0 : x
}

export function plain(x: Float32Array, y: Float32Array, threshold = Infinity): void {
  const bound = min(threshold, ceiling)
  for (let i = 0; i < x.length; i++) y[i] = one(x[i], bound)
}

export function withBeta(x: Float32Array, y: Float32Array, threshold: number, beta: number): void {
  const argument = argumentOf(beta, -1)
  const { limit, zero } = argument
  for (let i = 0; i < x.length; i++) {
    const v = x[i]
    const p = v * beta
    if (fround(p) > threshold) y[i] = v
    else if (abs(v) < limit) y[i] = nearWithBeta(rows, p, argument)
    else if (p < floorWithBeta) y[i] = zero
    else y[i] = p < 0 ? farWithBeta(rows, p, argument, K) : v
  }
}
