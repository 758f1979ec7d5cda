// Errors with Node's codes, whose messages name the parameter, what was expected and what came.

export type ErrorCode =
  | 'ERR_INVALID_ARG_TYPE'
  | 'ERR_INVALID_ARG_VALUE'
  | 'ERR_OUT_OF_RANGE'
  | 'ERR_INVALID_STATE'
  | 'ERR_SOFTPLUS_BACKEND'
  | 'ERR_SOFTPLUS_ADDON'

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

/** A short description of any value, without calling any code of the value's own. */
export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 32))}`
  if (typeof value === 'bigint') return `the bigint ${value}n`
  if (typeof value === 'number' || typeof value === 'boolean') return `${typeof value} ${value}`
  if (typeof value !== 'object') return typeof value
  return Array.isArray(value) ? 'an array' : `an instance of ${kindOf(value)}`
}

function kindOf(value: object): string {
  try {
    const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
    return typeof name === 'string' && name !== '' ? name : 'an unnamed class'
  } catch {
    // A proxy may throw from anywhere; what it is called is no reason to fail in another way.
    return 'an unreadable class'
  }
}
