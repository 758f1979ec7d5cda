// softplus(x) = ln(1 + e^(beta x)) / beta, from its values on the negative half-line:
// ln(1 + e^p) = p + ln(1 + e^-p).
//
// Maximum error over all 2^32 inputs, beta = 1: 0.8013 ULP at -0x1.8f9df2p+2 (npm run prove).
import { softplusCells } from './cells'
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

// e^floor rounds to 0; with a beta, e^floor / beta does so for the smallest beta, 2^-149.
const floor = -104.5
const scaledFloor = -350

const rows = rowsOf(softplusCells, (n, c1) => ({ c1: fround(c1 - 1), factor: 1, offset: -n }))

const far = (x: number): number => (x < nearLimit ? farBelow(rows, x, floor, 0.5) : x)

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
    if (v > threshold) y[i] = v
    else y[i] = abs(v) < nearLimit ? near(rows, v, bits[i] >>> 31) : far(v)
  }
}

// With a beta the last steps are in binary64: the sum, 2^e and 1 / beta are rounded to float32
// once, together.
function scaledNear(x: number, p: number, beta: number): number {
  const n = fround(fround(-abs(p) + halves) - halves)
  const r = scaledRemainder(x, p, beta, n)
  const row = rowOf(n, p < 0 ? 1 : 0)
  return fround((rows[row] + tailExactly(rows, row, rows[row + 7], r) + rows[row + 9]) * (1 / beta))
}

function scaledFar(x: number, p: number, beta: number): number {
  if (!(p < nearLimit)) return x
  return scaledFarBelow(rows, x, p, beta, scaledFloor, 0.5, (c0, l, power) =>
    fround((c0 + l) * power * (1 / beta)),
  )
}

export function scaled(x: Float32Array, y: Float32Array, threshold: number, beta: number): void {
  for (let i = 0; i < x.length; i++) {
    const v = x[i]
    const p = fround(v * beta)
    if (p > threshold) y[i] = v
    else y[i] = abs(p) < nearLimit ? scaledNear(v, p, beta) : scaledFar(v, p, beta)
  }
}
