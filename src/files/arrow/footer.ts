// The end of an Arrow IPC file: a footer with the schema and the places of all batches, its length, and the magic bytes.

import { Block as BlockTable } from 'apache-arrow/fb/block'
import { Footer as FooterTable } from 'apache-arrow/fb/footer'
import { InputError } from '../errors'
import { cutOff, damaged, Metadata, readSize } from './metadata'
import { readSchema, type Schema } from './schema'
import { magic, mostMetadata } from './start'

/** The bytes after the footer: its length and the magic bytes. */
export const trailerBytes = 4 + magic.length

/** The most bytes that a footer and what follows it may have. */
export const mostFooterBytes = mostMetadata + trailerBytes

/** The place of a batch. */
export interface Block {
  /** Whether it is a dictionary batch, not a record batch. */
  isDictionary: boolean
  /** Where its message starts, in bytes from the start of the file. */
  offset: number
  /** The bytes of its metadata with those before them, which give their length. */
  metadataBytes: number
  bodyBytes: number
}

export interface Footer {
  schema: Schema
  /**
   * The places in the order of their offsets; with `from`, those alone that may have this byte or later ones. Each is read when
   * it is asked for: there may be 700,000.
   */
  blocks(from?: number): Generator<Block, void>
}

/**
 * How many bytes the footer has, by the bytes that end the file.
 *
 * @param room How many bytes there are for it.
 */
export function footerLength(trailer: Uint8Array, room: number): number {
  const bytes = Buffer.from(trailer)
  if (bytes.length < trailerBytes || !bytes.subarray(-magic.length).equals(magic))
    throw new InputError(
      `an Arrow file must end with its footer and ${magic}; got another end. ${cutOff}`,
    )
  const length = bytes.readInt32LE(bytes.length - trailerBytes)
  if (length <= 0 || length > room)
    throw new InputError(
      `the footer must have 1 to ${room} bytes, as many as there are; got ${length}. ${damaged}`,
    )
  if (length > mostMetadata)
    throw new InputError(
      `the footer must have at most ${mostMetadata} bytes; got ${length}. ` +
        'Write larger batches, or the stream format, which has no footer',
    )
  return length
}

/** Reads the footer, which has exactly these bytes. */
export function readFooter(bytes: Uint8Array): Footer {
  const table = FooterTable.getRootAsFooter(new Metadata(bytes))
  const schema = table.schema()
  if (schema === null)
    throw new InputError('the footer must have a schema; got none. Write the file again')
  return { schema: readSchema(schema), blocks: blockReader(table) }
}

function blockReader(table: FooterTable): Footer['blocks'] {
  const dictionaries = table.dictionariesLength()
  const count = dictionaries + table.recordBatchesLength()
  const block = new BlockTable()
  const offsetOf = (i: number) => {
    if (i < dictionaries) table.dictionaries(i, block)
    else table.recordBatches(i - dictionaries, block)
    return readSize('the offset of a block', block.offset())
  }
  const offsets: number[] = []
  for (let i = 0; i < count; i++) offsets.push(offsetOf(i))
  // Readers take the batches in any order that the footer has.
  const order = [...offsets.keys()].sort((one, other) => offsets[one] - offsets[other])
  return function* (from = 0) {
    for (let at = lastUpTo(from); at < count; at++) {
      const i = order[at]
      yield {
        offset: offsetOf(i),
        isDictionary: i < dictionaries,
        metadataBytes: readSize('the length of a block', BigInt(block.metaDataLength())),
        bodyBytes: readSize('the length of a block', block.bodyLength()),
      }
    }
  }

  /** The last batch that starts at this byte or before it, by its place in the order; or the first. */
  function lastUpTo(byte: number): number {
    let low = 0
    let high = count
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (offsets[order[middle]] <= byte) low = middle
      else high = middle
    }
    return low
  }
}
