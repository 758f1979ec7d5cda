// The plan for a file.

import type { BigIntStats } from 'node:fs'
import { type FileHandle, stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { invalidType } from '../errors'
import { attempt, InputError } from '../files/errors'
import { namingAsync } from '../files/layout'
import { readFormat } from '../files/paths'
import { openFile, readBytes, versionOf } from './input'
import { placesOf } from './places'
import { createPlan, headerBytesOf, readOptions } from './plan'
import type { FileShardPlan, ShardOptions } from './types'
import { openArrow } from './values'

// The longest header with what comes before it.
const mostHeaderBytes = 12 + 65_535

/**
 * Plans the shards of a `.npy` or `.f32` file, or of columns of an Arrow IPC file. Reads its header, or its footer and its first
 * batch; writes nothing.
 *
 * @param input The file, which must not change until the output is complete.
 * @param output Another file, in a folder that exists. An older one is replaced when the new one is complete.
 * @throws {TypeError | RangeError} if an option has the wrong type or is out of its range, or is unknown.
 * @throws {Error} ERR_SOFTPLUS_INPUT if the input is no file of float32, or has not the columns, the output is no file, or both
 * are the same; with the system's code where it refuses.
 *
 * @example
 * const plan = await planShards('x.npy', 'y.npy', { shards: 16, function: 'derivative' })
 */
export async function planShards(
  input: string,
  output: string,
  options: ShardOptions,
): Promise<FileShardPlan> {
  for (const [name, path] of Object.entries({ input, output }))
    if (typeof path !== 'string') throw invalidType(name, 'a path', path)
  const format = readFormat(input)
  const read = readOptions(options)
  const { file, stats } = await openFile(input)
  try {
    await checkIsNotOutput(stats, input, output)
    const start = await readStart(file, stats, input)
    const size = Number(stats.size)
    let headerBytes = 0
    if (format === 'arrow') await checkArrow(input, { file, size, start }, read.columns)
    else headerBytes = headerBytesOf(input, { format, size, start }, read.columns)
    const plan = createPlan({ format, size, version: versionOf(stats), headerBytes }, read)
    return { ...plan, input: absolute(input), output: absolute(output) }
  } finally {
    await file.close()
  }
}

async function readStart(file: FileHandle, { size }: BigIntStats, input: string) {
  const start = await readBytes(input, file, new Uint8Array(mostHeaderBytes), 0)
  // Files under /proc have content and size 0.
  if (size === 0n && start.length > 0)
    throw new InputError(
      `${input} must have a size to be divided into shards; got a file without. Copy it`,
    )
  return start
}

async function checkArrow(
  input: string,
  { file, size, start }: { file: FileHandle; size: number; start: Uint8Array },
  columns: readonly string[],
): Promise<void> {
  const { checkIsFile } = await import('../files/arrow/ipc')
  await namingAsync(input)(() => checkIsFile(start))
  const readAt = (position: number, length: number) =>
    readBytes(input, file, new Uint8Array(length), position)
  await (await openArrow(input, { size, readAt }, columns)).checkFirstBatch()
}

// A process that came late would take the results for an input that has changed.
async function checkIsNotOutput({ dev, ino }: BigIntStats, input: string, output: string) {
  const places = await attempt(`write ${output}`, () => placesOf(output))
  const found = await stat(places.output, { bigint: true }).catch(() => undefined)
  if (found?.dev === dev && found.ino === ino)
    throw new InputError(
      `INPUT and OUTPUT must be different files when they are divided into shards; got ${input} and ${output}, ` +
        'which are the same file. Name another OUTPUT',
    )
}

// Not path.resolve: it drops `link/..`, but the system follows the link first.
const absolute = (path: string) => (isAbsolute(path) ? path : `${process.cwd()}/${path}`)
