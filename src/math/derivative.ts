// 1 / (1 + e^(-beta x)), the derivative of softplus, which is the logistic sigmoid. From its values on the negative
// half-line: f(p) = 1 - f(-p).
//
// Its largest error stands in native/functions/derivative.h.
import { derivativeCells } from './cells'
import {
  argumentOf,
  far,
  farWithBeta,
  floor,
  near,
  nearLimit,
  nearWithBeta,
  rowsOf,
} from './evaluate'

const { abs, fround, min } = Math

const rows = rowsOf(derivativeCells, (_, c1) => ({ c1, mirrorSign: -1, offset: 1 }))
const K = 1
// Above it 1 - e^-p rounds to 1.
const ceiling = 18

function one(x: number, bound: number): number {
  if (x > bound) return 1
  if (abs(x) < nearLimit) return near(rows, x)
  if (x >= floor) return far(rows, x, K)
  return x < floor ? 0 : x
}

export function plain(x: Float32Array, y: Float32Array, threshold = Infinity): void {
  const bound = min(threshold, ceiling)
  for (let i = 0; i < x.length; i++) y[i] = one(x[i], bound)
}

export function withBeta(x: Float32Array, y: Float32Array, threshold: number, beta: number): void {
  const argument = argumentOf(beta, 0)
  const bound = min(threshold, ceiling)
  for (let i = 0; i < x.length; i++) {
    const v = x[i]
    const p = v * beta
    if (fround(p) > bound) y[i] = 1
    else if (abs(v) < argument.limit) y[i] = nearWithBeta(rows, p, argument)
    else if (p >= floor) y[i] = farWithBeta(rows, p, argument, K)
    else y[i] = p < floor ? 0 : v
  }
}
