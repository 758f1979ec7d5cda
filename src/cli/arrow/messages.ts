// The messages of an Arrow IPC stream or file: which may follow which, and where the values of the chosen columns are.
// https://arrow.apache.org/docs/format/Columnar.html, "Serialization and Interprocess Communication (IPC)"

import { isDeepStrictEqual } from 'node:util'
import { Message } from 'apache-arrow/fb/message'
import { MessageHeader } from 'apache-arrow/fb/message-header'
import { RecordBatch } from 'apache-arrow/fb/record-batch'
import { Schema as SchemaTable } from 'apache-arrow/fb/schema'
import { InputError } from '../errors'
import type { Range } from '../layout'
import { rangesOf } from './batch'
import { type Columns, chooseColumns } from './columns'
import { type Block, type Footer, magic, mostFooterBytes, readFooter } from './footer'
import { cutOff, damaged, Metadata, mostMetadata, readSize } from './metadata'
import type { Came, Walk } from './scan'
import { isSameSchema, readSchema, type Schema } from './schema'

/** What is known of the input before the walk. */
export interface Known {
  /** Whether it is an IPC file, which has a footer, and not a stream. */
  isFile: boolean
  /** The number of its bytes. */
  size?: number
  /** The end of a file, which was read first. */
  ending?: { footer: Footer; start: number }
}

/** A message, read but for its body. */
interface Head {
  message: Message
  start: number
  metadataBytes: number
  bodyBytes: number
}

const continuation = -1
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
    if (ending) yield* this.listed(ending.footer, ending.start)
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
    for (let head = yield* this.head(); head !== undefined; head = yield* this.head()) {
      if (this.columns) {
        yield* this.pass(head.bodyBytes, head.start, this.valuesIn(head, this.columns))
      } else {
        this.columns = chooseColumns(schemaOf(head), this.names)
        yield* this.pass(head.bodyBytes, head.start)
      }
    }
    if (this.columns) return this.columns
    throw new InputError(`the data must begin with a schema; got the end of the data. ${cutOff}`)
  }

  /**
   * From batch to batch, as the footer lists them. All else passes: not every library frames the schema at the start as a
   * message, and fills up between messages as others do.
   */
  private *listed(footer: Footer, end: number): Walk {
    const { schema, dictionaries, batches } = footer
    const { columns, known } = this
    const first = Math.min(dictionaries[0]?.offset ?? end, batches[0]?.offset ?? end)
    const { bytes } = yield* this.next(Math.min(first, mostMetadata))
    const another = schemaAtStart(bytes.subarray(fileHeadBytes))
    if (another && !isSameSchema(another, schema)) throw new InputError(twoSchemas)
    for (const block of batches) {
      yield* this.pass(block.offset - this.position, block.offset)
      const head = yield* this.head()
      if (head?.metadataBytes !== block.metadataBytes || head.bodyBytes !== block.bodyBytes)
        throw located(
          block.offset,
          `its lengths must be those in the footer; got others. ${damaged}`,
        )
      yield* this.pass(head.bodyBytes, head.start, this.valuesIn(head, columns as Columns))
    }
    yield* this.pass((known.size ?? 0) - this.position, end)
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

  private headOf(start: number, bytes: Uint8Array): Head {
    const { position } = this
    try {
      if (position % Float32Array.BYTES_PER_ELEMENT !== 0)
        throw new InputError(
          `its metadata must end at a multiple of 4 bytes; got byte ${position}. ${damaged}`,
        )
      const message = Message.getRootAsMessage(new Metadata(bytes))
      const bodyBytes = readSize('the length of its body', message.bodyLength())
      return { message, start, metadataBytes: position - start, bodyBytes }
    } catch (error) {
      throw error instanceof InputError ? this.unreadable(start, error.message) : error
    }
  }

  /** The error for a message that cannot be read. The first one may not be framed as a message. */
  private unreadable(start: number, text: string): InputError {
    if (this.columns) return located(start, text)
    return new InputError(this.known.isFile ? noSchema : noMessage)
  }

  /** The ranges of values in the message's body. Keeps the places of batches in a file, to compare them with its footer. */
  private valuesIn(head: Head, columns: Columns): Range[] {
    const { message, start: offset, metadataBytes, bodyBytes } = head
    return locating(offset, () => {
      const { version } = columns.schema
      if (message.version() !== version)
        throw new InputError(
          `its version must be that of the schema, ${version + 1}; got ${message.version() + 1}. ${damaged}`,
        )
      const block = { offset, metadataBytes, bodyBytes }
      const type = message.headerType()
      if (type === MessageHeader.DictionaryBatch) {
        if (this.known.isFile) this.dictionaries.push(block)
        return []
      }
      if (type !== MessageHeader.RecordBatch)
        throw new InputError(`it must be a batch; got ${typeText(type)}`)
      if (this.known.isFile) this.batches.push(block)
      const batch: RecordBatch | null = message.header(new RecordBatch())
      if (batch === null) throw new InputError(`it must have a header; got none. ${damaged}`)
      return rangesOf(batch, columns, this.position, bodyBytes)
    })
  }

  private checkEnd(start: number, bytes: number): void {
    const { size, ending } = this.known
    const end = ending?.start ?? size
    const needed = this.position + bytes
    if (end !== undefined && needed > end) throw tooShort(start, end, needed)
  }
}

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

