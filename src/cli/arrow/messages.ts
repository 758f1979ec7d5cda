// The messages of an Arrow IPC stream or file: which may follow which, and where the values of the chosen columns are.
// https://arrow.apache.org/docs/format/Columnar.html, "Serialization and Interprocess Communication (IPC)"

import { isDeepStrictEqual } from 'node:util'
import { MessageHeader } from 'apache-arrow/fb/message-header'
import { InputError } from '../errors'
import type { Range } from '../layout'
import { type Columns, chooseColumns } from './columns'
import { type Block, type Footer, magic, mostFooterBytes, readFooter } from './footer'
import {
  continuation,
  type Head,
  headOf,
  located,
  schemaAtStart,
  schemaOf,
  tooShort,
  valuesIn,
  wordOf,
} from './message'
import { cutOff, damaged, mostMetadata } from './metadata'
import type { Came, Walk } from './scan'
import { isSameSchema } from './schema'

/** What is known of the input before the walk. */
export interface Known {
  /** Whether it is an IPC file, which has a footer, and not a stream. */
  isFile: boolean
  /** The number of its bytes. */
  size?: number
  /** The end of a file, which was read first. */
  ending?: Ending
}

export interface Ending {
  footer: Footer
  /** Where the footer starts. */
  start: number
}

/** A file begins with the magic bytes and two that fill up. */
const fileHeadBytes = 8
/** Some libraries align the first message of a file to so many bytes. */
const widestAlignment = 64

export class Messages {
  /** Absent until the schema has been read. */
  columns: Columns | undefined
  private position = 0
  private readonly dictionaries: Block[] = []
  private readonly batches: Block[] = []

  /** Throws an InputError if there is a footer, and it does not have the columns. */
  constructor(
    private readonly known: Known,
    private readonly names: readonly string[],
  ) {
    const { ending } = known
    if (ending === undefined) return
    checkBlocks(ending.footer, ending.start)
    this.columns = chooseColumns(ending.footer.schema, names)
  }

  /** Walks through all of the input; throws an InputError where it does not fit. */
  *walk(): Walk {
    const { isFile, ending } = this.known
    if (ending && this.columns) yield* this.listed(ending, this.columns)
    else if (isFile) yield* this.file()
    else yield* this.stream()
  }

  private *stream(): Walk {
    yield* this.chain()
    const end = this.position
    const { count } = yield* this.next(1)
    if (count > 0)
      throw new InputError(
        `the stream must end with its end-of-stream marker, at byte ${end}; got more. ` +
          'If the input holds several streams, write each to a file of its own',
      )
  }

  /** A file that arrives through a pipe: its footer is compared with the batches before it. */
  private *file(): Walk {
    yield* this.next(fileHeadBytes)
    const { schema } = yield* this.chain()
    const { bytes } = yield* this.next(mostFooterBytes + 1)
    if (bytes.length > mostFooterBytes)
      throw new InputError(
        `the footer must be the last ${mostFooterBytes} bytes at most; got more after the last message. ${damaged}`,
      )
    const { schema: another, ...blocks } = readFooter(bytes)
    if (!isSameSchema(another, schema)) throw new InputError(twoSchemas)
    if (isDeepStrictEqual(blocks, { dictionaries: this.dictionaries, batches: this.batches }))
      return
    throw new InputError(
      `the footer must list the batches before it, with their places; got others. ${damaged}`,
    )
  }

  /** The messages one after the other, up to the end-of-stream marker or the end of the input. */
  private *chain(): Walk<Columns> {
    const { isFile } = this.known
    for (let head = yield* this.head(); head !== undefined; head = yield* this.head()) {
      let values: Range[] = []
      if (this.columns === undefined) {
        if (isFile && head.type !== MessageHeader.Schema) throw new InputError(noSchema)
        this.columns = chooseColumns(schemaOf(head), this.names)
      } else if (head.type === MessageHeader.DictionaryBatch) {
        this.keep(this.dictionaries, head)
      } else {
        this.keep(this.batches, head)
        values = valuesIn(head, this.columns)
      }
      yield* this.pass(head.bodyBytes, head.start, values)
    }
    if (this.columns) return this.columns
    throw new InputError(
      isFile ? noSchema : `the data must begin with a schema; got the end of the data. ${cutOff}`,
    )
  }

