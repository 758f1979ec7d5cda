// a b + c rounded to float32 once, for float32 a, b and c.

const { fround, max, min } = Math

/**
 * Exact, subnormal results included, for sums below 2^128 - 2^103, where float32 overflows. A sum that binary64 rounds up
 * to that value gives Infinity. Kernel sums stay below 2^24.
 *
 * The product of two floats is exact in binary64. Rounding the sum to binary64 first changes the result
 * only where that lands halfway between two floats; what it lost (Knuth's TwoSum) then says which
 * of the two is nearer.
 */
export function fma(a: number, b: number, c: number): number {
  const p = a * b
  const s = p + c
  const y = fround(s)
  const other = y + 2 * (s - y)
  if (other === y || fround(other) !== other) return y
  const t = s - p
  const lost = p - (s - t) + (c - t)
  if (lost === 0) return y
  return lost > 0 ? max(y, other) : min(y, other)
}
