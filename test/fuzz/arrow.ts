// What must hold for the command on Arrow IPC, whatever the bytes.

import { ok as assert, deepEqual, equal } from 'node:assert/strict'
import { type Data as ArrowData, DataType, MetadataVersion, RecordBatchReader } from 'apache-arrow'
import { ByteBuffer } from 'flatbuffers'
import { readLayout } from '../../src/cli/formats'
import type { Input } from '../../src/cli/io/input'
import { pump } from '../../src/cli/pump'
import { ArrowFile, type FileBytes } from '../../src/files/arrow/file'
import { Metadata } from '../../src/files/arrow/metadata'
import { isFile } from '../../src/files/arrow/start'
import { InputError } from '../../src/files/errors'
import type { Range } from '../../src/files/layout'
import { softplus } from '../../src/index'

/** The columns that the files of the corpus have. */
export const columnNames = ['x', 's.x', 'l']

const longestMessage = 500
// More than reading a file takes, and far less than users would notice.
const mostReads = (bytes: Buffer) => 20_000 + 20 * bytes.length

let reads = 0
const { readInt32 } = Metadata.prototype
Metadata.prototype.readInt32 = function (at) {
  reads++
  return readInt32.call(this, at)
}

// A text counts by its length: many fields may refer to one.
const readText = Metadata.prototype.__string
Metadata.prototype.__string = function (at) {
  const text = readText.call(this, at)
  reads += text.length
  return text
}

// apache-arrow believes every length, and may loop over a vector of 2^31 elements.
const vectorLength = ByteBuffer.prototype.__vector_len
ByteBuffer.prototype.__vector_len = function (at) {
  const length = vectorLength.call(this, at)
  if (!(this instanceof Metadata) && length > this.capacity())
    throw new RangeError('a vector is longer than its bytes')
  return length
}

/** Checks everything for one input and column. Returns the kind of outcome, which stands for the path through the code. */
export async function checkArrow(bytes: Buffer, column: string): Promise<string> {
  const before = Buffer.from(bytes)
  reads = 0
  const named = await placesOf(bytes, column, true, 1 << 16)
  const piped = await placesOf(bytes, column, false, 1 << 16)
  assert(reads < mostReads(bytes), `reads the metadata ${reads} times`)
  same(await placesOf(bytes, column, true, 64), named, 'depends on the pieces')
  same(await placesOf(bytes, column, false, 64), piped, 'depends on the pieces, from a pipe')
  if (isFile(bytes)) {
    const sharded = await placesInShards(bytes, column)
    if (named instanceof InputError) assert(sharded instanceof InputError, 'shards take it')
    else same(sharded, named, 'depends on the shards')
  }
  assert(bytes.equals(before), 'its bytes were written to')
  if (named instanceof InputError) return `refused ${kindOf(named)}`
  checkRanges(named, bytes.length)
  const output = await outputOf(bytes, column)
  assert(output.equals(activated(bytes, named)), 'the output is not the input, activated')
  const way = checkModel(bytes, column, named)
  if (piped instanceof InputError) return `read ${way}, from a pipe refused ${kindOf(piped)}`
  same(piped, named, 'depends on whether it is a pipe')
  return `read ${way}`
}

function same(one: Range[] | InputError, other: Range[] | InputError, what: string): void {
  const [left, right] = [one, other].map((x) => (x instanceof InputError ? x.message : x))
  deepEqual(left, right, what)
}

/** The output of the command. */
async function outputOf(bytes: Buffer, column: string): Promise<Buffer> {
  const parts: Buffer[] = []
  const output = {
    write: async (part: Uint8Array) => void parts.push(Buffer.from(part)),
    finish: async () => {},
    discard: async () => {},
  }
  const work = { columns: [column], activation: softplus, options: {} }
  const progress = { add() {}, stop() {} }
  await pump(inputOf(bytes, true), output, work, progress, () => {})
  return Buffer.concat(parts)
}

/** The ranges of the values, found in pieces of some bytes, or why the command refuses the input. */
async function placesOf(
  bytes: Buffer,
  column: string,
  isNamed: boolean,
  pieceBytes: number,
): Promise<Range[] | InputError> {
  const input = inputOf(bytes, isNamed)
  const piece = new Uint8Array(pieceBytes)
  const found: Range[] = []
  try {
    const { head, rest, valuesIn } = await readLayout(input, piece, [column])
    equal(rest.length, 0)
    for (let start = head.length, isLast = false; !isLast; start += piece.length) {
      const end = await input.fill(piece, 0)
      isLast = end < piece.length
      for (const range of await valuesIn(piece.subarray(0, end), isLast))
        add(found, { start: range.start + start, end: range.end + start })
    }
    return found
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const { length } = error.message
    assert(length <= longestMessage, `a message of ${length} characters`)
    return error
  }
}

