// The inputs of a cell on which candidate rows are compared. Inputs that reject many candidates come first

import type { CellFunction } from './functions'
import { cellWords, evaluate, ulpOf } from './measure'
import { centreOf, floatOf } from './table'

export class Sample {
  readonly #f: CellFunction
  readonly #n: number
  /** Inputs below this index are negative. */
  readonly #half: number
  readonly #r: Float32Array
  readonly #inverseUlp: Float64Array
  /** The exact results in units of their ulp. */
  readonly #exact: Float64Array
  #hard = new Int32Array(0)

  /** About `count` inputs of each sign. */
  constructor(f: CellFunction, row: number, count: number) {
    const all = cellWords(row)
    const stride = Math.ceil((all.last - all.first + 1) / count)
    this.#f = f
    this.#n = centreOf(row)
    this.#half = Math.floor((all.last - all.first) / stride) + 1
    const total = f.positive === f.negative ? this.#half : 2 * this.#half
    this.#r = new Float32Array(total)
    this.#inverseUlp = new Float64Array(total)
    this.#exact = new Float64Array(total)
    for (let i = 0; i < total; i++) this.#fill(i, floatOf(all.last - (i % this.#half) * stride))
  }

  #fill(i: number, magnitude: number): void {
    const exact = this.#f.exact(i < this.#half ? -magnitude : magnitude)
    this.#r[i] = -magnitude - this.#n
    this.#inverseUlp[i] = 1 / ulpOf(exact)
    this.#exact[i] = exact / ulpOf(exact)
  }

  /** The error of a row in ulp at an input, given by its index. */
  #error(c: Float32Array, i: number): number {
    const side = i < this.#half ? this.#f.negative : this.#f.positive
    const c1 = Math.fround((c[1] as number) + side.c1)
    const got = evaluate(this.#r[i] as number, c, c1, side.sign, side.offset(this.#n))
    return Math.abs(got * (this.#inverseUlp[i] as number) - (this.#exact[i] as number))
  }

  /** Puts those inputs first whose error under some of the rows is near the least maximum. */
  rank(rows: readonly Float32Array[], margin: number): void {
    const largest = new Float64Array(this.#r.length)
    let least = Number.POSITIVE_INFINITY
    for (const c of rows) {
      let worst = 0
      for (let i = 0; i < largest.length; i++) {
        const error = this.#error(c, i)
        if (error > (largest[i] as number)) largest[i] = error
        if (error > worst) worst = error
      }
      least = Math.min(least, worst)
    }
    const near = [...largest.keys()].filter((i) => (largest[i] as number) > least - margin)
    this.#hard = Int32Array.from(
      near.sort((i, j) => (largest[j] as number) - (largest[i] as number)),
    )
  }

  /** The largest error of a row, or some error of it that is not below the bound. */
  worst(c: Float32Array, bound: number): number {
    const hard = this.#hard
    for (let k = 0; k < hard.length; k++) {
      const error = this.#error(c, hard[k] as number)
      if (error >= bound) {
        this.#promote(k)
        return error
      }
    }
    let worst = 0
    for (let i = 0; i < this.#r.length; i++) {
      const error = this.#error(c, i)
      if (error >= bound) {
        this.#addHard(i)
        return error
      }
      if (error > worst) worst = error
    }
    return worst
  }

  #addHard(i: number): void {
    const hard = new Int32Array(this.#hard.length + 1)
    hard[0] = i
    hard.set(this.#hard, 1)
    this.#hard = hard
  }

  #promote(k: number): void {
    const hard = this.#hard
    const ahead = k >> 1
    ;[hard[k], hard[ahead]] = [hard[ahead] as number, hard[k] as number]
  }
}
