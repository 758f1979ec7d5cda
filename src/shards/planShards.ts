// The plan for a file.

import type { BigIntStats } from 'node:fs'
import { type FileHandle, stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { invalidType } from '../errors'
import { attempt, InputError } from '../files/errors'
import { readFormat } from '../files/paths'
import { openFile, versionOf } from './input'
import { placesOf } from './places'
import { createPlan } from './plan'
import type { FileShardPlan, ShardOptions } from './types'

// The longest header with what comes before it.
const mostHeaderBytes = 12 + 65_535

/**
 * Plans the shards of a `.npy` or `.f32` file. Reads its header; writes nothing.
 *
 * @param input The file, which must not change until the output is complete.
 * @param output Another file, in a folder that exists. An older one is replaced when the new one is complete.
 * @throws {TypeError | RangeError} if an option has the wrong type or is out of its range, or is unknown.
 * @throws {Error} ERR_SOFTPLUS_INPUT if the input is no file of float32, the output no file, or both the same; with the
 * system's code where it refuses.
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
  if (format === 'arrow')
    throw new InputError(
      `${input} must be .npy or .f32 to be divided into shards; got Arrow IPC. Apply the function to all of it at once`,
    )
  const { file, stats } = await openFile(input)
  try {
    await checkIsNotOutput(stats, input, output)
    const start = await readStart(file, stats, input)
    const description = { format, size: Number(stats.size), version: versionOf(stats), start }
    const plan = createPlan(input, description, options)
    return { ...plan, input: absolute(input), output: absolute(output) }
  } finally {
    await file.close()
  }
}

async function readStart(file: FileHandle, { size }: BigIntStats, input: string) {
  const { buffer, bytesRead } = await attempt(`read ${input}`, () =>
    file.read(new Uint8Array(mostHeaderBytes), 0, mostHeaderBytes, 0),
  )
  // Files under /proc have content and size 0.
  if (size === 0n && bytesRead > 0)
    throw new InputError(
      `${input} must have a size to be divided into shards; got a file without. Copy it`,
    )
  return buffer.subarray(0, bytesRead)
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
