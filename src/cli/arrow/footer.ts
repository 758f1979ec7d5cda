// The end of an Arrow IPC file: a footer with the schema and the places of all batches, its length, and the magic bytes.

import type { Block as BlockTable } from 'apache-arrow/fb/block'
import { Footer as FooterTable } from 'apache-arrow/fb/footer'
import { InputError } from '../errors'
import { cutOff, damaged, Metadata, mostMetadata, readSize } from './metadata'
import { readSchema, type Schema } from './schema'

export const magic = Buffer.from('ARROW1')

/** The bytes after the footer: its length and the magic bytes. */
export const trailerBytes = 4 + magic.length

/** The most bytes that a footer and what follows it may have. */
export const mostFooterBytes = mostMetadata + trailerBytes

/** The place of a message, as the footer gives it. */
export interface Block {
  offset: number
  metadataBytes: number
  bodyBytes: number
}

export interface Blocks {
  dictionaries: Block[]
  batches: Block[]
}

export interface Footer extends Blocks {
  schema: Schema
}

/** How many bytes the footer has, by the bytes that end the file. */
export function footerBytes(trailer: Uint8Array): number {
  const bytes = Buffer.from(trailer)
  if (bytes.length < trailerBytes || !bytes.subarray(-magic.length).equals(magic))
    throw new InputError(
      `an Arrow file must end with ${magic}; got ${bytes.length === 0 ? 'no end' : 'other bytes'}. ` +
        cutOff,
    )
  const length = bytes.readInt32LE(bytes.length - trailerBytes)
  if (length > 0 && length <= mostMetadata) return length
  throw new InputError(
    `the footer of an Arrow file must have 1 to ${mostMetadata} bytes; got ${length}. ${damaged}`,
  )
}

/** Reads the footer at the end of these bytes. */
export function readFooter(bytes: Uint8Array): Footer {
  const length = footerBytes(bytes.subarray(-trailerBytes))
  const end = bytes.length - trailerBytes
  if (length > end)
    throw new InputError(
      `the footer must follow the last message; got one of ${length} bytes in the last ${end}. ` +
        damaged,
    )
  const table = FooterTable.getRootAsFooter(new Metadata(bytes.slice(end - length, end)))
  const schema = table.schema()
  if (schema === null)
    throw new InputError('the footer must have a schema; got none. Write the file again')
  return {
    schema: readSchema(schema),
    dictionaries: readBlocks(table.dictionariesLength(), (i) => table.dictionaries(i)),
    batches: readBlocks(table.recordBatchesLength(), (i) => table.recordBatches(i)),
  }
}

function readBlocks(count: number, blockAt: (i: number) => BlockTable | null): Block[] {
  const blocks: Block[] = []
  for (let i = 0; i < count; i++) {
    const block = blockAt(i) as BlockTable
    blocks.push({
      offset: readSize('the offset of a block', block.offset()),
      metadataBytes: readSize('the length of a block', BigInt(block.metaDataLength())),
      bodyBytes: readSize('the length of a block', block.bodyLength()),
    })
  }
  // Readers take the batches in any order that the footer has.
  return blocks.sort((one, other) => one.offset - other.offset)
}
