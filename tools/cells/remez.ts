// The weighted minimax polynomial of a cell, by the Remez exchange on a fixed grid
//
// Of all polynomials p of degree 6 the one with the least largest |p - f| / ulp(f) takes that error
// at 8 points with alternating signs. Each step solves sum_k c_k x^k + (-1)^i e ulp(f) = f at 8
// points x_i and then moves these to the extrema of the error (E. Remez, 1934). The variable is
// x = 4 (a - n), within [-1, 1].

import type { CellFunction } from './functions'
import { ulpOf } from './measure'
import { centreOf } from './table'

export const degree = 6

export interface Point {
  readonly x: number
  readonly value: number
  readonly ulp: number
}

/** Chebyshev points of the cell; row 0 has inputs on one side of its centre only. */
export function grid(f: CellFunction, row: number, count: number): Point[] {
  const n = centreOf(row)
  return Array.from({ length: count }, (_, i) => {
    const t = Math.cos((Math.PI * (count - 1 - i)) / (count - 1))
    const x = row === 0 ? (t - 1) / 2 : t
    const value = f.exact(n + x / 4)
    return { x, value, ulp: ulpOf(value) }
  })
}

/** Solves a x = b, rows as [...a, b], by elimination with partial pivoting. */
export function solve(rows: number[][]): number[] {
  const size = rows.length
  const m = rows.map((row) => [...row])
  const at = (i: number, j: number) => m[i]?.[j] as number
  for (let k = 0; k < size; k++) {
    let pivot = k
    for (let i = k + 1; i < size; i++) if (Math.abs(at(i, k)) > Math.abs(at(pivot, k))) pivot = i
    ;[m[k], m[pivot]] = [m[pivot] as number[], m[k] as number[]]
    for (let i = 0; i < size; i++) {
      const factor = i === k ? 0 : at(i, k) / at(k, k)
      if (factor !== 0) m[i] = (m[i] as number[]).map((v, j) => v - factor * at(k, j))
    }
  }
  return m.map((row, k) => (row[size] as number) / (row[k] as number))
}

const powers = (x: number) => Array.from({ length: degree + 1 }, (_, k) => x ** k)

const horner = (c: readonly number[], x: number) => c.reduceRight((sum, v) => sum * x + v, 0)

/** The largest of each run of errors of one sign, cut at the ends to 8. */
function extrema(errors: readonly number[]): number[] {
  const found: number[] = []
  const size = (i: number | undefined) => Math.abs(errors[i as number] as number)
  errors.forEach((e, i) => {
    const last = found.at(-1)
    if (last === undefined || e * (errors[last] as number) <= 0) found.push(i)
    else if (size(i) > size(last)) found[found.length - 1] = i
  })
  while (found.length > degree + 2) {
    if (size(found[0]) < size(found.at(-1))) found.shift()
    else found.pop()
  }
  return found
}

function alternating(points: readonly Point[]): number[] {
  const rows = points.map(({ x, value, ulp }, i) => [
    ...powers(x).map((v) => v / ulp),
    i % 2 ? -1 : 1,
    value / ulp,
  ])
  return solve(rows).slice(0, degree + 1)
}

/** The coefficients in x = 4 (a - n) and the largest error in ulp. */
export function minimax(f: CellFunction, row: number): { c: number[]; ulp: number } {
  const points = grid(f, row, 513)
  let chosen = Array.from({ length: degree + 2 }, (_, i) => Math.round((512 * i) / (degree + 1)))
  let best = { c: [] as number[], ulp: Number.POSITIVE_INFINITY }
  for (let step = 0; step < 20 && chosen.length === degree + 2; step++) {
    const c = alternating(chosen.map((i) => points[i] as Point))
    const errors = points.map(({ x, value, ulp }) => (horner(c, x) - value) / ulp)
    const ulp = Math.max(...errors.map(Math.abs))
    if (ulp < best.ulp) best = { c, ulp }
    chosen = extrema(errors)
  }
  return best
}
