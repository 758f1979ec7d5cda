// Which shard computes which bytes. Knows no files, so that objects in a store can be divided by the same rules.

import { createHash } from 'node:crypto'
import { readFunctionName } from '../api/byName'
import { checkNames, isRecord, mostShards, noNames } from '../api/options'
import { describe, invalidType, outOfRange, withCode } from '../errors'
import { arrayLayout, checkNoColumns } from '../files/array'
import type { SoftplusOptions } from '../types'
import { activations } from './activations'
import type { ByteRange, FileShardPlan, ObjectDescription, ShardOptions, ShardPlan } from './types'

const defaultAlignment = 1 << 20

/**
 * Plans the shards of bytes that are not a file here, such as an object in S3. Read the bytes of shardRange(plan, i),
 * activate them by activateRange(plan, i, bytes), and write them to the same place of the result.
 *
 * @throws {TypeError | RangeError} if the description or an option has the wrong type or is out of its range, or an option is
 * unknown.
 * @throws {Error} if the bytes are not float32 or have another length than the header says.
 *
 * @example
 * const plan = planObject({ format: 'f32', size: 12, version: '"etag"' }, { shards: 2 })
 * shardRange(plan, 0) // { start: 0, end: 12 }
 */
export function planObject(description: ObjectDescription, options: ShardOptions): ShardPlan {
  checkDescription(description)
  const { format, size, version } = description
  const read = readOptions(options)
  const headerBytes = headerBytesOf('the input', description, read.columns)
  return createPlan({ format, size, version, headerBytes }, read)
}

export function createPlan(
  described: Pick<ShardPlan, 'format' | 'size' | 'version' | 'headerBytes'>,
  { columns, ...options }: Options,
): ShardPlan {
  // The result does not depend on their order.
  const sorted = [...new Set(columns)].sort()
  const plan = { ...described, ...(sorted.length > 0 && { columns: sorted }), ...options }
  return { ...plan, digest: digestOf(plan) }
}

/**
 * The bytes of a shard, counted from 0. The first has the header; the others start at an element. If the input has fewer
 * blocks than shards, the last shards are empty: start === end.
 *
 * @throws {TypeError | RangeError} if plan is no plan or index is out of its range.
 */
export function shardRange(plan: ShardPlan, index: number): ByteRange {
  checkPlan(plan)
  checkIndex(plan, index)
  return rangeOf(plan, index)
}

export function rangeOf(plan: ShardPlan, index: number): ByteRange {
  const { size, headerBytes, shards, alignment } = plan
  const blocks = Math.ceil(size / alignment)
  const each = Math.floor(blocks / shards)
  const larger = blocks % shards
  // A header whose length is no multiple of 4 shifts the elements, and so the ranges.
  const shift = headerBytes % Float32Array.BYTES_PER_ELEMENT
  const edge = (i: number) => {
    const block = i * each + Math.min(i, larger)
    return block === 0 ? 0 : Math.min(block * alignment + shift, size)
  }
  return { start: edge(index), end: edge(index + 1) }
}

/** Throws a TypeError if it is not a plan, or was changed since it was made. */
export function checkPlan(plan: ShardPlan): void {
  if (!isRecord(plan)) throw invalidType('plan', 'what planShards or planObject returned', plan)
  const { digest } = plan
  if (digest === digestOf(plan) && Object.hasOwn(activations, plan.function)) return
  throw withCode(
    new TypeError(
      `plan must be what planShards or planObject of this version returned; got the digest ${describe(digest)}. Plan again`,
    ),
    'ERR_INVALID_ARG_VALUE',
  )
}

export function checkFilePlan(plan: FileShardPlan): void {
  checkPlan(plan)
  for (const name of ['input', 'output'] as const)
    if (typeof plan[name] !== 'string') throw invalidType(`plan.${name}`, 'a path', plan[name])
}

