// The fma of the js backend against exact arithmetic in integers.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fma } from '../src/math/fma'

// A float as an integer times 2^-149.
const scaleBits = 149n
function exact(float: number): bigint {
  const words = new Uint32Array(new Float32Array([float]).buffer)
  const exponent = (words[0] >>> 23) & 255
  const fraction = BigInt(words[0] & 0x7fffff)
  const magnitude = exponent === 0 ? fraction : (fraction | 0x800000n) << BigInt(exponent - 1)
  return words[0] >>> 31 ? -magnitude : magnitude
}

// The float nearest to value * 2^-298, ties to even.
function nearest(value: bigint): number {
  const magnitude = value < 0n ? -value : value
  const length = magnitude.toString(2).length
  // Units of the last place of a normal result are 2^(length - 24); none is below 2^149, the
  // smallest subnormal.
  const drop = BigInt(Math.max(length - 24, Number(scaleBits)))
  const [unit, half] = [1n << drop, (1n << drop) >> 1n]
  let quotient = magnitude / unit
  const rest = magnitude % unit
  if (rest > half || (rest === half && quotient % 2n === 1n)) quotient += 1n
  return (value < 0n ? -1 : 1) * Number(quotient) * 2 ** (Number(drop) - 298)
}

const exactFma = (a: number, b: number, c: number): number =>
  nearest(exact(a) * exact(b) + (exact(c) << scaleBits))

const moderate = fc
  .tuple(
    fc.integer({ min: 0x800000, max: 0xffffff }),
    fc.integer({ min: -50, max: 4 }),
    fc.boolean(),
  )
  .map(([mantissa, exponent, negative]) => (negative ? -1 : 1) * mantissa * 2 ** (exponent - 23))

describe('fma', () => {
  test('of random floats', () => {
    fc.assert(
      fc.property(moderate, moderate, moderate, (a, b, c) => {
        expect(fma(a, b, c)).toBe(exactFma(a, b, c))
      }),
      { numRuns: 20_000 },
    )
  })

  test('where rounding twice goes wrong', () => {
    // The sum lies 2^-70 beside halfway between two floats: binary64 cannot tell.
    let wrong = 0
    for (let i = 1; i < 4000; i++) {
      const c = 1 + i * 2 ** -23
      for (const [a, b] of [
        [1 + 2 ** -23, 2 ** -24 * (1 - 2 ** -23)],
        [1 + 2 ** -23, -(2 ** -24) * (1 - 2 ** -23)],
      ]) {
        expect(fma(a, b, c)).toBe(exactFma(a, b, c))
        wrong += Math.fround(a * b + c) === exactFma(a, b, c) ? 0 : 1
      }
    }
    expect(wrong).toBeGreaterThan(1000)
  })
})
