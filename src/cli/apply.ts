// softplus apply: applies a function to every number of the inputs, and writes the outputs.

import type { Format } from '../files/paths'
import { backend } from '../index'
import { type Input, openInput } from './io/input'
import { type Output, openOutput } from './io/output'
import type { ApplyRequest } from './options'
import { pairsOf } from './pairs'
import { startProgress } from './progress'
import { pump } from './pump'
import { printLine } from './stderr'
import { checkOptions, checkOutputName, type FileWork, type Pumped, speedOf, workOf } from './work'

/** Activates one input after the other. Prints a summary of each on stderr. */
export async function apply(request: ApplyRequest): Promise<void> {
  const work = workOf(request)
  checkOptions(work)
  for (const [input, output] of await pairsOf(request)) {
    const pumped = await applyFile(input, output, work, request.quiet)
    if (!request.quiet) printLine(summaryOf(request, input, pumped))
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
  const progress = await startProgress(input.name, input.size, quiet)
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

function summaryOf(request: ApplyRequest, input: string, pumped: Pumped): string {
  const file = request.inputs.length > 1 ? `${input}, ` : ''
  return `${file}backend ${backend.name}, ${request.function}, ${speedOf(pumped)}`
}
