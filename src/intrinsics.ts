// Getters and methods of typed arrays as the language made them: no subclass, proxy or own property
// can answer for them.

type Getter<Value> = (this: unknown) => Value

const typedArray = Object.getPrototypeOf(Float32Array.prototype)
const getterOf = <Value>(prototype: object, name: PropertyKey): Getter<Value> =>
  Object.getOwnPropertyDescriptor(prototype, name)?.get as Getter<Value>

/** 'Float32Array' and the like; undefined for what is no typed array. */
export const tagOf = getterOf<unknown>(typedArray, Symbol.toStringTag)

export const lengthOf = getterOf<number>(typedArray, 'length')
export const bufferOf = getterOf<ArrayBufferLike>(typedArray, 'buffer')
export const byteOffsetOf = getterOf<number>(typedArray, 'byteOffset')

/** As set of a Float32Array: a subclass may have a set of its own. */
export const setOf = typedArray.set as (this: unknown, values: Float32Array, start: number) => void

/** The elements from start to before end, of memory that x cannot pretend to. */
export function viewOf(x: Float32Array, start: number, end: number): Float32Array {
  const count = Math.max(0, Math.min(end, lengthOf.call(x)) - start)
  return new Float32Array(bufferOf.call(x), byteOffsetOf.call(x) + start * 4, count)
}

const sharedLengthOf =
  typeof SharedArrayBuffer === 'function'
    ? getterOf<number>(SharedArrayBuffer.prototype, 'byteLength')
    : undefined

/** Whether it is a SharedArrayBuffer, of whichever realm: its getter throws for any other buffer. */
export function isShared(buffer: ArrayBufferLike): boolean {
  try {
    return sharedLengthOf?.call(buffer) !== undefined
  } catch {
    return false
  }
}

/** Throws for arrays without memory: detached, or outside their buffer. */
export const keysOf = typedArray.keys as (this: unknown) => unknown

export function isAttached(array: Float32Array): boolean {
  try {
    keysOf.call(array)
    return true
  } catch {
    return false
  }
}
