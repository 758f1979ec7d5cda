// An Arrow IPC file that can be read at any place: its footer, and where values are in any of its bytes.

import { InputError } from '../errors'
import type { Range } from '../layout'
import { type Columns, chooseColumns } from './columns'
import { type Block, type Footer, footerLength, readFooter, trailerBytes } from './footer'
import { checkLength, inMessage, schemaAtStart, valueRangesAt } from './message'
import { cutOff, damaged } from './metadata'
import { isSameSchema } from './schema'
import { isFeather1, isFile, isParquet, magic, mostMetadata } from './start'

/** What can be read at any place. */
export interface FileBytes {
  /** How many there are. */
  size: number
  /** Reads up to `length` bytes from a position on. */
  readAt(position: number, length: number): Promise<Uint8Array>
}

/** A file begins with the magic bytes and two that fill up. */
export const fileHeadBytes = 8

export class ArrowFile {
  /** The place of the batch that was read last, and its ranges. It may go on for many pieces. */
  private last: { offset: number; values: Range[] } | undefined

  private constructor(
    private readonly file: FileBytes,
    private readonly footer: Footer,
    private readonly columns: Columns,
  ) {}

  /**
   * Reads the footer, which has the schema and the places of all batches. Throws an InputError if they do not fit, or if
   * the schema does not have these columns.
   */
  static async open(file: FileBytes, names: readonly string[]): Promise<ArrowFile> {
    const { footer, start } = await readEnd(file)
    checkBlocks(footer, start)
    const columns = chooseColumns(footer.schema, names)
    const first = footer.blocks().next().value?.offset ?? start
    const bytes = await file.readAt(0, Math.min(first, mostMetadata))
    const another = schemaAtStart(bytes.subarray(fileHeadBytes))
    if (another && !isSameSchema(another, footer.schema)) throw new InputError(twoSchemas)
    return new ArrowFile(file, footer, columns)
  }

  /**
   * The ranges of values among the bytes that were read from `start` on, in order, and counted from the first of these bytes.
   * Throws an InputError if a batch that has any of these bytes is not as it should be.
   */
  async valuesIn(start: number, bytes: Uint8Array): Promise<Range[]> {
    const end = start + bytes.length
    const found: Range[] = []
    for (const block of this.footer.blocks(start)) {
      if (block.offset >= end) break
      if (block.isDictionary || endOf(block) <= start) continue
      for (const value of await this.valuesOf(block, start, bytes)) {
        const from = Math.max(value.start, start)
        const to = Math.min(value.end, end)
        if (from < to) found.push({ start: from - start, end: to - start })
      }
    }
    return found
  }

  /** Throws an InputError if the first batch is not as it should be: where it is compressed, all are. */
  async checkFirstBatch(): Promise<void> {
    for (const block of this.footer.blocks()) {
      if (block.isDictionary) continue
      await this.valuesOf(block, 0, new Uint8Array(0))
      break
    }
  }

  /** The ranges of a batch. Its metadata may be among the bytes from `start` on. */
  private async valuesOf(block: Block, start: number, bytes: Uint8Array): Promise<Range[]> {
    const { offset, metadataBytes } = block
    if (this.last?.offset === offset) return this.last.values
    const from = offset - start
    const isThere = from >= 0 && from + metadataBytes <= bytes.length
    const metadata = isThere
      ? bytes.subarray(from, from + metadataBytes)
      : await this.file.readAt(offset, metadataBytes)
    const values = valueRangesAt(block, metadata, this.columns)
    this.last = { offset, values }
    return values
  }
}

/** Throws an InputError if the first bytes are those of a similar format. */
export function checkFormat(start: Uint8Array): void {
  if (isFeather1(start))
    throw new InputError(
      'a Feather file must have version 2, which is the format Arrow IPC; got version 1. Write it again with pyarrow: ' +
        "feather.write_feather(feather.read_table('x.feather'), 'y.feather', compression='uncompressed')",
    )
  if (isParquet(start))
    throw new InputError(
      'the input must be in the format Arrow IPC; got Parquet. Activate it with DuckDB, as docs/pipelines.md shows',
    )
}

/** Throws an InputError unless the first bytes are those of a file, which can be divided. */
export function checkIsFile(start: Uint8Array): void {
  checkFormat(start)
  if (isFile(start)) return
  if (start.length < fileHeadBytes)
    throw new InputError(
      `an Arrow file must begin with ${magic}; got ${start.length} bytes. ${cutOff}`,
    )
  throw new InputError(
    `the input must be an Arrow IPC file, which begins with ${magic}, to be divided into shards; got a stream, or other bytes. ` +
      'Apply the function to all of it at once, or write a file, with pyarrow: ' +
      "feather.write_feather(ipc.open_stream('x.arrows').read_all(), 'x.arrow', compression='uncompressed')",
  )
}

/** Reads the footer: it has the schema, also where the start has none. Returns it with the place where it starts. */
async function readEnd({ size, readAt }: FileBytes): Promise<{ footer: Footer; start: number }> {
  const end = Math.max(size - trailerBytes, 0)
  const start = end - footerLength(await readAt(end, trailerBytes), end)
  return { footer: readFooter(await readAt(start, end - start)), start }
}

/** Throws an InputError if the batches are not apart, or not before the footer, or have too much metadata. */
function checkBlocks(footer: Footer, footerStart: number): void {
  let position = fileHeadBytes
  for (const block of footer.blocks()) {
    const { offset, metadataBytes } = block
    inMessage(offset)(() => checkLength(metadataBytes))
    checkApart(position, offset)
    position = endOf(block)
  }
  checkApart(position, footerStart)
}

const endOf = ({ offset, metadataBytes, bodyBytes }: Block) => offset + metadataBytes + bodyBytes

function checkApart(end: number, next: number): void {
  if (next >= end) return
  throw new InputError(
    `the batches that the footer lists must lie apart, and before it; got one that ends at byte ${end}, ` +
      `after byte ${next}. ${damaged}`,
  )
}

export const twoSchemas = `the schema in the footer must be that at the start; got another one. ${damaged}`
