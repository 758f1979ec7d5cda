// One message of Arrow IPC: its metadata, and errors that name its place.

import { Message } from 'apache-arrow/fb/message'
import { MessageHeader } from 'apache-arrow/fb/message-header'
import { MetadataVersion } from 'apache-arrow/fb/metadata-version'
import { RecordBatch } from 'apache-arrow/fb/record-batch'
import { Schema as SchemaTable } from 'apache-arrow/fb/schema'
import { InputError } from '../errors'
import type { Range } from '../layout'
import { rangesOf } from './batch'
import type { Columns } from './columns'
import { cutOff, damaged, Metadata, readSize } from './metadata'
import { readSchema, type Schema } from './schema'

/** A message, read but for its body. */
export interface Head {
  message: Message
  type: MessageHeader
  /** Where it starts and where its body does, in bytes from the start of the input. */
  start: number
  bodyStart: number
  bodyBytes: number
}

/** The first word of a message; before version 0.15 of Arrow it was left out. */
export const continuation = -1

export function headOf(metadata: Uint8Array, start: number, bodyStart: number): Head {
  if (bodyStart % Float32Array.BYTES_PER_ELEMENT !== 0)
    throw new InputError(
      `its metadata must end at a multiple of 4 bytes; got byte ${bodyStart}. ${damaged}`,
    )
  const message = Message.getRootAsMessage(new Metadata(metadata))
  const bodyBytes = readSize('the length of its body', message.bodyLength())
  return { message, type: message.headerType(), start, bodyStart, bodyBytes }
}

export function schemaOf({ message, type, start }: Head): Schema {
  return locating(start, () => {
    const table: SchemaTable | null = message.header(new SchemaTable())
    if (type !== MessageHeader.Schema || table === null)
      throw new InputError(`it must be the schema; got ${typeText(type)}`)
    checkVersion(message.version())
    return readSchema(table)
  })
}

/** The schema that begins these bytes, after zeros that may fill up, if it is there as a message. */
export function schemaAtStart(bytes: Uint8Array): Schema | undefined {
  let start = 0
  while (start + 8 < bytes.length && wordOf(bytes, start) === 0) start += 4
  if (start + 8 > bytes.length) return undefined
  if (wordOf(bytes, start) === continuation) start += 4
  try {
    const end = start + 4 + wordOf(bytes, start)
    return schemaOf(headOf(bytes.slice(start + 4, end), start, end))
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

/** The ranges of values in the body of a record batch. */
export function valuesIn(
  { message, type, start, bodyStart, bodyBytes }: Head,
  columns: Columns,
): Range[] {
  return locating(start, () => {
    const batch: RecordBatch | null = message.header(new RecordBatch())
    if (type !== MessageHeader.RecordBatch || batch === null)
      throw new InputError(`it must be a record batch; got ${typeText(type)}`)
    checkVersion(message.version())
    return rangesOf(batch, message.version(), columns, bodyStart, bodyBytes)
  })
}

function checkVersion(version: MetadataVersion): void {
  if (version === MetadataVersion.V4 || version === MetadataVersion.V5) return
  throw new InputError(
    `the version of its metadata must be 4 or 5; got ${version + 1}. Write the file again with a newer library`,
  )
}

const names: Partial<Record<MessageHeader, string>> = {
  [MessageHeader.Schema]: 'a schema. Write each table to a file of its own',
  [MessageHeader.DictionaryBatch]: 'a dictionary batch',
  [MessageHeader.RecordBatch]: 'a record batch',
  [MessageHeader.Tensor]: 'a tensor. Write it with numpy.save',
  [MessageHeader.SparseTensor]: 'a sparse tensor',
}

const typeText = (type: MessageHeader) => names[type] ?? `type ${type}. ${damaged}`

export const wordOf = (bytes: Uint8Array, at: number) =>
  new DataView(bytes.buffer, bytes.byteOffset + at, 4).getInt32(0, true)

export const tooShort = (start: number, got: number, needed?: number) =>
  located(
    start,
    `it must end ${needed === undefined ? 'later' : `at byte ${needed}`}; got the end of the data at byte ${got}. ${cutOff}`,
  )

export const located = (start: number, text: string) =>
  new InputError(`the message at byte ${start}: ${text}`)

/** Puts the place of the message at the start of errors. */
function locating<Result>(start: number, step: () => Result): Result {
  try {
    return step()
  } catch (error) {
    throw error instanceof InputError ? located(start, error.message) : error
  }
}
