// softplus apply: applies a function to every number of the inputs, and writes the outputs.

import { extname } from 'node:path'
import { activationsOf } from '../api/byName'
import * as library from '../index'
import { codeOf, InputError, UsageError } from './errors'
import { functionNameOf } from './functions'
import { type Input, openInput } from './io/input'
import { type Output, openOutput } from './io/output'
import { extensionsOf, type Format, formatOfName } from './io/paths'
import type { ApplyRequest } from './options'
import { pairsOf } from './pairs'
import { startProgress } from './progress'
import { type FileWork, type Pumped, pump } from './pump'
import { printLine } from './stderr'

/** Activates one input after the other. Prints a summary of each on stderr. */
export async function apply(request: ApplyRequest): Promise<void> {
  const work = workOf(request)
  checkOptions(work)
  for (const [input, output] of await pairsOf(request)) {
    const pumped = await applyFile(input, output, work, request.quiet)
    if (!request.quiet) printLine(summaryOf(request, input, pumped))
  }
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

async function applyFile(
  inputPath: string,
  outputPath: string,
  work: FileWork,
  quiet: boolean,
): Promise<Pumped> {
  const input = await openInput(inputPath)
  try {
    if (input.format) checkOutputName(outputPath, input.format)
    const output = await openOutput(outputPath)
    return await applyTo(input, output, outputPath, work, quiet)
  } finally {
    await input.close()
  }
}

async function applyTo(
  input: Input,
  output: Output,
  outputPath: string,
  work: FileWork,
  quiet: boolean,
): Promise<Pumped> {
  const progress = startProgress(input.name, input.size, quiet)
  try {
    const checkFormat = (format: Format) => checkOutputName(outputPath, format)
    const pumped = await pump(input, output, work, progress, checkFormat)
    // Close the input first: Windows cannot replace an open file.
    await input.close()
    await output.finish()
    return pumped
  } catch (error) {
    await output.discard()
    throw error
  } finally {
    progress.stop()
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

function summaryOf(request: ApplyRequest, input: string, pumped: Pumped): string {
  const file = request.inputs.length > 1 ? `${input}, ` : ''
  return `${file}backend ${library.backend.name}, ${request.function}, ${speedOf(pumped)}`
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
