// a b + c rounded to float32 once, for float32 a, b and c.

const { abs, fround, max, min } = Math
const largest = 2 ** 128 - 2 ** 104

/**
 * For all floats, subnormal results included. The product of two floats is exact in binary64.
 * Rounding the sum to binary64 first changes the result only where that lands halfway between two
 * floats; what it lost (Knuth's TwoSum) then says which of the two is nearer.
 */
export function fma(a: number, b: number, c: number): number {
  const p = a * b
  const s = p + c
  const y = fround(s)
  const other = y + 2 * (s - y)
  if (other === y) return y
  if (fround(other) !== other) return other === other ? y : belowOverflow(p, c, s, y)
  const lost = lostBy(p, c, s)
  if (lost === 0) return y
  return lost > 0 ? max(y, other) : min(y, other)
}

const lostBy = (p: number, c: number, s: number): number => {
  const t = s - p
  return p - (s - t) + (c - t)
}

// Halfway between the largest float and 2^128, which fround takes for infinite.
const overflow = 2 ** 128 - 2 ** 103

function belowOverflow(p: number, c: number, s: number, y: number): number {
  if (abs(s) !== overflow || lostBy(p, c, s) * s >= 0) return y
  return s > 0 ? largest : -largest
}
