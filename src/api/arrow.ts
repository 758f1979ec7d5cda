// activate: a function over the float32 values of an Arrow column.
//
// Imports nothing of apache-arrow. Its objects are told by their shape and their types' numbers, and new ones are made by
// the old ones. So every copy of the library fits, from version 14 on.

import { clip, describe, invalidType, isArray, outOfRange, withCode } from '../errors'
import { bufferOf, byteOffsetOf, isAttached, lengthOf, tagOf, viewOf } from '../intrinsics'
import type { FunctionOptions } from '../types'
import type { Api } from './api'
import { readLength } from './arrays'
import { activationsOf, readFunctionName } from './byName'
import { checkNames, isRecord, noNames } from './options'

/** Arrow's type of a column that can be activated: Float32, or List, LargeList or FixedSizeList of such a type. */
export type ActivatableType =
  | { readonly TArray: Float32Array }
  | {
      readonly valueType: ActivatableType
      // Dictionaries and maps have a valueType too.
      readonly dictionary?: undefined
      readonly keyType?: undefined
    }

/** A Vector or Data of apache-arrow, with as much of it as tells which can be activated. */
export interface Activatable {
  readonly type: ActivatableType
  readonly length: number
  readonly stride: number
  slice(begin: number, end: number): unknown
}

/** Where `activate` writes. */
export interface ActivateOutput<Column> {
  /**
   * A Float32Array as long as all float32 values together, those of all chunks one after the other: the result is over
   * it. For a column of Float32 that is one element per row. Must not overlap the column, unless each value is in its own
   * place. Or the column itself, to write over it; its chunks must not share memory then. Default: new memory.
   */
  out?: Float32Array | Column
}

/** What `activate` computes. */
export type ActivateOptions = FunctionOptions

/** See src/arrow.ts. */
export type Activate = <Column extends Activatable>(
  vector: Column,
  options?: ActivateOptions & ActivateOutput<NoInfer<Column>>,
) => Column

interface Type {
  typeId: number
  precision?: number
  dictionary?: Type
  children: readonly { type: Type }[] | null
}

interface Data {
  type: Type
  offset: number
  length: number
  stride: number
  values: Float32Array
  valueOffsets?: Int32Array | BigInt64Array
  nullBitmap?: Uint8Array
  children: readonly (Data | undefined)[]
  clone(
    type: Type,
    offset: number,
    length: number,
    nullCount: undefined,
    buffers: unknown[],
    children?: Data[],
  ): Data
  slice(offset: number, length: number): Data
}

interface Vector {
  type: Type
  data: readonly Data[]
  isMemoized: boolean
  memoize(): Vector
  unmemoize(): Vector
  constructor: new (data: Data[]) => Vector
}

// Arrow's numbers, which its format fixes.
const [int, float, list, struct, fixedSizeList, largeList] = [2, 3, 12, 13, 16, 21]
const single = 1

/** The values of a chunk. `length` is how many there should be: where Arrow has filled in nulls, it leaves out the values. */
interface Part {
  x: Float32Array
  length: number
}

export function createActivate(api: Api): Activate {
  const activations = activationsOf(api)

  function activate(vector: unknown, options?: ActivateOptions & ActivateOutput<unknown>): unknown {
    const { function: name = 'softplus', beta, threshold, out } = readOptions(options)
    const activation = activations[readFunctionName(activations, name)]
    // Checks beta and threshold before anything is written.
    activation(new Float32Array(0), { beta, threshold })
    const chunks = readChunks(vector)
    for (const chunk of chunks) checkMemory(chunk)
    const parts = chunks.map(partOf)
    const whole = isData(vector) ? undefined : (vector as Vector)

    if (out === vector) {
      if (whole?.isMemoized)
        throw outOfRange(
          'out',
          'memory apart from vector where vector is memoized, as its cache would keep the old values',
          'vector itself',
        )
      checkChunksApart(parts)
      for (const { x } of parts) activation(x, { beta, threshold, out: x })
      return vector
    }

    // A new array per chunk: smaller ones come from memory that was freed before, without page faults. 256 of them take
    // half the time of one.
    const targets =
      out === undefined
        ? parts.map(({ length }) => new Float32Array(length))
        : viewsOfOut(out, parts)
    const results = chunks.map((chunk, i) => withValues(chunk, targets[i]))
    parts.forEach(({ x }, i) => {
      activation(x, { beta, threshold, out: viewOf(targets[i], 0, lengthOf.call(x)) })
    })
    if (whole === undefined) return results[0]
    // The constructor of a memoized vector takes a vector.
    if (whole.isMemoized) return new (whole.unmemoize().constructor)(results).memoize()
    return new whole.constructor(results)
  }
  return activate as Activate
}

