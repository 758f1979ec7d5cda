// Reads options: their names, defaults and ranges are here.

import type { Scaling } from '../backend/contract'
import { describeName, invalidType, isArray, notTaken, outOfRange, withCode } from '../errors'
import type { FunctionEntry } from '../math/functions'
import type { JobOptions, JobSignal, Output, OutputPair, SoftplusOptions } from '../types'
import { readSignal } from './signal'

const scalingNames = ['beta', 'threshold']
export const callNames = ['out']
export const noNames: readonly string[] = []
const jobNames = ['out', 'threads', 'signal', 'transfer']
export const streamNames = ['highWaterMark']
const pairNames = ['value', 'derivative']
const defaults = { beta: 1, threshold: Infinity }
export const noScaling: Scaling = []
/** The most that `threads` may be. */
export const mostThreads = 1024
/** The most that `shards` may be. */
export const mostShards = 100_000

/**
 * Checks that options, which are undefined or an object, have only beta, threshold and `others`, and reads beta and
 * threshold. `others`: further names that are allowed. `offered`: those of them that the error message lists; default
 * all.
 *
 * @throws {TypeError} ERR_INVALID_ARG_TYPE for anything else; ERR_INVALID_ARG_VALUE for other names, unless undefined.
 * @throws {TypeError | RangeError} for a beta or threshold of the wrong type or out of its range.
 */
export type ReadScaling = (
  options: SoftplusOptions | undefined,
  others: readonly string[],
  offered?: readonly string[],
) => Scaling

export function scalingReaderOf(entry: FunctionEntry): ReadScaling {
  if (!entry.takesScaling) return withoutScaling(entry.publicName)
  const { thresholdLimit } = entry
  return (options, others, offered = others) => {
    if (options === undefined) return noScaling
    if (others === callNames ? !hasOnlyCallNames(options) : !hasOnly(options, others))
      refuse(options, [...scalingNames, ...offered], others)
    const { beta: givenBeta, threshold: givenThreshold } = options
    if (givenBeta === undefined && givenThreshold === undefined) return noScaling
    const beta = readBeta(givenBeta)
    const threshold = readThreshold(givenThreshold)
    if (beta !== defaults.beta) return [threshold, beta]
    return threshold < thresholdLimit ? [threshold] : noScaling
  }
}

const withoutScaling =
  (publicName: string): ReadScaling =>
  (options, others, offered = others) => {
    if (options === undefined) return noScaling
    if (others === callNames ? !hasOnlyCallNames(options) : !hasOnly(options, others))
      refuse(options, offered, [...scalingNames, ...others])
    const { beta, threshold } = options
    for (const [name, value] of Object.entries({ beta, threshold }))
      if (value !== undefined) throw notTaken(name, value, `${publicName} does not depend on it`)
    return noScaling
  }

/** beta rounded to float32. */
function readBeta(beta: unknown): number {
  if (beta === undefined) return defaults.beta
  if (typeof beta !== 'number') throw invalidType('beta', 'a number', beta)
  const rounded = Math.fround(beta)
  if (!Number.isFinite(rounded) || rounded === 0)
    throw outOfRange('beta', 'finite and not 0, also when rounded to float32', `${beta}`)
  return rounded
}

/** threshold rounded down to float32. No float lies between the two, so `p > threshold` stays the same for all floats p. */
function readThreshold(threshold: unknown): number {
  if (threshold === undefined) return defaults.threshold
  if (typeof threshold !== 'number') throw invalidType('threshold', 'a number', threshold)
  if (threshold !== threshold) throw outOfRange('threshold', 'any number but NaN', 'NaN')
  const rounded = Math.fround(threshold)
  return rounded > threshold ? nextBelow(rounded) : rounded
}

function nextBelow(float: number): number {
  const value = new Float32Array([float])
  const bits = new Int32Array(value.buffer)
  bits[0] += float > 0 ? -1 : 1
  return value[0]
}

export interface Job {
  scaling: Scaling
  out?: Float32Array
  threads?: number
  signal?: JobSignal
  transfer: boolean
}

export function readJob(
  readScaling: ReadScaling,
  options?: SoftplusOptions & Output & JobOptions,
): Job {
  const scaling = readScaling(options, jobNames)
  const { out, threads, signal, transfer } = options ?? {}
  return {
    scaling,
    out,
    threads: readThreads(threads),
    signal: readSignal(signal),
    transfer: readTransfer(transfer),
  }
}

export function readThreads(threads: unknown): number | undefined {
  if (threads === undefined) return undefined
  if (typeof threads !== 'number') throw invalidType('threads', 'a number', threads)
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads)
    throw outOfRange('threads', `an integer from 1 to ${mostThreads}`, `${threads}`)
  return threads
}

function readTransfer(transfer: unknown): boolean {
  if (transfer === undefined || typeof transfer === 'boolean') return transfer === true
  throw invalidType('transfer', 'a boolean', transfer)
}

/** The arrays of withDerivative's out. @throws {TypeError} unless it is undefined or an object that has only such. */
export function readPair(out: OutputPair['out'] | undefined): NonNullable<OutputPair['out']> {
  if (out === undefined) return {}
  if (hasOnlyPairNames(out)) return out
  if (!isRecord(out))
    throw invalidType('out', 'an object such as { value: array, derivative: array }', out)
  checkNames('out', out, pairNames, noNames)
  return out
}

// Whether options are an object that has names, and only beta, threshold and `others`. False for an array: it is empty
// or has other names. Where it is false, the slower `refuse` decides.
function hasOnly(options: unknown, others: readonly string[]): boolean {
  if (typeof options !== 'object' || options === null) return false
  let isEmpty = true
  for (const name in options) {
    if (name !== 'beta' && name !== 'threshold' && !others.includes(name)) return false
    isEmpty = false
  }
  return !isEmpty
}

// The same for the names of a call and of withDerivative's out. A search in a list takes 10 ns longer, which calls on short
// arrays would notice.
function hasOnlyCallNames(options: unknown): boolean {
  if (typeof options !== 'object' || options === null) return false
  let isEmpty = true
  for (const name in options) {
    if (name !== 'beta' && name !== 'threshold' && name !== 'out') return false
    isEmpty = false
  }
  return !isEmpty
}

function hasOnlyPairNames(out: unknown): boolean {
  if (typeof out !== 'object' || out === null) return false
  let isEmpty = true
  for (const name in out) {
    if (name !== 'value' && name !== 'derivative') return false
    isEmpty = false
  }
  return !isEmpty
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !isArray(value) && !ArrayBuffer.isView(value)

// `others` are names that are refused later, with a reason.
function refuse(options: unknown, taken: readonly string[], others: readonly string[]): void {
  const expected = 'an object such as { beta: 2 }'
  if (typeof options === 'number')
    throw invalidType(
      'options',
      expected,
      options,
      'In arrays.map(), write (x) => softplus(x): map passes the index too',
    )
  if (ArrayBuffer.isView(options))
    throw invalidType('options', expected, options, 'To write into an array: { out: array }')
  if (!isRecord(options)) throw invalidType('options', expected, options)
  checkNames('options', options, taken, others)
}

export function checkNames(
  of: string,
  options: Record<string, unknown>,
  taken: readonly string[],
  others: readonly string[],
): void {
  const only = taken.length > 0 ? `have only ${taken.join(', ')}` : 'be empty'
  for (const name in options)
    if (!taken.includes(name) && !others.includes(name) && options[name] !== undefined)
      throw withCode(
        new TypeError(`${of} must ${only}; got ${describeName(name)}`),
        'ERR_INVALID_ARG_VALUE',
      )
}
