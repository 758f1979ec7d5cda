// Where in the body of a record batch the values of the chosen columns are.

import { Buffer as BufferTable } from 'apache-arrow/fb/buffer'
import { FieldNode } from 'apache-arrow/fb/field-node'
import { MetadataVersion } from 'apache-arrow/fb/metadata-version'
import type { RecordBatch } from 'apache-arrow/fb/record-batch'
import { InputError } from '../errors'
import type { Range } from '../layout'
import type { Columns } from './columns'
import { damaged, readSize } from './metadata'
import type { Counts, Field, Schema } from './schema'

const bytesPerElement = Float32Array.BYTES_PER_ELEMENT

interface Values extends Range {
  /** The index of their buffer. */
  buffer: number
  column: string
}

/**
 * The ranges of the values, in the order of the bytes. Throws an InputError if they are not where a reader would find
 * them, or overlap with anything.
 *
 * @param version The version of the message's metadata.
 * @param bodyStart Where the body starts, in bytes from the start of the input.
 */
export function rangesOf(
  batch: RecordBatch,
  version: MetadataVersion,
  columns: Columns,
  bodyStart: number,
  bodyBytes: number,
): Range[] {
  if (batch.compression() !== null)
    throw new InputError(
      'the record batches must not be compressed. Write the file again without compression, with pyarrow: ' +
        "feather.write_feather(table, 'x.feather', compression='uncompressed')",
    )
  const values = valuesOf(batch, version, columns, bodyStart).filter(
    ({ start, end }) => end > start,
  )
  values.sort((one, other) => one.start - other.start)
  for (let i = 1; i < values.length; i++)
    if (values[i].start < values[i - 1].end) throw overlapError(values[i])
  checkBuffers(batch, values, bodyStart, bodyBytes)
  return values
}

function valuesOf(
  batch: RecordBatch,
  version: MetadataVersion,
  { schema, chosen }: Columns,
  bodyStart: number,
): Values[] {
  const { total } = schema
  const buffersFor = bufferCounter(batch, version, total)
  checkCount('nodes', batch.nodesLength(), total.nodes)
  checkCount('buffers', batch.buffersLength(), buffersFor(total))
  const values: Values[] = []
  for (const [field, column] of chosen) {
    checkLengths(batch, schema, field, column)
    const count = lengthOf(batch, field)
    // The first buffer has the validity bits, the second the values.
    const buffer = buffersFor(field.before) + 1
    values.push({ ...placeOf(batch, buffer, count, column, bodyStart), buffer, column })
  }
  return values
}

/** A function that says how many buffers the batch has for some of the fields, from the first on. */
function bufferCounter(
  batch: RecordBatch,
  version: MetadataVersion,
  total: Counts,
): (counts: Counts) => number {
  checkCount('counts of view buffers', batch.variadicBufferCountsLength(), total.views)
  const more = [0]
  for (let i = 0; i < total.views; i++)
    more.push(more[i] + readSize('the count of view buffers', batch.variadicBufferCounts(i) ?? 0n))
  return ({ buffers, unions, views }) =>
    buffers + (version === MetadataVersion.V4 ? unions : 0) + more[views]
}

/** Throws an InputError if a reader would find fewer values than the batch has rows, or more in a column of its own. */
function checkLengths(batch: RecordBatch, schema: Schema, field: Field, column: string): void {
  const length = lengthOf(batch, field)
  const parent: Field | undefined = schema.flat[field.parent]
  if (parent === undefined) {
    const rows = readSize('the length of the record batch', batch.length())
    if (length === rows) return
    throw valuesError(column, `be ${rows}, as many as the batch has rows; got ${length}`)
  }
  const least = lengthOf(batch, parent) * (field.each ?? 0)
  if (length < least)
    throw valuesError(
      column,
      `be at least ${least}, to fill the ${parent.type} around them; got ${length}`,
    )
  checkLengths(batch, schema, parent, column)
}

function lengthOf(batch: RecordBatch, { before }: Field): number {
  batch.nodes(before.nodes, node)
  return readSize('the length of a column', node.length())
}

function placeOf(
  batch: RecordBatch,
  buffer: number,
  count: number,
  column: string,
  bodyStart: number,
): Range {
  const { start, end } = bufferRange(batch, buffer, bodyStart)
  const bytes = count * bytesPerElement
  if (bytes > 0 && start % bytesPerElement !== 0)
    throw valuesError(
      column,
      `begin at a multiple of ${bytesPerElement} bytes; got byte ${start} of the input`,
    )
  if (end - start < bytes)
    throw valuesError(
      column,
      `be ${count}, which take ${bytes} bytes; got a buffer of ${end - start}`,
    )
  return { start, end: start + bytes }
}

function valuesError(column: string, text: string): InputError {
  return new InputError(`the values of the column '${column}' must ${text}. ${damaged}`)
}

function checkCount(what: string, got: number, wanted: number): void {
  if (got === wanted) return
  throw new InputError(
    `the record batch must have ${wanted} ${what}, as its schema says; got ${got}. ${damaged}`,
  )
}

// Used again for each of them: there may be very many. The vectors are there, as their lengths have been checked.
const node = new FieldNode()
const region = new BufferTable()

function bufferRange(batch: RecordBatch, i: number, bodyStart: number): Range {
  batch.buffers(i, region)
  const start = bodyStart + readSize('the offset of a buffer', region.offset())
  return { start, end: start + readSize('the length of a buffer', region.length()) }
}

// The ranges are in order and apart.
function checkBuffers(
  batch: RecordBatch,
  values: Values[],
  bodyStart: number,
  bodyBytes: number,
): void {
  const count = batch.buffersLength()
  for (let i = 0; i < count; i++) {
    const { start, end } = bufferRange(batch, i, bodyStart)
    if (end > bodyStart + bodyBytes)
      throw new InputError(
        `the buffers must lie within the ${bodyBytes} bytes of the body; got one that ends at ${end - bodyStart}. ${damaged}`,
      )
    for (let j = firstEndingAfter(values, start); j < values.length; j++) {
      if (values[j].start >= end) break
      if (values[j].buffer !== i) throw overlapError(values[j])
    }
  }
}

const overlapError = ({ column }: Values) =>
  valuesError(column, 'lie apart from all other buffers; got an overlap')

function firstEndingAfter(values: Values[], position: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (values[middle].end > position) high = middle
    else low = middle + 1
  }
  return low
}
