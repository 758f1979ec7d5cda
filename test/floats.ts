// Sets of float32 values to test with, and how they are compared.
import { expect } from 'vitest'
import { floatBytes } from './npy-writer'

/** The given values rounded to float32, and the 40 bit patterns on either side of each. */
export function floatsAround(values: number[]): Float32Array {
  const found: number[] = []
  const float = new Float32Array(1)
  const bits = new Uint32Array(float.buffer)
  for (const value of values) {
    float[0] = value
    const center = bits[0]
    for (let step = -40; step <= 40; step++) {
      bits[0] = center + step
      found.push(float[0])
    }
  }
  return Float32Array.from(found)
}

/** Near values, every third of them far, without a period. */
export function floats(length: number, seed = 1): Float32Array<ArrayBuffer> {
  const x = new Float32Array(length)
  for (let i = 0; i < length; i++)
    x[i] = (Math.imul(i + seed, 2654435761) / 2 ** 31) * (i % 3 ? 12 : 60)
  return x
}

/** Chunks of 1 in `stride` of all 2^32 bit patterns. */
export function* stridedFloats(stride: number): Generator<Float32Array> {
  const chunk = 1 << 20
  for (let at = 0; at < 2 ** 32; ) {
    const bits = new Uint32Array(Math.min(chunk, Math.ceil((2 ** 32 - at) / stride)))
    for (let i = 0; i < bits.length; i++, at += stride) bits[i] = at
    yield new Float32Array(bits.buffer)
  }
}

/** NaN is NaN, whatever its payload: all of them become one. */
export const bits = (x: Float32Array): Uint32Array =>
  new Uint32Array(Float32Array.from(x, (v) => (v === v ? v : Number.NaN)).buffer)

/** Quick where they are the same: this is asked a hundred thousand times, of arrays of up to millions. */
export function expectSame(got: Float32Array, want: Float32Array, where = ''): void {
  if (got.length !== want.length) expect(got, where).toHaveLength(want.length)
  if (floatBytes(got).equals(floatBytes(want))) return
  for (let i = 0; i < want.length; i++)
    if (!Object.is(got[i], want[i])) expect(bits(got), where).toEqual(bits(want))
}