function readOptions(
  options: (ActivateOptions & ActivateOutput<unknown>) | undefined,
): ActivateOptions & ActivateOutput<unknown> {
  if (options === undefined) return {}
  if (!isRecord(options)) throw invalidType('options', 'an object such as { beta: 2 }', options)
  checkNames('options', options, ['function', 'beta', 'threshold', 'out'], noNames)
  return options
}

const isTyped = (value: unknown): value is { type: Type } =>
  isRecord(value) && isRecord(value.type) && typeof value.type.typeId === 'number'

const isData = (value: unknown): value is Data =>
  isTyped(value) && 'clone' in value && 'offset' in value

// No version of apache-arrow makes a vector without chunks.
const isVector = (value: unknown): value is Vector =>
  isTyped(value) &&
  'data' in value &&
  isArray(value.data) &&
  (value.data as unknown[]).length > 0 &&
  (value.data as unknown[]).every(isData)

function isActivatable({ typeId, precision, children }: Type): boolean {
  if (typeId === float) return precision === single
  if (typeId !== list && typeId !== fixedSizeList && typeId !== largeList) return false
  return children !== null && isActivatable(children[0].type)
}

function readChunks(value: unknown): readonly Data[] {
  const chunks = isData(value) ? [value] : isVector(value) ? value.data : []
  const wrong = chunks.find(({ type }) => !isActivatable(type))
  if (chunks.length > 0 && wrong === undefined) return chunks
  const expected = 'an Arrow Vector or Data of Float32, or of lists of Float32'
  const kind = isData(value) ? 'Data' : 'a Vector'
  const got = wrong ? `${kind} of ${clip(`${wrong.type}`)}` : describe(value)
  const advice = adviceFor(value)
  throw withCode(
    new TypeError(`vector must be ${expected}; got ${got}${advice && `. ${advice}`}`),
    'ERR_INVALID_ARG_TYPE',
  )
}

function adviceFor(value: unknown): string {
  if (tagOf.call(value) === 'Float32Array') return 'For arrays, call softplus itself'
  const type = isVector(value) ? value.type : undefined
  const { typeId } = type?.dictionary ?? type ?? {}
  if (typeId === float || typeId === int)
    return 'To convert it: vectorFromArray([...vector].map((v) => v === null ? v : Number(v)), new Float32())'
  const hasColumns = typeId === struct || (type === undefined && isRecord(value))
  if (hasColumns && 'getChild' in (value as object)) return "Take a column of it: getChild('name')"
  return ''
}

/** @throws {TypeError} unless a chunk has all its memory, children included. */
function checkMemory({ type, values, valueOffsets, nullBitmap, children: [child] }: Data): void {
  if (type.typeId === float) readLength('the values of vector', values)
  for (const view of [valueOffsets, nullBitmap])
    if (view && !isAttached(view as never))
      throw withCode(
        new TypeError('vector must have its memory; got one whose buffer is detached'),
        'ERR_INVALID_STATE',
      )
  if (child !== undefined) checkMemory(child)
}

/** The part of a list's child that belongs to its rows; undefined where Arrow has filled in nulls without a child. */
function usedChild({ type, length, stride, valueOffsets, children }: Data): Data | undefined {
  const [child] = children
  if (child === undefined || type.typeId === float) return undefined
  const begin = Number(valueOffsets?.[0] ?? 0)
  const end = valueOffsets ? largest(valueOffsets, length) : length * stride
  return child.slice(begin, Math.max(0, Math.min(end, child.length) - begin))
}