export function checkIndex({ shards }: ShardPlan, index: number): void {
  if (typeof index !== 'number') throw invalidType('index', 'a number', index)
  if (!Number.isInteger(index) || index < 0 || index >= shards)
    throw outOfRange('index', `an integer from 0 to ${shards - 1}`, `${index}`)
}

/** The plan's beta and threshold as options of the functions. */
export function scalingOf({ beta, threshold }: ShardPlan): SoftplusOptions {
  return {
    ...(beta !== undefined && { beta }),
    ...(threshold !== undefined && { threshold: Number(threshold) }),
  }
}

/** The length of an array's header. Throws an InputError if the elements are not float32, or there are columns. */
export function headerBytesOf(
  name: string,
  { format, size, start = new Uint8Array(0) }: Omit<ObjectDescription, 'version'>,
  columns: readonly string[],
): number {
  checkNoColumns(name, format, columns)
  return arrayLayout({ name, size }, start, format).head.length
}

function checkDescription(description: ObjectDescription): void {
  if (!isRecord(description))
    throw invalidType('description', 'an object with format, size and version', description)
  checkNames('description', description, ['format', 'size', 'version', 'start'], noNames)
  const { format, size, version, start } = description
  if (format !== 'npy' && format !== 'f32')
    throw withCode(
      new TypeError(`format must be 'npy' or 'f32'; got ${describe(format)}`),
      'ERR_INVALID_ARG_VALUE',
    )
  readInteger('size', size, 0, Number.MAX_SAFE_INTEGER)
  if (typeof version !== 'string') throw invalidType('version', 'a string', version)
  if (start !== undefined && !(start instanceof Uint8Array))
    throw invalidType('start', 'a Uint8Array', start)
}

const optionNames = ['shards', 'function', 'beta', 'threshold', 'alignment', 'columns']

interface Options
  extends Pick<ShardPlan, 'function' | 'beta' | 'threshold' | 'shards' | 'alignment'> {
  columns: readonly string[]
}

export function readOptions(options: ShardOptions): Options {
  if (!isRecord(options)) throw invalidType('options', 'an object such as { shards: 16 }', options)
  checkNames('options', options, optionNames, noNames)
  const { function: name = 'softplus', beta, threshold, shards, alignment, columns } = options
  const functionName = readFunctionName(activations, name)
  // The function knows which values it takes.
  activations[functionName](new Float32Array(0), { beta, threshold })
  return {
    function: functionName,
    ...readScaling({ beta, threshold }),
    shards: readInteger('shards', shards, 1, mostShards),
    alignment: readAlignment(alignment),
    columns: readColumns(columns),
  }
}

function readColumns(columns: unknown): readonly string[] {
  if (columns === undefined) return []
  if (Array.isArray(columns) && columns.every((name) => typeof name === 'string')) return columns
  throw invalidType('columns', "an array of strings such as ['x']", columns)
}

function readScaling({ beta, threshold }: SoftplusOptions): Pick<ShardPlan, 'beta' | 'threshold'> {
  return {
    ...(beta !== undefined && beta !== 1 && { beta: Math.fround(beta) }),
    ...(threshold !== undefined &&
      threshold !== Infinity && {
        threshold: threshold === -Infinity ? ('-Infinity' as const) : threshold,
      }),
  }
}

function readAlignment(alignment: unknown): number {
  if (alignment === undefined) return defaultAlignment
  const read = readInteger('alignment', alignment, 4, 2 ** 40)
  if (read % 4 !== 0) throw outOfRange('alignment', 'a multiple of 4', `${read}`)
  return read
}

function readInteger(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value)
  if (!Number.isInteger(value) || value < least || value > most)
    throw outOfRange(name, `an integer from ${least} to ${most}`, `${value}`)
  return value
}

function digestOf(plan: Omit<ShardPlan, 'digest'>): string {
  const { format, size, version, headerBytes, function: name, beta, threshold } = plan
  const { shards, alignment, columns } = plan
  const parts = [format, size, version, headerBytes, columns]
  const options = [name, beta, threshold, shards, alignment]
  const text = JSON.stringify([2, ...parts, ...options])
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
