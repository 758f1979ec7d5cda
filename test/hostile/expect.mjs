// What the hostile scripts share: the package, arrays, and ways to take memory from them.
import assert from 'node:assert/strict'

export { backend, relu, softplus } from '../../dist/index.js'
export { assert }

export const block = 65536
export function floats(length) {
  const x = new Float32Array(length)
  for (let i = 0; i < length; i++) x[i] = (Math.imul(i, 2654435761) / 2 ** 31) * 30
  return x
}

export function detach(array) {
  structuredClone(array.buffer, { transfer: [array.buffer] })
  return array
}

/** A Float32Array over a buffer that can be shrunk. */
export function shrinkable(length) {
  const x = new Float32Array(new ArrayBuffer(4 * length, { maxByteLength: 8 * length }))
  x.set(floats(length))
  return x
}

export const bitsOf = (array) => [...new Uint32Array(array.buffer, array.byteOffset, array.length)]

export const isOneOf =
  (...codes) =>
  (error) => {
    assert.ok(error instanceof TypeError || error instanceof RangeError, `${error}`)
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`)
    return true
  }
