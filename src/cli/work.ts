// What is done to the inputs, in whole or in shards.

import { extname } from 'node:path'
import { activationsOf } from '../api/byName'
import type { Work } from '../api/bytes'
import { codeOf, InputError } from '../files/errors'
import { extensionsOf, type Format, formatOfName } from '../files/paths'
import * as library from '../index'
import { UsageError } from './errors'
import { functionNameOf } from './functions'
import type { ApplyRequest } from './options'

/** What is done to the values of an input. */
export interface FileWork extends Work {
  /** The columns that have them, where the input has columns. */
  columns: readonly string[]
}

export interface Pumped {
  elements: number
  /** The time that the activation took, without reading and writing. */
  milliseconds: number
}

export function workOf({
  columns,
  function: name,
  beta,
  threshold,
  threads,
}: ApplyRequest): FileWork {
  return {
    columns,
    activation: activationsOf(library)[functionNameOf(name)],
    options: { ...(beta !== undefined && { beta }), ...(threshold !== undefined && { threshold }) },
    ...(threads !== undefined && { threads }),
  }
}

// The library knows which values it takes, so the rule stays in one place: a call on an empty array asks it.
export function checkOptions({ activation, options }: FileWork): void {
  try {
    activation(new Float32Array(0), options)
  } catch (error) {
    const code = codeOf(error)
    if (code !== 'ERR_OUT_OF_RANGE' && code !== 'ERR_INVALID_ARG_VALUE') throw error
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

// The output has the input's format. A name with the other format's extension would mislead.
export function checkOutputName(output: string, format: Format): void {
  const named = formatOfName(output)
  if (named === undefined || named === format) return
  throw new InputError(
    `${output}: the name must end in ${extensionsOf(format)}, because the output has the input's format; ` +
      `got ${extname(output)}. Rename it`,
  )
}

/** How many elements, and how fast they were computed. */
export function speedOf({ elements, milliseconds }: Pumped): string {
  const what = `${elements.toLocaleString('en-US')} elements`
  if (elements === 0) return what
  const nanoseconds = (milliseconds * 1e6) / elements
  // Every element is read once and written once.
  const gigabytes = (2 * Float32Array.BYTES_PER_ELEMENT) / nanoseconds
  return `${what}, ${nanoseconds.toFixed(2)} ns/element, ${gigabytes.toFixed(2)} GB/s`
}
