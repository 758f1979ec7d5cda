// Checks arrays, and makes new ones. With the addon, native/addon/call.h checks overlap instead. Every check comes before
// the first write.

import type { Kernels } from '../backend/contract'
import { describe, invalidType, isArray, outOfRange, withCode } from '../errors'
import { bufferOf, byteOffsetOf, isAttached, lengthOf, setOf, tagOf, viewOf } from '../intrinsics'

/**
 * The length of `value`, which must be a Float32Array with memory.
 *
 * @throws {TypeError} ERR_INVALID_ARG_TYPE for anything else; ERR_INVALID_STATE for an array that is detached (its
 * buffer was transferred) or lies outside its resizable buffer.
 */
export function readLength(name: string, value: unknown): number {
  // Length 0 does not show detachment: empty arrays are allowed. Some optimized code of V8 even reads the length that a
  // detached array had (seen in Node 20, once arrays over resizable buffers were used). So attachment is checked first.
  if (tagOf.call(value) === 'Float32Array' && isAttached(value as Float32Array)) {
    const length = lengthOf.call(value)
    if ((value as Float32Array).length === length) return length
  }
  throw refusalOf(name, value)
}

// Apart, so that readLength stays small enough for V8 to inline it: a call on 16 elements takes 5 % less time.
function refusalOf(name: string, value: unknown): TypeError {
  const tag = tagOf.call(value)
  if (tag !== 'Float32Array')
    return invalidType(name, 'a Float32Array', value, adviceFor(value, tag))
  if (!isAttached(value as Float32Array))
    return withCode(
      new TypeError(
        `${name} must be a Float32Array with memory; got one whose buffer is detached (transferred to ` +
          'another owner) or was shrunk below it',
      ),
      'ERR_INVALID_STATE',
    )
  return invalidType(name, 'a Float32Array with its own length', value, 'Its length was redefined')
}

function adviceFor(value: unknown, tag: unknown): string {
  if (tag === 'Uint8Array' || tag === 'Uint8ClampedArray')
    return 'To see its bytes as floats: new Float32Array(b.buffer, b.byteOffset, b.byteLength / 4)'
  if (tag === 'BigInt64Array' || tag === 'BigUint64Array')
    return 'To convert it: Float32Array.from(x, Number)'
  if (tag !== undefined || isArray(value)) return 'To convert it: Float32Array.from(x)'
  if (/^an instance of (Shared)?ArrayBuffer$/.test(describe(value)))
    return 'To see its bytes as floats: new Float32Array(buffer)'
  return ''
}

/** @throws {TypeError | RangeError} unless y is a Float32Array with memory that is as long as x, whose length is `wanted`. */
export function checkLength(wanted: number, y: unknown, name = 'out'): void {
  const length = readLength(name, y)
  if (length !== wanted)
    throw outOfRange(name, `as long as x, of length ${wanted}`, `length ${length}`)
}

// How many bytes y begins after x, if the two overlap.
function overlapOf(x: Float32Array, y: Float32Array): number | undefined {
  const bytes = byteOffsetOf.call(y) - byteOffsetOf.call(x)
  const isSame = bufferOf.call(y) === bufferOf.call(x)
  return isSame && Math.abs(bytes) < lengthOf.call(x) * 4 ? bytes : undefined
}

const overlapping = (bytes: number, of: string): string =>
  `a view that begins ${bytes} bytes from ${of} and overlaps it`

/**
 * Whether x and y begin as many bytes after the start of their buffers. Then they are the same memory or apart, even if
 * two SharedArrayBuffer objects are the same memory. Asking for the buffers takes longer than computing a few elements:
 * V8 makes the buffer of a short array when it is asked for.
 */
export const beginAlike = (x: Float32Array, y: Float32Array): boolean =>
  byteOffsetOf.call(x) === byteOffsetOf.call(y)

/** @throws {RangeError} ERR_OUT_OF_RANGE if y overlaps x, unless the two are the same memory. */
export function checkApart(x: Float32Array, y: Float32Array, of = 'x', name = 'out'): void {
  const bytes = overlapOf(x, y)
  if (bytes !== undefined && bytes !== 0)
    throw outOfRange(name, `${of} itself, or memory apart from ${of}`, overlapping(bytes, of))
}

/** @throws {RangeError} ERR_OUT_OF_RANGE if y overlaps x or is x. */
export function checkSeparate(x: Float32Array, y: Float32Array, of: string, name: string): void {
  const bytes = overlapOf(x, y)
  if (bytes !== undefined) throw outOfRange(name, `memory apart from ${of}`, overlapping(bytes, of))
}

// 4 MiB, as in NumPy's allocator. Such memory comes from the system at once, which gives it page by page when it is
// written: that takes several times as long as the arithmetic.
const hugeLength = 1 << 20

/** Makes arrays for results. Large ones are on huge pages, where the system has them on request. */
export const allocatorOf =
  ({ adviseHugePages }: Kernels) =>
  (length: number): Float32Array<ArrayBuffer> => {
    const array = new Float32Array(length)
    if (length >= hugeLength) adviseHugePages?.(array)
    return array
  }

// 32 MiB. glibc may have used shorter memory before. Then V8 fills a new array with zeros, which it does not for a copy.
const hugeCopyLength = 1 << 23

/** Makes copies, of which large ones are on huge pages, too. */
export const copierOf = (kernels: Kernels) => {
  const allocate = allocatorOf(kernels)
  return (x: Float32Array): Float32Array<ArrayBuffer> => {
    const length = lengthOf.call(x)
    if (length < hugeCopyLength) return new Float32Array(x)
    const copy = allocate(length)
    // A view, because shared memory may have grown meanwhile.
    setOf.call(copy, viewOf(x, 0, length), 0)
    return copy
  }
}
