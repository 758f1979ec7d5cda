// sigmoid(beta x) = 1 / (1 + e^(-beta x)), the derivative of softplus, from its values on the
// negative half-line: sigmoid(p) = 1 - sigmoid(-p).
//
// Maximum error over all 2^32 inputs, beta = 1: 0.7984 ULP at -0x1.8f7bfcp+2 (npm run prove).
import { derivativeCells } from './cells'
import { farBelow, scaledFarBelow } from './far'
import {
  bitsOf,
  halves,
  near,
  nearLimit,
  rowOf,
  rowsOf,
  scaledRemainder,
  tailExactly,
} from './near'

const { abs, fround } = Math

// e^floor rounds to 0.
const floor = -104.5

const rows = rowsOf(derivativeCells, (_, c1) => ({ c1, factor: -1, offset: 1 }))

// A NaN comes through the arithmetic.
const mirrored = (x: number, w: number): number => (x < 0 ? w : fround(1 - w))

const far = (x: number): number => mirrored(x, farBelow(rows, x, floor, 1))

export function plain(x: Float32Array, y: Float32Array): void {
  const bits = bitsOf(x)
  for (let i = 0; i < x.length; i++) {
    const v = x[i]
    y[i] = abs(v) < nearLimit ? near(rows, v, bits[i] >>> 31) : far(v)
  }
}

export function thresholded(x: Float32Array, y: Float32Array, threshold: number): void {
  const bits = bitsOf(x)
  for (let i = 0; i < x.length; i++) {
    const v = x[i]
    if (v > threshold) y[i] = 1
    else y[i] = abs(v) < nearLimit ? near(rows, v, bits[i] >>> 31) : far(v)
  }
}

function scaledNear(x: number, p: number, beta: number): number {
  const n = fround(fround(-abs(p) + halves) - halves)
  const r = scaledRemainder(x, p, beta, n)
  const row = rowOf(n, 1)
  return mirrored(p, fround(rows[row] + tailExactly(rows, row, rows[row + 7], r)))
}

const scaledFar = (x: number, p: number, beta: number): number =>
  mirrored(
    p,
    scaledFarBelow(rows, x, p, beta, floor, 1, (c0, l, power) => fround(fround(c0 + l) * power)),
  )

export function scaled(x: Float32Array, y: Float32Array, threshold: number, beta: number): void {
  for (let i = 0; i < x.length; i++) {
    const v = x[i]
    const p = fround(v * beta)
    if (p > threshold) y[i] = 1
    else y[i] = abs(p) < nearLimit ? scaledNear(v, p, beta) : scaledFar(v, p, beta)
  }
}
