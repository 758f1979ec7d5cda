// Finds the values in bytes that arrive piece by piece, by a walk that asks for the next bytes.

import type { Range } from '../layout'

/**
 * What a walk does with the next bytes: it takes them, to read them, or it skips them and says where values are among
 * them, counted from the start of the input and in order.
 */
export interface Step {
  bytes: number
  values?: readonly Range[]
}

/** How many bytes arrived, fewer than the step has where the input ends; and those taken. */
export interface Arrived {
  count: number
  bytes: Uint8Array
}

const noBytes = new Uint8Array(0)

export type Walk<Result = void> = Generator<Step, Result, Arrived>

export class Scanner {
  private position = 0
  private step: Step | undefined
  /** How many bytes of the step have arrived. */
  private count = 0
  private taken: Uint8Array[] = []
  /** How many ranges of the step end before the position. */
  private finished = 0

  constructor(private readonly walk: Walk) {
    this.resume()
  }

  /** How many bytes the step still needs. */
  get missing(): number {
    return this.step ? this.step.bytes - this.count : 0
  }

  /** Goes on with the next bytes. Returns the ranges of values among them, counted from the first of these bytes. */
  scan(bytes: Uint8Array): Range[] {
    const found: Range[] = []
    if (bytes.length > 0 && !this.step) throw new Error('the walk must last as long as the input')
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + this.missing)
      if (this.step?.values) this.find(this.step.values, part.length, at, found)
      // A copy: the memory is used again for other bytes, and text in shared memory could not be decoded.
      else this.taken.push(new Uint8Array(part))
      this.position += part.length
      this.count += part.length
      at += part.length
      if (this.missing === 0) this.resume()
    }
    return found
  }

  /** Tells the walk that the input has ended. */
  end(): void {
    while (this.step) this.resume()
  }

  private resume(): void {
    do {
      const bytes = this.taken.length > 1 ? Buffer.concat(this.taken) : (this.taken[0] ?? noBytes)
      const { value, done } = this.walk.next({ count: this.count, bytes })
      this.step = done ? undefined : value
      this.count = 0
      this.taken = []
      this.finished = 0
    } while (this.step?.bytes === 0)
  }

  // Adds what of the values lies in the next `length` bytes, which the caller has from `at` on.
  private find(values: readonly Range[], length: number, at: number, found: Range[]): void {
    const end = this.position + length
    const shift = at - this.position
    for (; this.finished < values.length; this.finished++) {
      const value = values[this.finished]
      if (value.start >= end) return
      const start = Math.max(value.start, this.position)
      found.push({ start: start + shift, end: Math.min(value.end, end) + shift })
      if (value.end > end) return
    }
  }
}
