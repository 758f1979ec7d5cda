// One message of Arrow IPC: its metadata, and where values are in its body.

import { Message } from 'apache-arrow/fb/message'
import { MessageHeader } from 'apache-arrow/fb/message-header'
import { MetadataVersion } from 'apache-arrow/fb/metadata-version'
import { RecordBatch } from 'apache-arrow/fb/record-batch'
import { Schema as SchemaTable } from 'apache-arrow/fb/schema'
import { InputError } from '../errors'
import { naming, type Range } from '../layout'
import { rangesOf } from './batch'
import type { Columns } from './columns'
import type { Block } from './footer'
import { damaged, Metadata, readSize } from './metadata'
import { readSchema, type Schema } from './schema'
import { continuation, mostMetadata, wordAt } from './start'

/** A message, read but for its body. */
export interface Head {
  message: Message
  type: MessageHeader
  /** Where it starts and where its body does, in bytes from the start of the input. */
  start: number
  bodyStart: number
  bodyBytes: number
}

export function headOf(metadata: Uint8Array, start: number, bodyStart: number): Head {
  if (bodyStart % Float32Array.BYTES_PER_ELEMENT !== 0)
    throw new InputError(
      `its metadata must end at a multiple of 4 bytes; got byte ${bodyStart}. ${damaged}`,
    )
  const message = Message.getRootAsMessage(new Metadata(metadata))
  const bodyBytes = readSize('the length of its body', message.bodyLength())
  return { message, type: message.headerType(), start, bodyStart, bodyBytes }
}

/** The message that begins these bytes, unless they end before its body. */
function headIn(bytes: Uint8Array, start: number): Head | undefined {
  const prefix = bytes.length >= 8 && wordAt(bytes, 0) === continuation ? 8 : 4
  if (bytes.length < prefix) return undefined
  const end = prefix + wordAt(bytes, prefix - 4)
  if (end <= prefix || end > bytes.length) return undefined
  return headOf(bytes.subarray(prefix, end), start, start + end)
}

export function schemaOf({ message, type, start }: Head): Schema {
  return inMessage(start)(() => {
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
  while (start + 4 <= bytes.length && wordAt(bytes, start) === 0) start += 4
  try {
    const head = headIn(bytes.subarray(start), start)
    return head && schemaOf(head)
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

/** The ranges of values in the body of a record batch. */
export function valueRanges(
  { message, type, start, bodyStart, bodyBytes }: Head,
  columns: Columns,
): Range[] {
  return inMessage(start)(() => {
    const batch: RecordBatch | null = message.header(new RecordBatch())
    if (type !== MessageHeader.RecordBatch || batch === null)
      throw new InputError(`it must be a record batch; got ${typeText(type)}`)
    checkVersion(message.version())
    return rangesOf(batch, message.version(), columns, bodyStart, bodyBytes)
  })
}

/** The ranges of values in a record batch of a file, by its place and the `metadataBytes` that are there. */
export function valueRangesAt(block: Block, bytes: Uint8Array, columns: Columns): Range[] {
  const { offset, metadataBytes, bodyBytes } = block
  const head = inMessage(offset)(() => headIn(bytes, offset))
  if (head?.bodyStart === offset + metadataBytes && head.bodyBytes === bodyBytes)
    return valueRanges(head, columns)
  throw new InputError(
    `there must be a message at byte ${offset}, as long as the footer says; got other bytes. ${damaged}`,
  )
}

export function checkLength(metadataBytes: number): void {
  const must = `its metadata must have 1 to ${mostMetadata} bytes; got ${metadataBytes}`
  if (metadataBytes <= 0) throw new InputError(`${must}. ${damaged}`)
  if (metadataBytes > mostMetadata) throw new InputError(`${must}. Write fewer columns`)
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

/** Puts the place of the message at the start of errors. */
export const inMessage = (start: number) => naming(messageAt(start))

export const messageAt = (start: number) => `the message at byte ${start}`
