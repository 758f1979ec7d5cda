// How far two results are apart: equal elements, and the largest difference in ULP.

/** How many elements are equal; of float32 arrays, pass the bits. */
export function countEqual(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let equal = 0
  for (let i = 0; i < a.length; i += 1) if (a[i] === b[i]) equal += 1
  return equal
}

/** The bit patterns of float32 elements. */
export function bitsOf(floats: Float32Array): Int32Array {
  return new Int32Array(floats.buffer, floats.byteOffset, floats.length)
}

/** The largest difference between elements at the same place, in units in the last place. */
export function largestUlpDifference(a: Float32Array, b: Float32Array): number {
  const places = Array.from(bitsOf(b), place)
  return bitsOf(a).reduce((most, bits, i) => {
    return Math.max(most, Math.abs(place(bits) - (places[i] ?? Number.NaN)))
  }, 0)
}

// Consecutive integers for consecutive floats: negative floats count down from zero.
function place(bits: number): number {
  return bits < 0 ? -(bits & 0x7fffffff) : bits
}
