// beta u / (1 + u)^2 with u = e^-|beta x|, the second derivative of softplus. It is even, and comes
// from a table of its own: s (1 - s) would lose everything above 16.6, where s rounds to 1.
//
// Maximum error over all 2^32 inputs, beta = 1: 0.7999 ULP at -0x1.8f195p+2 (npm run prove).
import { secondDerivativeCells } from './cells'
import { farBelow, scaledFarBelow } from './far'
import { halves, near, nearLimit, rowOf, rowsOf, scaledRemainder, tailExactly } from './near'

const { abs, fround } = Math

// e^floor rounds to 0; with a beta, beta e^floor does so for the largest beta.
const floor = -104.5
const scaledFloor = -350

const rows = rowsOf(secondDerivativeCells, (_, c1) => ({ c1, factor: 1, offset: 0 }))

// A NaN comes through the arithmetic.
const at = (x: number): number =>
  abs(x) < nearLimit ? near(rows, x, 1) : farBelow(rows, x, floor, 2)

export function plain(x: Float32Array, y: Float32Array): void {
  for (let i = 0; i < x.length; i++) y[i] = at(x[i])
}

export function thresholded(x: Float32Array, y: Float32Array, threshold: number): void {
  for (let i = 0; i < x.length; i++) y[i] = x[i] > threshold ? 0 : at(x[i])
}

// With a beta the last steps are in binary64: the sum, 2^e and beta are rounded to float32 once,
// together.
function scaledNear(x: number, p: number, beta: number): number {
  const n = fround(fround(-abs(p) + halves) - halves)
  const row = rowOf(n, 1)
  const l = tailExactly(rows, row, rows[row + 7], scaledRemainder(x, p, beta, n))
  return fround((rows[row] + l) * beta)
}

const scaledFar = (x: number, p: number, beta: number): number =>
  scaledFarBelow(rows, x, p, beta, scaledFloor, 2, (c0, l, power) =>
    fround((c0 + l) * power * beta),
  )

export function scaled(x: Float32Array, y: Float32Array, threshold: number, beta: number): void {
  for (let i = 0; i < x.length; i++) {
    const v = x[i]
    const p = fround(v * beta)
    if (p > threshold) y[i] = 0
    else y[i] = abs(p) < nearLimit ? scaledNear(v, p, beta) : scaledFar(v, p, beta)
  }
}
