// Compares two results: equal elements, and the largest difference in ULP.

/** How many elements are equal. Pass the bits of float32: as numbers -0 equals 0, and NaN differs from NaN. */
export function countEqual(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let equal = 0
  for (let i = 0; i < a.length; i += 1) if (a[i] === b[i]) equal += 1
  return equal
}

/** The bit patterns of float32 elements. */
export function bitsOf(floats: Float32Array): Int32Array {
  return new Int32Array(floats.buffer, floats.byteOffset, floats.length)
}

/** The largest difference between elements at the same index, in units in the last place. */
export function largestUlpDifference(a: Float32Array, b: Float32Array): number {
  const ranks = Array.from(bitsOf(b), rank)
  return bitsOf(a).reduce((most, bits, i) => {
    return Math.max(most, Math.abs(rank(bits) - (ranks[i] ?? Number.NaN)))
  }, 0)
}

// Maps consecutive floats to consecutive integers. The bits of negative floats grow away from zero.
function rank(bits: number): number {
  return bits < 0 ? -(bits & 0x7fffffff) : bits
}
