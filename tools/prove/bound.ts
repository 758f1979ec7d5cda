// Derives an upper bound on the error with any beta from the tables. docs/accuracy.md explains how.
//
//   npm run tool -- bound
//
// Every cell is cut into short intervals of r. On each interval a rounding in native/evaluate.h loses at most half a unit in the
// last place of the largest value there. The losses are added up, multiplied by what later steps multiply them by.
// Prints the largest sum of each function to stdout, and where it is reached.
import { derivativeCells, secondDerivativeCells, softplusCells } from '../../src/math/cells'
import { entries } from './facts'

const { abs, exp, floor, log1p, log2, max, min } = Math

interface Described {
  name: string
  cells: Float32Array
  K: number
  /** The function on the negative half-line, and its derivative there. */
  f(a: number): number
  derivative(a: number): number
  /** Whether the last steps multiply by beta or 1 / beta, so that the result can have any exponent. */
  isWide: boolean
}

const logistic = (a: number): number => exp(a) / (1 + exp(a))

const functions: Described[] = [
  {
    name: 'softplus',
    cells: softplusCells,
    K: 0.5,
    f: (a) => log1p(exp(a)),
    derivative: logistic,
    isWide: true,
  },
  {
    name: 'derivative',
    cells: derivativeCells,
    K: 1,
    f: logistic,
    derivative: (a) => logistic(a) * logistic(-a),
    isWide: false,
  },
  {
    name: 'secondDerivative',
    cells: secondDerivativeCells,
    K: 2,
    f: (a) => logistic(a) * logistic(-a),
    derivative: (a) => logistic(a) * logistic(-a) * (logistic(-a) - logistic(a)),
    isWide: true,
  },
]

/** The most that rounding a value of at most this size to float32 can lose. */
const halfUlp = (size: number): number => 2 ** (max(-126, floor(log2(size))) - 24)

const horner = (c: ArrayLike<number>, r: number): number => {
  let sum = 0
  for (let i = c.length - 1; i >= 0; i--) sum = sum * r + c[i]
  return sum
}

/** The largest size of c[0] + c[1] r + ... on an interval. */
const sizeOn = (c: number[], from: number, to: number): number => {
  const steepest = c.reduce((sum, k, i) => sum + i * abs(k) * max(abs(from), abs(to)) ** (i - 1), 0)
  return abs(horner(c, (from + to) / 2)) + (steepest * (to - from)) / 2
}

/** How large `smallTerms` in native/evaluate.h is, and the most that it loses, step by step. */
function smallTerms(c: number[], low: number, from: number, to: number) {
  const r = max(abs(from), abs(to))
  let error = 0
  for (let k = 5; k >= 2; k--) error = r * error + halfUlp(sizeOn(c.slice(k), from, to))
  const q = sizeOn(c.slice(2), from, to)
  const square = halfUlp(r * r)
  const size = sizeOn([low, 0, ...c.slice(2)], from, to)
  return { size, error: (r * r + square) * error + q * square + halfUlp(size) }
}

export interface DerivedBound {
  name: string
  place: string
  ulp: number
  /** The cell and the remainder where the bound is reached. */
  where: string
}

type Bound = Pick<DerivedBound, 'ulp' | 'where'>

const samples = 64

/** The bound on one interval of r around n. Far values were moved there by multiples of ln 2. */
function boundOn(
  { cells, K, f, derivative, isWide, name }: Described,
  n: number,
  [from, to]: [number, number],
  isPositive: boolean,
  isFar: boolean,
): number {
  const row = (2 * n) & 31
  const c = [...cells.subarray(row * 8, row * 8 + 7)]
  const low = cells[row * 8 + 7]
  const polynomial = [0, ...c.slice(1)]
  polynomial[0] = low
  // Between two samples, h apart, the difference grows by at most h^2 / 8 times its second derivative. The second derivative
  // of each function is at most the function itself on the negative half-line. That of the polynomial is bounded term by term.
  let approximation = 0
  for (let i = 0; i <= samples; i++) {
    const r = from + ((to - from) * i) / samples
    approximation = max(approximation, abs(c[0] - f(n + r) + horner(polynomial, r)))
  }
  const [atFrom, atTo] = [f(n + from), f(n + to)]
  const [smallest, largest] = [min(atFrom, atTo), max(atFrom, atTo)]
  const r = max(abs(from), abs(to))
  const bend = c.reduce((sum, k, i) => sum + i * (i - 1) * abs(k) * r ** max(i - 2, 0), 0)
  approximation += (((to - from) / samples) ** 2 / 8) * (largest + bend)

  const isSoftplusAboveZero = name === 'softplus' && isPositive
  // Inside the interval the derivative exceeds its values at the ends by at most the second derivative times the length.
  const steepest =
    max(
      ...[from, to].map((at) =>
        isSoftplusAboveZero ? 1 - derivative(n + at) : derivative(n + at),
      ),
    ) +
    (to - from) * largest
  // r is rounded once. Far values round it twice, and add back what the second rounding lost times c1, the derivative at n.
  let error = approximation + steepest * halfUlp(isFar ? r + lowReach : r)
  if (isFar) {
    // The rounding of r, and 2^-24 of it for the fma that computes what was lost.
    const lost = halfUlp(r) * (1 + 2 ** -24)
    const w = max(...[from, to].map((at) => abs(c[0] + at * c[1] + at * at * c[2] - f(n + at))))
    error += max(...[from, to].map((at) => abs(derivative(n + at) - c[1]))) * lost
    // What was lost is the difference of two numbers that are at most lowReach apart. It is rounded, too.
    error += abs(c[1]) * halfUlp(lowReach)
    error += K * w * (2 * largest + w) + beyondModel * largest
  }
  const small = smallTerms(c, low, from, to)
  error += small.error
  if (!isWide) {
    error += halfUlp(sizeOn([low, ...c.slice(1)], from, to))
    // The sum with c0 is rounded to float32. Where beta x is positive it is then subtracted from 1, which rounds again.
    return isPositive
      ? 0.5 + (error + halfUlp(largest + error)) / 2 ** -24
      : 0.5 + error / (2 * halfUlp(smallest))
  }
  // w rounds the value, and so does c0 - n before it. The step after it finds what both lost, and is rounded itself.
  const shift = isSoftplusAboveZero ? -n - from : 0
  const lost = (isSoftplusAboveZero ? 2 : 1) * halfUlp(largest + shift)
  error += halfUlp(lost)
  if (isSoftplusAboveZero) {
    const c1 = abs(c[1] - 1)
    error += r * halfUlp(c1) + halfUlp(r * c1 + lost)
  }
  const d = small.size + lost
  error += halfUlp(d)
  // d times the factor is rounded, and once more after the addition of w times the rest of 1 / beta, which is at most 2^-24 of
  // it and itself rounded to 2^-24.
  const value = isSoftplusAboveZero ? smallest - n - to : smallest
  error += 2 ** -24 * (2 * d + 2 ** -23 * (largest + shift))
  return 0.5 + error / (value * 2 ** -24) + 2 ** -24
}

