// Makes Arrow IPC for the tests, valid or not.

import {
  type Data,
  Float32,
  Int32,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
} from 'apache-arrow'
import { Field } from 'apache-arrow/fb/field'
import { FloatingPoint } from 'apache-arrow/fb/floating-point'
import { Message } from 'apache-arrow/fb/message'
import { MessageHeader } from 'apache-arrow/fb/message-header'
import { MetadataVersion } from 'apache-arrow/fb/metadata-version'
import { Precision } from 'apache-arrow/fb/precision'
import { RecordBatch as BatchTable } from 'apache-arrow/fb/record-batch'
import { Schema } from 'apache-arrow/fb/schema'
import { Struct_ } from 'apache-arrow/fb/struct-'
import { Type } from 'apache-arrow/fb/type'
import { Builder, ByteBuffer } from 'flatbuffers'

// A copy: the writer leaves bytes out where two columns share memory.
export const floats = (values: Float32Array, nullBitmap?: Uint8Array) =>
  makeData({
    type: new Float32(),
    data: values.slice(),
    ...(nullBitmap && { nullBitmap, nullCount: -1 }),
  })
export const integers = (length: number) =>
  makeData({ type: new Int32(), data: Int32Array.from({ length }, (_, i) => i) })

/** A stream of batches, each given by its columns. */
export const arrowStream = (...batches: Record<string, Data>[]): Buffer =>
  Buffer.from(RecordBatchStreamWriter.writeAll(batches.map(batchOf)).toUint8Array(true))

/** A file of batches. Its schema stands in the footer alone. */
export const arrowFile = (...batches: Record<string, Data>[]): Buffer =>
  Buffer.from(RecordBatchFileWriter.writeAll(batches.map(batchOf)).toUint8Array(true))

const batchOf = (columns: Record<string, Data>) => new RecordBatch(columns)

/** The messages of a stream: where each starts, and where its body does. */
export function messagesOf(stream: Buffer): { start: number; body: number; message: Message }[] {
  const found = []
  for (let start = 0; start < stream.length; ) {
    const body = start + 8 + stream.readInt32LE(start + 4)
    if (body === start + 8) break
    const message = Message.getRootAsMessage(new ByteBuffer(stream.subarray(start + 8, body)))
    found.push({ start, body, message })
    start = body + Number(message.bodyLength())
  }
  return found
}

interface Patch {
  /** The length of the body. */
  body?: bigint
  /** The number of rows. */
  rows?: bigint
  nodes?: Record<number, bigint>
  offsets?: Record<number, bigint>
  lengths?: Record<number, bigint>
}

/** The stream with numbers in the metadata of its first record batch replaced. */
export function patched(stream: Buffer, patch: Patch): Buffer {
  const result = Buffer.from(stream)
  const [, { start, message }] = messagesOf(result)
  const batch = message.header(new BatchTable()) as BatchTable
  const put = (at: number, value: bigint) => result.writeBigInt64LE(value, start + 8 + at)
  const field = ({ bb, bb_pos: at }: Message | BatchTable, slot: number) =>
    at + (bb?.__offset(at, slot) ?? 0)
  if (patch.body !== undefined) put(field(message, 10), patch.body)
  if (patch.rows !== undefined) put(field(batch, 4), patch.rows)
  for (const [i, value] of Object.entries(patch.nodes ?? {}))
    put(batch.nodes(Number(i))?.bb_pos ?? 0, value)
  for (const [i, value] of Object.entries(patch.offsets ?? {}))
    put(batch.buffers(Number(i))?.bb_pos ?? 0, value)
  for (const [i, value] of Object.entries(patch.lengths ?? {}))
    put((batch.buffers(Number(i))?.bb_pos ?? 0) + 8, value)
  return result
}

/** A stream that is only a message with a schema. */
export function schemaStream(
  fieldsOf: (builder: Builder) => number[],
  { endianness = 0, version = MetadataVersion.V5 } = {},
): Buffer {
  const builder = new Builder()
  const fields = Schema.createFieldsVector(builder, fieldsOf(builder))
  Schema.startSchema(builder)
  Schema.addEndianness(builder, endianness)
  Schema.addFields(builder, fields)
  const schema = Schema.endSchema(builder)
  Message.startMessage(builder)
  Message.addVersion(builder, version)
  Message.addHeaderType(builder, MessageHeader.Schema)
  Message.addHeader(builder, schema)
  Message.addBodyLength(builder, 0n)
  builder.finish(Message.endMessage(builder))
  const bytes = builder.asUint8Array()
  const head = Buffer.alloc(8)
  head.writeInt32LE(-1, 0)
  head.writeInt32LE((bytes.length + 7) & ~7, 4)
  return Buffer.concat([head, bytes, Buffer.alloc(-bytes.length & 7)])
}

/** A field of float32, or of another type given by its number, or a struct of children, which may be the same ones. */
export function fieldTable(
  builder: Builder,
  name: string,
  { type, children = [] }: { type?: Type; children?: number[] } = {},
): number {
  const text = builder.createString(name)
  const inside = Field.createChildrenVector(builder, children)
  const typeTable =
    children.length > 0
      ? Struct_.createStruct_(builder)
      : FloatingPoint.createFloatingPoint(builder, Precision.SINGLE)
  Field.startField(builder)
  Field.addName(builder, text)
  Field.addTypeType(builder, type ?? (children.length > 0 ? Type.Struct_ : Type.FloatingPoint))
  Field.addType(builder, typeTable)
  Field.addChildren(builder, inside)
  return Field.endField(builder)
}
