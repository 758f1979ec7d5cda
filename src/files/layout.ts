// What a layout is: it says which bytes of an input are float32 values. All others pass unchanged.

import { InputError } from './errors'
import type { Format } from './paths'

/** A range of bytes. */
export interface Range {
  start: number
  end: number
}

export interface Layout {
  format: Format
  /** The bytes at the start of the input that were read already, and have no values. */
  head: Uint8Array
  /** The bytes after them that were read already. */
  rest: Uint8Array
  /**
   * Takes the next bytes after the head. Returns the ranges of values among them, in order, apart, and counted from the
   * first of these bytes. Each begins and ends at a multiple of 4 bytes from the head. Throws an InputError if the input
   * cannot have these bytes, or, where they are the last, cannot end with them.
   */
  valuesIn(bytes: Uint8Array, isLast: boolean): Range[]
}

/** Puts the input's name at the start of errors. */
export const naming =
  (name: string) =>
  <Result>(step: () => Result): Result => {
    try {
      return step()
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      throw new InputError(`${name}: ${error.message}`, { cause: error })
    }
  }