const steps = 512

// The most that e times the low part of ln 2 moves r out of its cell: e is at most 350 / ln 2, the low part 2^-19.4.
const lowReach = 2 ** -10

// Far values are moved to between -(21 + 1/2) ln 2 and -(21 - 1/2) ln 2, and slightly beyond, as e is rounded from a rounded
// product.
const farthest = { from: -14.92, to: -14.19 }

// Far values are computed as u (1 - K u) with u below 2^-20.4. Relative to u that leaves out at most 3 u^2 = 2^-39.2. The two
// parts of ln 2 are off by 2^-44.04, times e, which is at most 505: 2^-35.06. Together both are below 2^-34.9.
const beyondModel = 2 ** -34.9

function worst(described: Described, isPositive: boolean, isFar: boolean): Bound {
  const found: Bound = { ulp: 0, where: '' }
  // Far, n is chosen from the rounded product beta x, which is off by 2^-16 at most.
  const reach = 0.25 + (isFar ? lowReach : 0)
  for (let n = isFar ? -15 : -14.5; n <= (isFar ? -14 : 0); n += 0.5) {
    const last = n === 0 ? 0 : reach
    for (let i = -steps; i < steps; i++) {
      const from = max(-reach, (i / steps) * reach)
      const to = min(last, ((i + 1) / steps) * reach)
      if (from >= to || (isFar && (n + to < farthest.from || n + from > farthest.to))) continue
      const ulp = boundOn(described, n, [from, to], isPositive, isFar)
      if (ulp > found.ulp) Object.assign(found, { ulp, where: `n = ${n}, r = ${from.toFixed(4)}` })
    }
  }
  return found
}

/**
 * The bounds of every function, in ULP, for each place where beta x can be.
 * @throws {Error} If a function of the list whose results are not exact is not described here.
 */
export function derivedBounds(): DerivedBound[] {
  const bounds = describedBounds()
  for (const { name, boundWithBeta } of entries)
    if (boundWithBeta > 0 && !bounds.some((bound) => bound.name === name))
      throw new Error(
        `tools/prove/bound.ts must describe every function of the list; got no ${name}`,
      )
  return bounds
}

const describedBounds = (): DerivedBound[] => [
  ...functions.flatMap((described) =>
    (
      [
        ['near, beta x < 0', false, false],
        ['near, beta x > 0', true, false],
        ['far, beta x < 0', false, true],
      ] as const
    ).map(([place, isPositive, isFar]) => ({
      name: described.name,
      place,
      ...worst(described, isPositive, isFar),
    })),
  ),
  { name: 'inverse', place: 'beta y > 0', ulp: inverseBound(), where: 'beta y near ln 2' },
]

/**
 * The bound of the inverse with any beta, in ULP. All steps are in binary64, with one rounding to float32 at the end.
 * docs/accuracy.md explains the terms.
 */
function inverseBound(): number {
  // Products of two floats near ln 2 are multiples of 2^-48. ln 2 is 0.475 such units away from the nearest.
  const nearestProduct = 0.475 * 2 ** -48
  const ln2 = 2 ** -87 / nearestProduct
  // The first terms that the two series leave out, relative to their sums: r^13 / 13! of r, q^17 / 17 of q.
  const [r, q] = [Math.LN2 / 2, (Math.SQRT2 - 1) / (Math.SQRT2 + 1)]
  const series = (2 * r ** 12) / 6227020800 + (2 * q ** 16) / 17
  const steps = 32 * 2 ** -53
  return 0.5 + (ln2 + series + steps) * 2 ** 24
}

export function main(): void {
  for (const { name, place, ulp, where } of derivedBounds())
    console.log(`${name.padEnd(17)} ${place.padEnd(17)} ${ulp.toFixed(4)} ULP at ${where}`)
}
