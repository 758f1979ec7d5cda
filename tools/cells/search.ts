// Searches for the best float32 row near the minimax polynomial of a cell
//
// Rounding coefficient j moves the polynomial by d x^j. The coefficients still free then move by
// the least squares fit of -d x^j in units of the ulp, linear in d: a fixed gain for each pair.
// c6 is rounded early, because the low part of c0 takes half of its word.

import type { CellFunction } from './functions'
import { coefficientsOf } from './measure'
import { degree, grid, minimax, type Point, solve } from './remez'
import type { Sample } from './sample'
import { floatOf, type Words, wordOf } from './table'

export interface Candidate {
  readonly words: Words
  readonly ulp: number
}

const order = [0, 6, 1, 2, 3, 4, 5]

/** How far c1..c6 stray, in units in the last place (c6: of its upper half). */
const reach = [0, 1.5, 2, 4, 8, 32, 1]

const scale = Array.from({ length: degree + 1 }, (_, k) => 4 ** k)

/** Mulberry32, by T. Ettinger: uniform in [0, 1). */
export function uniform(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** gains[i][j]: what c_j changes by where the i-th of the order is moved by 1, in powers of x. */
function gainsOf(points: readonly Point[]): number[][] {
  const product = (i: number, j: number) =>
    points.reduce((sum, { x, ulp }) => sum + x ** (i + j) / (ulp * ulp), 0)
  return order.map((moved, i) => {
    const free = order.slice(i + 1)
    const change = solve(free.map((j) => [...free.map((k) => product(j, k)), -product(j, moved)]))
    const gains = new Array<number>(degree + 1).fill(0)
    free.forEach((j, k) => {
      gains[j] = change[k] as number
    })
    return gains
  })
}

/** A float32 word as an integer that ascends with its value, and back. */
const ordinal = (word: number) => (word >>> 31 ? -(word & 0x7fffffff) : word)
const fromOrdinal = (k: number) => (k < 0 ? (0x80000000 - k) >>> 0 : k)

/** The word nearest to value + strays units of its last place. */
function nearWord(value: number, strays: number): number {
  const nearest = Math.fround(value)
  const k = ordinal(wordOf(nearest))
  const unit = Math.abs(floatOf(fromOrdinal(k + 1)) - nearest)
  return wordOf(Math.fround(value + strays * unit))
}

/** A float32 word rounded to bfloat16, as 16 bits. */
const bfloat16 = (value: number) => ((wordOf(value) + 0x8000) >>> 16) & 0xffff

/** The word nearest to a value (off by `steps`) of those whose low half is given. */
function nearWordWithLow(value: number, low: number, steps: number): number {
  const k = Math.round((wordOf(value) - low) / 0x10000)
  return (((k + steps) << 16) | low) >>> 0
}

export class Search {
  readonly #sample: Sample
  readonly #minimax: readonly number[]
  readonly #gains: number[][]
  readonly #random: () => number
  readonly #ulp: number
  best: Candidate = { words: [], ulp: Number.POSITIVE_INFINITY }

  constructor(f: CellFunction, row: number, sample: Sample, random: () => number) {
    const points = grid(f, row, 65)
    this.#sample = sample
    this.#random = random
    this.#minimax = minimax(f, row).c
    this.#gains = gainsOf(points)
    this.#ulp = Math.min(...points.map(({ ulp }) => ulp))
  }

  /**
   * The minimax polynomial rounded one coefficient at a time with the rest refitted, each to a
   * random value near its own, by `amount` times its reach.
   */
  #rounded(amount: number): number[] {
    const c = [...this.#minimax]
    const words = new Array<number>(degree + 1).fill(0)
    let low = 0
    order.forEach((j, i) => {
      const wanted = (c[j] as number) * (scale[j] as number)
      const strays = amount * (reach[j] as number) * (2 * this.#random() - 1)
      if (j === 0) low = this.#roundFirst(wanted, words, amount)
      else if (j === degree) words[j] = nearWordWithLow(wanted, low, Math.round(strays))
      else words[j] = nearWord(wanted, strays)
      const tail = j === 0 ? floatOf(low << 16) : 0
      const moved = floatOf(words[j] as number) + tail - wanted
      this.#refit(c, i, moved / (scale[j] as number))
    })
    return words
  }

  /** Rounds c0, moved by up to a tenth of an ulp of the result, to a float and a bfloat16. */
  #roundFirst(wanted: number, words: number[], amount: number): number {
    const shifted = wanted + Math.min(amount, 1) * 0.1 * (2 * this.#random() - 1) * this.#ulp
    const first = Math.fround(shifted)
    words[0] = wordOf(first)
    return bfloat16(shifted - first)
  }

  #refit(c: number[], i: number, moved: number): void {
    const gains = this.#gains[i] as number[]
    for (let j = 0; j <= degree; j++) c[j] = (c[j] as number) + moved * (gains[j] as number)
  }

  /** The best row with one to three of its words moved by a few units. */
  #neighbour(): number[] {
    const words = [...this.best.words]
    const changes = 1 + Math.floor(3 * this.#random())
    for (let k = 0; k < changes; k++) {
      const j = 1 + Math.floor(5 * this.#random())
      const steps = Math.round((2 * this.#random() - 1) * 2 * (reach[j] as number))
      words[j] = fromOrdinal(ordinal(words[j] as number) + steps)
    }
    return words
  }

  #consider(words: number[]): boolean {
    const ulp = this.#sample.worst(coefficientsOf(words), this.best.ulp)
    if (ulp >= this.best.ulp) return false
    this.best = { words, ulp }
    return true
  }

  /** Yields each row that is better than those before. */
  *run(starts: number, steps: number): Generator<Candidate> {
    const first = [0, 0.3, 0.6, 1, 1, 1].map((amount) => this.#rounded(amount))
    this.#sample.rank(first.map(coefficientsOf), 0.02)
    for (const words of first) if (this.#consider(words)) yield this.best
    for (let k = 0; k < starts; k++) {
      if (this.#consider(this.#rounded(4 * this.#random() ** 2))) yield this.best
    }
    for (let k = 0; k < steps; k++) if (this.#consider(this.#neighbour())) yield this.best
  }
}