/** The same as shards find them, the last piece first. */
async function placesInShards(bytes: Buffer, column: string): Promise<Range[] | InputError> {
  const { size = 0, readAt } = inputOf(bytes, true)
  const found: Range[][] = []
  try {
    const file = await ArrowFile.open({ size, readAt } as FileBytes, [column])
    for (let start = size - (size % 256); start >= 0; start -= 256) {
      const values = await file.valuesIn(start, bytes.subarray(start, start + 256))
      found.unshift(values.map((value) => ({ start: value.start + start, end: value.end + start })))
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return error
  }
  const merged: Range[] = []
  for (const range of found.flat()) add(merged, range)
  return merged
}

function add(ranges: Range[], range: Range): void {
  const last = ranges.at(-1)
  if (last?.end === range.start) last.end = range.end
  else ranges.push(range)
}

function inputOf(bytes: Buffer, isNamed: boolean): Input {
  let position = 0
  const known = {
    size: bytes.length,
    readAt: async (at: number, length: number) => Uint8Array.from(bytes.subarray(at, at + length)),
  }
  return {
    name: 'x.arrow',
    format: 'arrow',
    ...(isNamed && known),
    async fill(buffer, from) {
      const part = bytes.subarray(position, position + buffer.length - from)
      buffer.set(part, from)
      position += part.length
      return from + part.length
    },
    close: async () => {},
  }
}

function checkRanges(ranges: Range[], length: number): void {
  let before = 0
  for (const { start, end } of ranges) {
    assert(start >= before && end > start && end <= length, 'the ranges overlap, or are outside')
    assert(start % 4 === 0 && end % 4 === 0, 'a value is cut')
    before = end
  }
}

/** The bytes with the values in the ranges activated. */
export function activated(bytes: Buffer, ranges: Range[]): Buffer {
  const result = Buffer.from(bytes)
  for (const { start, end } of ranges) {
    const x = new Float32Array(Uint8Array.from(bytes.subarray(start, end)).buffer)
    Buffer.from(softplus.inPlace(x).buffer).copy(result, start)
  }
  return result
}

/** Compares the ranges with where apache-arrow finds the values, if it can read the file. */
function checkModel(bytes: Buffer, column: string, ranges: Range[]): string {
  const model = modelRanges(bytes, column)
  if (model === undefined) return 'alone'
  deepEqual(ranges, model, 'other values than apache-arrow finds')
  return 'as apache-arrow'
}

/** Where apache-arrow finds the values of a column; nothing if it cannot read the file. */
export function modelRanges(bytes: Buffer, column: string): Range[] | undefined {
  const memory = Uint8Array.from(bytes)
  const found: Range[] = []
  try {
    const reader = RecordBatchReader.from(memory).open()
    const { fields, metadataVersion } = reader.schema
    // It takes the buffers of unions of version 4 for those of version 5.
    if (metadataVersion !== MetadataVersion.V5 && fields.some(({ type }) => DataType.isUnion(type)))
      return undefined
    const path = fields.some(({ name }) => name === column) ? [column] : column.split('.')
    for (const batch of reader) {
      const data = path.slice(1).reduce(childOf, elements(batch.getChild(path[0])?.data[0]))
      if (data === undefined || data.length === 0) continue
      const { values, length } = data
      if (values.buffer !== memory.buffer) return undefined
      found.push({ start: values.byteOffset, end: values.byteOffset + 4 * length })
    }
  } catch {
    return undefined
  }
  const merged: Range[] = []
  for (const range of found.sort((one, other) => one.start - other.start)) add(merged, range)
  return merged
}

type Data = ArrowData<DataType>

function childOf(data: Data | undefined, name: string): Data | undefined {
  const i = data?.type.children.findIndex((field: { name: string }) => field.name === name) ?? -1
  return elements(data?.children[i])
}

/** What lists hold in the end. */
const elements = (data: Data | undefined): Data | undefined =>
  data && (DataType.isList(data.type) || DataType.isFixedSizeList(data.type))
    ? elements(data.children[0])
    : data

// Drops what a message quotes from the file, so that one kind of failure has one text.
const kindOf = ({ message }: InputError): string =>
  message
    .replace(/(got|of type|a column of float32).*/s, '$1')
    .replace(/'[^']*'/g, '')
    .replace(/\d+/g, '0')