function schemaOf({ message, start }: Pick<Head, 'message' | 'start'>): Schema {
  return locating(start, () => {
    const type = message.headerType()
    const table: SchemaTable | null = message.header(new SchemaTable())
    if (type !== MessageHeader.Schema || table === null)
      throw new InputError(`it must be the schema; got ${typeText(type)}`)
    return readSchema(table, message.version())
  })
}

/** The schema that begins these bytes, after zeros that may fill up, if it is there as a message. */
function schemaAtStart(bytes: Uint8Array): Schema | undefined {
  let start = 0
  while (start + 8 < bytes.length && wordOf(bytes, start) === 0) start += 4
  if (start + 8 > bytes.length) return undefined
  if (wordOf(bytes, start) === continuation) start += 4
  try {
    const metadata = bytes.slice(start + 4, start + 4 + wordOf(bytes, start))
    return schemaOf({ message: Message.getRootAsMessage(new Metadata(metadata)), start })
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

const wordOf = (bytes: Uint8Array, at: number) =>
  new DataView(bytes.buffer, bytes.byteOffset + at, 4).getInt32(0, true)

const names: Partial<Record<MessageHeader, string>> = {
  [MessageHeader.Schema]: 'a schema. Write each table to a file of its own',
  [MessageHeader.DictionaryBatch]: 'a dictionary batch',
  [MessageHeader.RecordBatch]: 'a record batch',
  [MessageHeader.Tensor]: 'a tensor. Write it with numpy.save',
  [MessageHeader.SparseTensor]: 'a sparse tensor',
}

const typeText = (type: MessageHeader) => names[type] ?? `type ${type}. ${damaged}`

const twoSchemas = `the schema in the footer must be that at the start; got another one. ${damaged}`

const noSchema =
  'a file that arrives through a pipe must have its schema at its start, as a message; got none: some libraries leave ' +
  'it out. Give the name of the file, or write the stream format'

const noMessage =
  `the data must begin with ${magic}, or with a message in the format Arrow IPC; got other bytes. ` +
  "Write them with pyarrow: feather.write_feather(table, 'x.feather', compression='uncompressed')"

const lengthText = (length: number) =>
  `its metadata must have at most ${mostMetadata} bytes; got ${length}. ${damaged}`

const tooShort = (start: number, got: number, needed?: number) =>
  located(
    start,
    `it must end ${needed === undefined ? 'later' : `at byte ${needed}`}; got the end of the data at byte ${got}. ${cutOff}`,
  )

const located = (start: number, text: string) =>
  new InputError(`the message at byte ${start} is wrong: ${text}`)

/** Puts the place of the message at the start of errors. */
function locating<Result>(start: number, step: () => Result): Result {
  try {
    return step()
  } catch (error) {
    throw error instanceof InputError ? located(start, error.message) : error
  }
}
