// The layout of an input in the format Arrow IPC.

import { InputError } from '../errors'
import type { Layout } from '../layout'
import { ArrowFile, checkFormat, type FileBytes } from './file'
import { Messages } from './messages'
import { cutOff } from './metadata'
import { Scanner } from './scan'
import { isFile } from './start'

/** An input that is read in order, and perhaps at any place as well. */
interface Source extends Partial<FileBytes> {
  /** Reads into the buffer from position `from` until it is full or the input ends; returns the end of the bytes read. */
  fill(buffer: Uint8Array, from: number): Promise<number>
}

/**
 * Reads until the schema is known, so that a wrong column is reported before the rest arrives.
 *
 * @param buffer Memory to read into.
 * @param start The first bytes, which have been read already.
 * @param columns The names given by --column.
 */
export async function readArrow(
  source: Source,
  buffer: Uint8Array,
  start: Uint8Array,
  columns: readonly string[],
): Promise<Layout> {
  checkFormat(start)
  const { size, readAt } = source
  return isFile(start) && size !== undefined && readAt !== undefined
    ? layoutOfFile({ size, readAt }, start, columns)
    : layoutInOrder(source, buffer, start, columns)
}

async function layoutOfFile(
  bytes: FileBytes,
  start: Uint8Array,
  columns: readonly string[],
): Promise<Layout> {
  const file = await ArrowFile.open(bytes, columns)
  let position = start.length
  return {
    format: 'arrow',
    head: start,
    rest: new Uint8Array(0),
    async valuesIn(piece, isLast) {
      const values = await file.valuesIn(position, piece)
      position += piece.length
      if (isLast && position < bytes.size)
        throw new InputError(
          `the file must have all its ${bytes.size} bytes; it ends at byte ${position}. ${cutOff}`,
        )
      return values
    },
  }
}

async function layoutInOrder(
  { size, fill }: Source,
  buffer: Uint8Array,
  start: Uint8Array,
  columns: readonly string[],
): Promise<Layout> {
  const messages = new Messages({ isFile: isFile(start), size }, columns)
  const scanner = new Scanner(messages.walk())
  const head = [start]
  scanner.scan(start)
  // Metadata take memory only as they arrive, whatever length they claim.
  while (messages.columns === undefined) {
    const part = buffer.subarray(0, scanner.missing)
    const end = await fill(part, 0)
    head.push(part.slice(0, end))
    scanner.scan(part.subarray(0, end))
    if (end < part.length) scanner.end()
  }
  return {
    format: 'arrow',
    head: Buffer.concat(head),
    rest: new Uint8Array(0),
    valuesIn(bytes, isLast) {
      const values = scanner.scan(bytes)
      if (isLast) scanner.end()
      return values
    },
  }
}
