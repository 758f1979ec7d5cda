// What callers pass, checked before anything is written.
import { describe, describeName, invalidType, isArray, outOfRange, withCode } from '../errors'
import { bufferOf, byteOffsetOf, keysOf, lengthOf, tagOf } from '../intrinsics'

/**
 * The length of `value`, which must be a Float32Array that can be read.
 *
 * @throws {TypeError} ERR_INVALID_ARG_TYPE for anything else, and ERR_INVALID_STATE for an array
 * that is detached (its buffer was transferred) or lies outside its resizable buffer.
 */
export function checkArray(name: string, value: unknown): number {
  const tag = tagOf.call(value)
  if (tag !== 'Float32Array')
    throw invalidType(name, 'a Float32Array', value, adviceFor(value, tag))
  checkAttached(name, value)
  const length = lengthOf.call(value)
  if ((value as Float32Array).length !== length)
    throw invalidType(name, 'a Float32Array with its own length', value, 'Its length was redefined')
  return length
}

// Both states show as length 0, which is fine in itself; the language tells them apart when asked
// to iterate. It is asked every time: V8's optimised code reads the old length of a detached array
// (seen in Node 20, once arrays over resizable buffers have passed by).
function checkAttached(name: string, value: unknown): void {
  try {
    keysOf.call(value)
  } catch {
    throw withCode(
      new TypeError(
        `${name} must be a Float32Array with memory; got one whose buffer is detached (transferred to ` +
          'another owner) or was shrunk below it',
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
  if (tag !== undefined) return 'To convert it: Float32Array.from(x)'
  if (isArray(value)) return 'To convert it: Float32Array.from(x)'
  if (/^an instance of (Shared)?ArrayBuffer$/.test(describe(value)))
    return 'To see its bytes as floats: new Float32Array(buffer)'
  return ''
}

/**
 * Throws unless y is an array as long as x, whose length is `wanted`. That they do not overlap is for
 * the kernel to see: `checkApart` here, pointers in C++.
 *
 * @throws {TypeError} as `checkArray`. @throws {RangeError} ERR_OUT_OF_RANGE if the lengths differ.
 */
export function checkLength(wanted: number, y: unknown, name = 'out'): void {
  const length = checkArray(name, y)
  if (length !== wanted)
    throw outOfRange(name, `as long as x, of length ${wanted}`, `length ${length}`)
}

// How many bytes y begins from x, if that makes them overlap.
function overlapOf(x: Float32Array, y: Float32Array): number | undefined {
  const bytes = byteOffsetOf.call(y) - byteOffsetOf.call(x)
  const isSame = bufferOf.call(y) === bufferOf.call(x)
  return isSame && Math.abs(bytes) < lengthOf.call(x) * 4 ? bytes : undefined
}

const overlapping = (bytes: number, of: string): string =>
  `a view that begins ${bytes} bytes from ${of} and overlaps it`

/** @throws {RangeError} ERR_OUT_OF_RANGE if y overlaps x without being the same memory throughout. */
export function checkApart(x: Float32Array, y: Float32Array, of = 'x', name = 'out'): void {
  const bytes = overlapOf(x, y)
  if (bytes !== undefined && bytes !== 0)
    throw outOfRange(name, `${of} itself, or memory apart from ${of}`, overlapping(bytes, of))
}

/** @throws {RangeError} ERR_OUT_OF_RANGE if y overlaps x, or is x. */
export function checkSeparate(x: Float32Array, y: Float32Array, of: string, name: string): void {
  const bytes = overlapOf(x, y)
  if (bytes !== undefined) throw outOfRange(name, `memory apart from ${of}`, overlapping(bytes, of))
}

/**
 * Throws unless options is undefined or an object that has nothing but what is taken. One that is
 * undefined is left out.
 *
 * @param others Names that the call refuses by itself, with a reason.
 * @throws {TypeError} ERR_INVALID_ARG_TYPE for what is no object, or an array; ERR_INVALID_ARG_VALUE for
 * another option.
 */
export function checkOptions(
  options: unknown,
  taken: readonly string[],
  others: readonly string[] = [],
): void {
  if (options === undefined) return
  if (!hasOnly(options, taken, others)) refuseOptions(options, taken, others)
}

/**
 * As checkOptions, for beta, threshold and out. Those of them that are not `taken` are for the call to refuse, with a
 * reason.
 */
export function checkCallOptions(options: unknown, taken: readonly string[]): void {
  if (options === undefined) return
  if (!hasOnlyCallNames(options)) refuseOptions(options, taken, callNames)
}

const callNames = ['beta', 'threshold', 'out']

/**
 * @throws {TypeError} ERR_INVALID_ARG_TYPE unless out is undefined or an object that names arrays;
 * ERR_INVALID_ARG_VALUE if it names another than value and derivative.
 */
export function checkOutPair(out: unknown): void {
  if (out === undefined || hasOnlyPairNames(out)) return
  if (!isRecord(out))
    throw invalidType('out', 'an object such as { value: array, derivative: array }', out)
  refuseUnknown('out', out, pairNames, none)
}

const pairNames = ['value', 'derivative']
const none: readonly string[] = []

// An array is no object of options, and has other names or none: it is looked at where this is false.
function hasOnly(options: unknown, taken: readonly string[], others: readonly string[]): boolean {
  if (typeof options !== 'object' || options === null) return false
  let isEmpty = true
  for (const name in options) {
    if (!isAmong(name, taken) && !isAmong(name, others)) return false
    isEmpty = false
  }
  return !isEmpty
}

// The same for those of calls, with its names written out: a call on a short array would notice a search in a list.
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

function isAmong(name: string, names: readonly string[]): boolean {
  for (let i = 0; i < names.length; i++) if (names[i] === name) return true
  return false
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !isArray(value) && !ArrayBuffer.isView(value)

function refuseOptions(
  options: unknown,
  taken: readonly string[],
  others: readonly string[],
): void {
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
  refuseUnknown('options', options, taken, others)
}

function refuseUnknown(
  of: string,
  options: Record<string, unknown>,
  taken: readonly string[],
  others: readonly string[],
): void {
  for (const name in options)
    if (options[name] !== undefined && !isAmong(name, taken) && !isAmong(name, others))
      throw withCode(
        new TypeError(`${of} must have only ${taken.join(', ')}; got ${describeName(name)}`),
        'ERR_INVALID_ARG_VALUE',
      )
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
 * threshold rounded to float32, downwards: no float lies between the two, so that `p > threshold`
 * stays what it was.
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
  bits[0] += float > 0 ? -1 : 1
  return value[0]
}
