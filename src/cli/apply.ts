// softplus apply: reads a file, activates its elements in place, and writes it again.

import { backend } from '../index'
import { codeOf, InputError, UsageError } from './errors'
import { bytesOf, elementsOf } from './float32'
import { type ActivationOptions, functions } from './functions'
import { type Format, formatOfName, type Input, openInput } from './input'
import type { ApplyRequest } from './options'
import { type Output, openOutput } from './output'

/** Does what the request asks and tells so on stderr. */
export async function apply(request: ApplyRequest): Promise<void> {
  checkOptions(request)
  const input = await openInput(request.input)
  try {
    await applyTo(input, request)
  } finally {
    await input.close()
  }
}

async function applyTo(input: Input, request: ApplyRequest): Promise<void> {
  if (input.format) checkOutputName(request.output, input.format)
  const output = await openOutput(request.output)
  try {
    const summary = await activate(input, output, request)
    await output.finish()
    process.stderr.write(`softplus: ${summary}\n`)
  } catch (error) {
    await output.discard()
    throw error
  }
}

async function activate(input: Input, output: Output, request: ApplyRequest): Promise<string> {
  const contents = await input.read()
  checkOutputName(request.output, contents.format)
  const { header, floats } = elementsOf(input.name, contents)
  const started = performance.now()
  functions[request.function].apply(floats, optionsOf(request))
  const milliseconds = performance.now() - started
  await output.write([header, bytesOf(floats)])
  return summaryOf(request.function, floats.length, milliseconds)
}

function optionsOf({ beta, threshold }: ApplyRequest): ActivationOptions {
  return { ...(beta !== undefined && { beta }), ...(threshold !== undefined && { threshold }) }
}

// The package knows which values it takes; asking it with no elements leaves the rule in one place.
function checkOptions(request: ApplyRequest): void {
  try {
    functions[request.function].apply(new Float32Array(0), optionsOf(request))
  } catch (error) {
    const code = codeOf(error)
    if (code !== 'ERR_OUT_OF_RANGE' && code !== 'ERR_INVALID_ARG_VALUE') throw error
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

// The output has the input's format, so a name that says the other one would mislead.
function checkOutputName(output: string, format: Format): void {
  const named = formatOfName(output)
  if (named === undefined || named === format) return
  throw new InputError(
    `${output}: expected a name ending in .${format}, as the input's format is kept, ` +
      `got .${named}; name it .${format}`,
  )
}

function summaryOf(name: string, count: number, milliseconds: number): string {
  const what = `backend ${backend.name}, ${name}, ${count.toLocaleString('en-US')} elements`
  if (count === 0) return what
  const nanoseconds = (milliseconds * 1e6) / count
  // Every element is read once and written once.
  const gigabytes = (2 * Float32Array.BYTES_PER_ELEMENT) / nanoseconds
  return `${what}, ${nanoseconds.toFixed(2)} ns/element, ${gigabytes.toFixed(2)} GB/s`
}
