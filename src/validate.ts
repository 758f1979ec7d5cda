// What callers pass, checked before anything is written.
import { invalidType, outOfRange, withCode } from './errors'

const typedArray = Object.getPrototypeOf(Float32Array.prototype)
const getterOf = (name: PropertyKey): ((this: unknown) => unknown) =>
  Object.getOwnPropertyDescriptor(typedArray, name)?.get as (this: unknown) => unknown

// The getters and methods of the language itself: no subclass, proxy or own property can answer for them.
const tagOf = getterOf(Symbol.toStringTag)
const keysOf = typedArray.keys as (this: unknown) => unknown

/**
 * Throws unless `value` is a Float32Array that can be read.
 *
 * @throws {TypeError} ERR_INVALID_ARG_TYPE for anything else, and ERR_INVALID_STATE for an array that is detached (its
 * buffer was transferred) or lies outside its resizable buffer.
 */
export function checkArray(name: string, value: unknown): asserts value is Float32Array {
  const tag = tagOf.call(value)
  if (tag !== 'Float32Array')
    throw invalidType(name, 'a Float32Array', value, adviceFor(value, tag))
  // Both states show as length 0, which is fine in itself; the language tells them apart when asked to iterate.
  if ((value as Float32Array).length === 0) checkAttached(name, value)
}

function checkAttached(name: string, value: unknown): void {
  try {
    keysOf.call(value)
  } catch {
    throw withCode(
      new TypeError(
        `${name} must be a Float32Array with memory; got one whose buffer is detached (transferred to another owner) ` +
          'or was shrunk below it',
      ),
      'ERR_INVALID_STATE',
    )
  }
}

function adviceFor(value: unknown, tag: unknown): string {
  if (tag === 'Uint8Array' || tag === 'Uint8ClampedArray')
    return 'To see its bytes as floats: new Float32Array(b.buffer, b.byteOffset, b.byteLength / 4)'
  if (tag === 'BigInt64Array' || tag === 'BigUint64Array')
    return 'To convert it: Float32Array.from(x, Number)'
  if (tag !== undefined || Array.isArray(value)) return 'To convert it: Float32Array.from(x)'
  if (value instanceof ArrayBuffer) return 'To see its bytes as floats: new Float32Array(buffer)'
  return ''
}

/**
 * Throws unless y can take the results for x.
 *
 * @throws {TypeError} as `checkArray`. @throws {RangeError} ERR_OUT_OF_RANGE if the lengths differ, or if y overlaps x
 * without being the same memory from its first to its last element.
 */
export function checkOut(x: Float32Array, y: unknown): asserts y is Float32Array {
  checkArray('out', y)
  if (y.length !== x.length)
    throw outOfRange('out', `as long as x, ${x.length} elements`, `${y.length} elements`)
  if (y.buffer !== x.buffer || y.byteOffset === x.byteOffset) return
  if (Math.abs(y.byteOffset - x.byteOffset) < x.byteLength)
    throw outOfRange(
      'out',
      'x itself, or memory apart from x',
      `a view that begins ${y.byteOffset - x.byteOffset} bytes from x and overlaps it`,
    )
}

/** @throws {TypeError} ERR_INVALID_ARG_TYPE unless options is undefined or an object. */
export function checkOptions(options: unknown): void {
  if (options === undefined || (typeof options === 'object' && options !== null)) return
  const advice =
    typeof options === 'number'
      ? 'In arrays.map(), write (x) => softplus(x): map passes the index too'
      : ''
  throw invalidType('options', 'an object such as { beta: 2 }', options, advice)
}

/** beta rounded to float32. @throws {TypeError | RangeError} unless it is a finite number that does not round to 0. */
export function checkBeta(beta: unknown): number {
  if (beta === undefined) return 1
  if (typeof beta !== 'number') throw invalidType('beta', 'a number', beta)
  const rounded = Math.fround(beta)
  if (!Number.isFinite(rounded) || rounded === 0)
    throw outOfRange('beta', 'finite and not 0, also when rounded to float32', `${beta}`)
  return rounded
}

/**
 * threshold rounded to float32, downwards: no float lies between the two, so that `p > threshold` stays what it was.
 * @throws {TypeError | RangeError} unless it is a number other than NaN.
 */
export function checkThreshold(threshold: unknown): number {
  if (threshold === undefined) return Infinity
  if (typeof threshold !== 'number') throw invalidType('threshold', 'a number', threshold)
  if (threshold !== threshold) throw outOfRange('threshold', 'any number but NaN', 'NaN')
  const rounded = Math.fround(threshold)
  return rounded > threshold ? nextBelow(rounded) : rounded
}

function nextBelow(float: number): number {
  const value = new Float32Array([float])
  const bits = new Int32Array(value.buffer)
  if (float === 0) return -(2 ** -149)
  bits[0] += float > 0 ? -1 : 1
  return value[0]
}
