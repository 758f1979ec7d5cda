// The messages of Arrow IPC that can only be read in order: a stream, or a file through a pipe. Which may follow which, and where
// the values of the chosen columns are.
// https://arrow.apache.org/docs/format/Columnar.html, "Serialization and Interprocess Communication (IPC)"

import { createHash, type Hash } from 'node:crypto'
import { MessageHeader } from 'apache-arrow/fb/message-header'
import { InputError } from '../errors'
import type { Range } from '../layout'
import { type Columns, chooseColumns } from './columns'
import { fileHeadBytes, twoSchemas } from './file'
import { type Block, footerLength, mostFooterBytes, readFooter, trailerBytes } from './footer'
import {
  checkLength,
  type Head,
  headOf,
  inMessage,
  messageAt,
  schemaOf,
  valueRanges,
} from './message'
import { cutOff, damaged } from './metadata'
import type { Arrived, Walk } from './scan'
import { isSameSchema } from './schema'
import { continuation, magic, mostMetadata, wordAt } from './start'

/** What is known of the input before the walk. */
export interface InputFacts {
  /** Whether it is an IPC file, which has a footer, and not a stream. */
  isFile: boolean
  /** The number of its bytes. */
  size?: number
}

/** Some libraries align the first message of a file to so many bytes. */
const widestAlignment = 64

export class Messages {
  /** Absent until the schema has been read. */
  columns: Columns | undefined
  private position = 0
  /** Of the places of the batches, to compare them with a footer that comes later. */
  private readonly hash = createHash('sha256')

  constructor(
    private readonly facts: InputFacts,
    private readonly names: readonly string[],
  ) {}

  /** Walks through all of the input; throws an InputError where it does not fit. */
  *walk(): Walk {
    if (this.facts.isFile) yield* this.walkPipedFile()
    else yield* this.walkStream()
  }

  private *walkStream(): Walk {
    yield* this.walkInOrder()
    const end = this.position
    const { count } = yield* this.next(1)
    if (count > 0)
      throw new InputError(
        `the stream must end with its end-of-stream marker, at byte ${end}; got more. ` +
          'If the input holds several streams, write each to a file of its own',
      )
  }

  /** A file that can only be read in order: its footer is compared with the batches before it. */
  private *walkPipedFile(): Walk {
    yield* this.next(fileHeadBytes)
    const { schema } = yield* this.walkInOrder()
    const { bytes } = yield* this.next(mostFooterBytes + 1)
    if (bytes.length > mostFooterBytes)
      throw new InputError(
        `the footer must have at most ${mostMetadata} bytes; got more after the last message. ` +
          'Write larger batches, or the stream format, which has no footer',
      )
    const end = bytes.length - trailerBytes
    const start = end - footerLength(bytes.subarray(-trailerBytes), end)
    const footer = readFooter(bytes.subarray(start, end))
    if (!isSameSchema(footer.schema, schema)) throw new InputError(twoSchemas)
    const hash = createHash('sha256')
    for (const block of footer.blocks()) addTo(hash, block)
    if (hash.digest().equals(this.hash.digest())) return
    throw new InputError(
      `the footer must list the batches before it, with their places; got others. ${damaged}`,
    )
  }

  /** The messages one after the other, up to the end-of-stream marker or the end of the input. */
  private *walkInOrder(): Walk<Columns> {
    const { isFile } = this.facts
    for (let head = yield* this.head(); head !== undefined; head = yield* this.head()) {
      let values: Range[] = []
      if (this.columns === undefined) {
        if (isFile && head.type !== MessageHeader.Schema) throw new InputError(noSchema)
        this.columns = chooseColumns(schemaOf(head), this.names)
      } else {
        if (isFile) addTo(this.hash, blockOf(head))
        if (head.type !== MessageHeader.DictionaryBatch) values = valueRanges(head, this.columns)
      }
      yield* this.skip(head.bodyBytes, messageAt(head.start), values)
    }
    if (this.columns) return this.columns
    throw new InputError(
      isFile ? noSchema : `the input must begin with a schema; got its end. ${cutOff}`,
    )
  }

  private *next(bytes: number): Walk<Arrived> {
    const arrived = yield { bytes }
    this.position += arrived.count
    return arrived
  }

  /** The next bytes, all of which must be there. */
  private *take(length: number, what: string): Walk<Uint8Array> {
    const { count, bytes } = yield* this.next(length)
    if (count < length) throw endsEarly(what, this.position)
    return bytes
  }

  /** Goes beyond the next bytes, all of which must be there. */
  private *skip(bytes: number, what: string, values: Range[] = []): Walk {
    const { count } = yield { bytes, values }
    this.position += count
    if (count < bytes) throw endsEarly(what, this.position)
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
      if (length === undefined) throw endsEarly(messageAt(start), this.position)
    }
    if (length === undefined || length === 0) return undefined
    const metadataBytes = length
    this.read(start, () => checkLength(metadataBytes))
    this.checkEnd(start, metadataBytes)
    const metadata = yield* this.take(metadataBytes, messageAt(start))
    const head = this.read(start, () => headOf(metadata, start, this.position))
    this.checkEnd(start, head.bodyBytes)
    return head
  }

  private mayAlign(): boolean {
    return this.facts.isFile && this.position <= widestAlignment
  }

  /** The next 32-bit word, or nothing where the input ends. */
  private *word(start: number): Walk<number | undefined> {
    const { count, bytes } = yield* this.next(4)
    if (count === 0) return undefined
    if (count < 4) throw endsEarly(messageAt(start), this.position)
    return wordAt(bytes, 0)
  }

  /** Reads a message by a step that may fail: the first one may not be framed as a message. */
  private read<Result>(start: number, step: () => Result): Result {
    if (this.columns) return inMessage(start)(step)
    try {
      return step()
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      throw new InputError(this.facts.isFile ? noSchema : noMessage)
    }
  }

  private checkEnd(start: number, bytes: number): void {
    const { size } = this.facts
    if (size !== undefined && this.position + bytes > size) throw endsEarly(messageAt(start), size)
  }
}

const endsEarly = (what: string, end: number) =>
  new InputError(`${what} must have all its bytes; the input ends at byte ${end}. ${cutOff}`)

const blockOf = ({ type, start, bodyStart, bodyBytes }: Head): Block => ({
  isDictionary: type === MessageHeader.DictionaryBatch,
  offset: start,
  metadataBytes: bodyStart - start,
  bodyBytes,
})

/** Adds a place to a hash of all, which takes no more memory for more of them. */
function addTo(hash: Hash, { isDictionary, offset, metadataBytes, bodyBytes }: Block): void {
  hash.update(`${isDictionary} ${offset} ${metadataBytes} ${bodyBytes},`)
}

const noSchema =
  'a file on standard input, or from a FIFO, must have its schema at its start, as a message; got none: some libraries ' +
  'leave it out. Give the name of the file, or write the stream format'

const noMessage =
  `the input must begin with ${magic}, or with a message in the format Arrow IPC; got other bytes. ` +
  "Write the table with pyarrow: feather.write_feather(table, 'x.feather', compression='uncompressed')"