/** Offsets grow, so the last is the largest. But Arrow's builders before version 20 left zeros behind the last row. */
function largest(offsets: Int32Array | BigInt64Array, length: number): number {
  let found = 0
  for (let i = Math.min(length, offsets.length - 1); i >= 0; i--)
    found = Math.max(found, Number(offsets[i]))
  return found
}

function partOf(chunk: Data): Part {
  let leaf: Data | undefined = chunk
  while (leaf !== undefined && leaf.type.typeId !== float) leaf = usedChild(leaf)
  const { values, length } = leaf ?? { values: new Float32Array(0), length: 0 }
  // Readers of IPC leave padding behind the values.
  return { x: viewOf(values, 0, length), length }
}

/** A copy of a chunk with other values. Its bitmap begins at most 7 bits, and its list offsets 0, before its first row. */
function withValues(chunk: Data, values: Float32Array): Data {
  const { type, offset, length, valueOffsets, nullBitmap } = chunk
  const child = usedChild(chunk)
  // Not slice(): where the bitmap is a Buffer, that shares its memory.
  const bitmap =
    nullBitmap &&
    new Uint8Array(nullBitmap.subarray(Math.floor(offset / 8), Math.ceil((offset + length) / 8)))
  const offsets = valueOffsets && rebased(valueOffsets.slice(0, length + 1))
  const buffers = [offsets, type.typeId === float ? values : undefined, bitmap]
  const children = child && [withValues(child, values)]
  // undefined stands for the null count of the chunk, which may not have been counted yet.
  return chunk.clone(type, offset % 8, length, undefined, buffers, children)
}

function rebased<Offsets extends Int32Array | BigInt64Array>(offsets: Offsets): Offsets {
  // Only one of the two is meant. The operations are the same.
  const numbers = offsets as Int32Array
  const [first] = numbers
  if (Number(first) !== 0) for (let i = 0; i < numbers.length; i++) numbers[i] -= first
  return offsets
}

const endOf = (x: Float32Array): number => byteOffsetOf.call(x) + lengthOf.call(x) * 4

/**
 * The part of out for each chunk.
 *
 * @throws {TypeError | RangeError} unless out has the right type and length, and each value of a chunk is either apart
 * from out or at its own place in it.
 */
function viewsOfOut(out: unknown, parts: readonly Part[]): Float32Array[] {
  if (tagOf.call(out) !== 'Float32Array')
    throw invalidType('out', 'a Float32Array or vector itself', out)
  const length = readLength('out', out)
  const y = out as Float32Array
  let count = 0
  for (const part of parts) count += part.length
  if (length !== count)
    throw outOfRange(
      'out',
      `as long as all float32 values of vector together, ${count}`,
      `length ${length}`,
    )
  const begin = byteOffsetOf.call(y)
  let start = 0
  return parts.map((part) => {
    const at = byteOffsetOf.call(part.x)
    const isOverlapping =
      bufferOf.call(part.x) === bufferOf.call(y) && at < endOf(y) && begin < endOf(part.x)
    if (isOverlapping && lengthOf.call(part.x) > 0 && at !== begin + start * 4)
      throw outOfRange(
        'out',
        'vector itself, or memory apart from vector',
        'a view that overlaps its values',
      )
    const view = viewOf(y, start, start + part.length)
    start += part.length
    return view
  })
}

/** @throws {RangeError} if two chunks share values: the function would be applied twice. */
function checkChunksApart(parts: readonly Part[]): void {
  const ends = new Map<ArrayBufferLike, number>()
  const views = parts.map(({ x }) => x).filter((x) => lengthOf.call(x) > 0)
  for (const x of views.sort((a, b) => byteOffsetOf.call(a) - byteOffsetOf.call(b))) {
    const buffer = bufferOf.call(x)
    if (byteOffsetOf.call(x) < (ends.get(buffer) ?? 0))
      throw outOfRange(
        'out',
        'memory apart from vector where its chunks share memory',
        'vector itself',
      )
    ends.set(buffer, endOf(x))
  }
}
