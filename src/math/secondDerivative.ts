// beta u / (1 + u)^2 with u = e^-|beta x|, the second derivative of softplus. It is even. It has a table of its own,
// because d (1 - d) of the derivative d would be 0 above 17.33, where d rounds to 1.
//
// Its largest error stands in native/functions/secondDerivative.h.
import { secondDerivativeCells } from './cells'
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

const { abs, fround } = Math

const rows = rowsOf(secondDerivativeCells, (_, c1) => ({ c1, mirrorSign: 1, offset: 0 }))
const K = 2

// The function is even, so a has the row of x.
function one(x: number, threshold: number): number {
  const a = -abs(x)
  if (x > threshold) return 0
  if (a > -nearLimit) return near(rows, a)
  if (a >= floor) return far(rows, a, K)
  return a < floor ? 0 : x
}

export function plain(x: Float32Array, y: Float32Array, threshold = Infinity): void {
  for (let i = 0; i < x.length; i++) y[i] = one(x[i], threshold)
}

export function withBeta(x: Float32Array, y: Float32Array, threshold: number, beta: number): void {
  const argument = argumentOf(beta, 1)
  const { limit, zero } = argument
  for (let i = 0; i < x.length; i++) {
    const v = x[i]
    const p = v * beta
    if (fround(p) > threshold) y[i] = 0
    else if (abs(v) < limit) y[i] = nearWithBeta(rows, p, argument)
    else if (abs(p) <= -floorWithBeta) y[i] = farWithBeta(rows, p, argument, K)
    else y[i] = abs(p) > -floorWithBeta ? zero : v
  }
}
