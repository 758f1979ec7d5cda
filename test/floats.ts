// Sets of float32 values to test with.

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

/** Chunks of 1 in `stride` of all 2^32 bit patterns. */
export function* stridedFloats(stride: number): Generator<Float32Array> {
  const chunk = 1 << 20
  for (let at = 0; at < 2 ** 32; ) {
    const bits = new Uint32Array(Math.min(chunk, Math.ceil((2 ** 32 - at) / stride)))
    for (let i = 0; i < bits.length; i++, at += stride) bits[i] = at
    yield new Float32Array(bits.buffer)
  }
}
