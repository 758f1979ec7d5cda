// Which input goes to which output, and that no two of them are one file.

import type { BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { InputError } from '../files/errors'
import { followLinks, isFolder } from '../files/paths'
import { UsageError } from './errors'
import type { ApplyRequest } from './options'

export type Pair = [input: string, output: string]

/** The inputs with their outputs. Throws a UsageError or an InputError if one file would be used twice. */
export async function pairsOf(request: ApplyRequest): Promise<Pair[]> {
  const pairs = namedPairs(request)
  if (request.inPlace) await checkAreFiles(request.inputs)
  if (pairs.length > 1) await checkAreDifferent(pairs, request.inPlace)
  return pairs
}

function namedPairs({ inputs, output, inPlace }: ApplyRequest): Pair[] {
  if (inPlace) return inputs.map((input) => [input, input])
  if (!isFolder(output)) return [[inputs[0], output]]
  const names = inputs.map((input) => basename(input))
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined)
    throw new UsageError(
      `INPUTs must have different names with -o ${output}; got ${twice} twice. Use another DIR/ for one of them`,
    )
  // Not path.join: it drops `link/..`, but the system follows the link first.
  return inputs.map((input, i) => [input, `${output}${names[i]}`])
}

// A directory is refused later, when it is read.
async function checkAreFiles(inputs: string[]): Promise<void> {
  for (const input of inputs) {
    const stats = await statOrUndefined(input)
    if (stats === undefined || stats.isFile() || stats.isDirectory()) continue
    const kind = stats.isFIFO() ? 'FIFO' : stats.isSocket() ? 'socket' : 'device'
    throw new InputError(
      `${input} must be a file with --in-place; got a ${kind}. Name an output with -o`,
    )
  }
}

// A file that is written twice, or read after it was written, would have the function applied twice.
async function checkAreDifferent(pairs: Pair[], inPlace: boolean): Promise<void> {
  const remedy = inPlace ? 'Name each file once' : 'Name another OUTPUT'
  const writers = new Map<string, number>()
  for (const [i, [, output]] of pairs.entries()) {
    const id = await idOf(output)
    if (id === undefined) continue
    const other = writers.get(id)
    if (other !== undefined) throw sharedFile(pairs[other][1], output, remedy)
    writers.set(id, i)
  }
  for (const [i, [input]] of pairs.entries()) {
    const id = await idOf(input)
    const writer = id === undefined ? undefined : writers.get(id)
    if (writer !== undefined && writer !== i) throw sharedFile(pairs[writer][1], input, remedy)
  }
}

function sharedFile(one: string, other: string, remedy: string): UsageError {
  return new UsageError(
    `INPUTs and OUTPUTs must be different files; got ${one} and ${other}, which are the same file. ${remedy}`,
  )
}

// Identifies a file. Devices and FIFOs are not identified, because they can take several results.
async function idOf(path: string): Promise<string | undefined> {
  const stats = await statOrUndefined(path)
  if (stats) return stats.isFile() ? fileId(stats) : undefined
  return idOfNewFile(path)
}

// A file that does not exist yet is identified by its folder and its name. Several links can lead to it.
async function idOfNewFile(path: string): Promise<string | undefined> {
  try {
    const target = await followLinks(path, false)
    const folder = await statOrUndefined(dirname(target))
    return folder && `${fileId(folder)}/${basename(target)}`
  } catch (error) {
    if (error instanceof InputError) throw error
    // Opening it will report the error.
    return undefined
  }
}

const fileId = ({ dev, ino }: BigIntStats) => `${dev}:${ino}`

// Opening it will report the error.
async function statOrUndefined(path: string): Promise<BigIntStats | undefined> {
  return stat(path, { bigint: true }).catch(() => undefined)
}
