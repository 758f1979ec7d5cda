// Errors with Node's codes, whose messages name the parameter, what was expected and what came.
import { tagOf } from './intrinsics'

export type ErrorCode =
  | 'ERR_INVALID_ARG_TYPE'
  | 'ERR_INVALID_ARG_VALUE'
  | 'ERR_OUT_OF_RANGE'
  | 'ERR_INVALID_STATE'
  | 'ABORT_ERR'
  | 'ERR_SOFTPLUS_BACKEND'
  | 'ERR_SOFTPLUS_ADDON'
  | 'ERR_SOFTPLUS_DUCKDB'
  | 'ERR_SOFTPLUS_INPUT'
  | 'ERR_SOFTPLUS_SHARDS'

export function withCode<E extends Error>(error: E, code: ErrorCode): E & { code: ErrorCode } {
  return Object.assign(error, { code })
}

export const invalidType = (name: string, expected: string, value: unknown, advice = '') =>
  withCode(
    new TypeError(`${name} must be ${expected}; got ${describe(value)}${advice && `. ${advice}`}`),
    'ERR_INVALID_ARG_TYPE',
  )

export const outOfRange = (name: string, expected: string, got: string) =>
  withCode(new RangeError(`${name} must be ${expected}; got ${got}`), 'ERR_OUT_OF_RANGE')

export const notTaken = (name: string, value: unknown, reason: string) =>
  withCode(
    new TypeError(`${name} must be left out: ${reason}; got ${describe(value)}`),
    'ERR_INVALID_ARG_VALUE',
  )

/** A short description of any value, whatever code of its own it would like to run instead. */
export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'string') return `the string ${JSON.stringify(clip(value))}`
  if (typeof value === 'bigint') return `the bigint ${clip(`${value}n`)}`
  if (typeof value === 'number' || typeof value === 'boolean') return `${typeof value} ${value}`
  if (typeof value !== 'object') return typeof value
  try {
    return isArray(value) ? 'an array' : describeObject(value)
  } catch {
    // A proxy may throw from anywhere. What it is called is no reason to fail in another way.
    return 'an unreadable object'
  }
}

/** Array.isArray, but false for a revoked proxy, where that throws. */
export function isArray(value: unknown): boolean {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

/** A property's name, quoted if it is long or has characters that a terminal might obey. */
export const describeName = (name: string): string =>
  /^[\w$]{1,32}$/.test(name) ? name : JSON.stringify(clip(name))

export const clip = (text: string): string => (text.length > 32 ? `${text.slice(0, 32)}...` : text)

function describeObject(value: object): string {
  const name = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(value) ?? {}, 'constructor')
    ?.value?.name
  if (typeof name !== 'string' || name === '') return 'an object'
  if (name === 'Float32Array' && tagOf.call(value) !== name)
    return 'a proxy of a Float32Array, or an object that only inherits from it'
  return `an instance of ${clip(name)}`
}