  /**
   * From batch to batch, as the footer lists them. All else passes: not every library frames the schema at the start as a
   * message, and fills up between messages as others do.
   */
  private *listed({ footer, start }: Ending, columns: Columns): Walk {
    const { schema, dictionaries, batches } = footer
    const first = Math.min(dictionaries[0]?.offset ?? start, batches[0]?.offset ?? start)
    const { bytes } = yield* this.next(Math.min(first, mostMetadata))
    const another = schemaAtStart(bytes.subarray(fileHeadBytes))
    if (another && !isSameSchema(another, schema)) throw new InputError(twoSchemas)
    for (const block of batches) {
      yield* this.pass(block.offset - this.position, block.offset)
      const head = yield* this.head()
      if (head === undefined || !isDeepStrictEqual(blockOf(head), block))
        throw located(
          block.offset,
          `its lengths must be those in the footer; got others. ${damaged}`,
        )
      yield* this.pass(head.bodyBytes, head.start, valuesIn(head, columns))
    }
    yield* this.pass((this.known.size ?? start) - this.position, start)
  }

  private *next(bytes: number): Walk<Came> {
    const came = yield { bytes }
    this.position += came.count
    return came
  }

  private *pass(bytes: number, start: number, values: Range[] = []): Walk {
    const { count } = yield { bytes, values }
    this.position += count
    if (count < bytes) throw tooShort(start, this.position)
  }

  /** Reads the next message's metadata. Returns nothing where the messages end. */
  private *head(): Walk<Head | undefined> {
    let start = this.position
    let length = yield* this.word(start)
    while (length === 0 && this.columns === undefined && this.mayAlign()) {
      start = this.position
      length = yield* this.word(start)
    }
    if (length === continuation) {
      length = yield* this.word(start)
      if (length === undefined) throw tooShort(start, this.position)
    }
    if (length === undefined || length === 0) return undefined
    if (length < 0 || length > mostMetadata) throw this.unreadable(start, lengthText(length))
    this.checkEnd(start, length)
    const { count, bytes } = yield* this.next(length)
    if (count < length) throw tooShort(start, this.position)
    const head = this.headOf(start, bytes)
    this.checkEnd(start, head.bodyBytes)
    return head
  }

  private mayAlign(): boolean {
    return this.known.isFile && this.position <= widestAlignment
  }

  /** The next 32-bit word, or nothing where the input ends. */
  private *word(start: number): Walk<number | undefined> {
    const { count, bytes } = yield* this.next(4)
    if (count === 0) return undefined
    if (count < 4) throw tooShort(start, this.position)
    return wordOf(bytes, 0)
  }

  private headOf(start: number, metadata: Uint8Array): Head {
    try {
      return headOf(metadata, start, this.position)
    } catch (error) {
      throw error instanceof InputError ? this.unreadable(start, error.message) : error
    }
  }

  /** The error for a message that cannot be read. The first one may not be framed as a message. */
  private unreadable(start: number, text: string): InputError {
    if (this.columns) return located(start, text)
    return new InputError(this.known.isFile ? noSchema : noMessage)
  }

  /** Keeps the place of a batch, to compare it with a footer that comes later. */
  private keep(blocks: Block[], head: Head): void {
    if (this.known.isFile) blocks.push(blockOf(head))
  }

  private checkEnd(start: number, bytes: number): void {
    const { size, ending } = this.known
    const end = ending?.start ?? size
    const needed = this.position + bytes
    if (end !== undefined && needed > end) throw tooShort(start, end, needed)
  }
}

const blockOf = ({ start, bodyStart, bodyBytes }: Head): Block => ({
  offset: start,
  metadataBytes: bodyStart - start,
  bodyBytes,
})

/** Throws an InputError if the blocks are not apart, or not before the footer. */
function checkBlocks({ dictionaries, batches }: Footer, end: number): void {
  const blocks = [...dictionaries, ...batches].sort((one, other) => one.offset - other.offset)
  let position = fileHeadBytes
  for (const { offset, metadataBytes, bodyBytes } of [...blocks, footerBlock(end)]) {
    if (offset < position)
      throw new InputError(
        `the batches that the footer lists must lie apart, and before it; got one at byte ${offset}. ${damaged}`,
      )
    position = offset + metadataBytes + bodyBytes
  }
}

const footerBlock = (offset: number): Block => ({ offset, metadataBytes: 0, bodyBytes: 0 })

const twoSchemas = `the schema in the footer must be that at the start; got another one. ${damaged}`

const noSchema =
  'a file that arrives through a pipe must have its schema at its start, as a message; got none: some libraries leave ' +
  'it out. Give the name of the file, or write the stream format'

const noMessage =
  `the data must begin with ${magic}, or with a message in the format Arrow IPC; got other bytes. ` +
  "Write them with pyarrow: feather.write_feather(table, 'x.feather', compression='uncompressed')"

const lengthText = (length: number) =>
  `its metadata must have at most ${mostMetadata} bytes; got ${length}. ${damaged}`
