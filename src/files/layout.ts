// What a layout is: it says which bytes of an input are float32 values. All others pass unchanged.

import { codeOf, InputError } from './errors'
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
  valuesIn(bytes: Uint8Array, isLast: boolean): Range[] | Promise<Range[]>
}

/** Puts the input's name at the start of errors. */
export const naming =
  (name: string) =>
  <Result>(step: () => Result): Result => {
    try {
      return step()
    } catch (error) {
      throw named(name, error)
    }
  }

/** The same for a step that takes time. */
export const namingAsync =
  (name: string) =>
  async <Result>(step: () => Result): Promise<Awaited<Result>> => {
    try {
      return await step()
    } catch (error) {
      throw named(name, error)
    }
  }

// By the code: arrow/ is bundled apart, with a class InputError of its own. Other kinds, such as a ShardsError, name the file already.
const isWithoutName = (error: unknown): error is Error =>
  /^ERR_(SOFTPLUS_INPUT|NPY_\w+)$/.test(codeOf(error))

function named(name: string, error: unknown): unknown {
  if (!isWithoutName(error)) return error
  return new InputError(`${name}: ${error.message}`, { cause: error })
}
