// a b + c rounded to float32 once, for float32 a, b and c.

const { fround, max, min } = Math

/**
 * The product of two floats is exact in binary64. Only where the sum, rounded to binary64, lands
 * halfway between two floats can its own rounding turn the second one; what that lost (Knuth's
 * TwoSum) then says which of the two is nearer.
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
