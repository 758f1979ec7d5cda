// Where the shards of an output are gathered until it is complete, and where it is recorded what made it.

import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { codeOf, InputError } from '../files/errors'
import { checkNoDirectory, followLinks } from '../files/paths'

export interface Places {
  /** The output in messages. */
  name: string
  /** The output, at the end of all symbolic links. */
  output: string
  /** Its folder. Files can only be renamed on one disk, so all that is written is in here. */
  folder: string
  /** The permission bits that the output gets. */
  mode: number
  /** A folder with the part file and the marks, as long as a run lasts. */
  runFolder: string
  /** A file that says which run the output is from. */
  record: string
}

/** Throws an InputError if the output is neither a file nor a free name. */
export async function placesOf(output: string): Promise<Places> {
  const existing = await existingFile(output)
  const target = await followLinks(output, existing !== undefined)
  const folder = dirname(target)
  const hidden = `${folder}/.${shortened(basename(target))}.shards`
  const mode = existing ? existing.mode & 0o777 : 0o666 & ~process.umask()
  return { name: output, output: target, folder, mode, runFolder: hidden, record: `${hidden}.json` }
}

async function existingFile(output: string) {
  try {
    const existing = await stat(output)
    checkNoDirectory(`write ${output}`, existing)
    if (existing.isFile()) return existing
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  throw new InputError(
    `${output} must be a file when it is written in shards; got a FIFO, a socket or a device. Name another OUTPUT`,
  )
}

// A name has at most 255 bytes on most file systems, and the names here are longer by up to 24.
const longestName = 230

const shortened = (name: string) =>
  Buffer.byteLength(name) <= longestName ? name : createHash('sha256').update(name).digest('hex')
