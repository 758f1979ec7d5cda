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
  const size = Number(quotient) * 2 ** (Number(drop) - 298)
  return (value < 0n ? -1 : 1) * (size < 2 ** 128 ? size : Infinity)
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

const float = (bits: number): number => new Float32Array(new Uint32Array([bits]).buffer)[0]
const anyFinite = fc
  .integer({ min: 0, max: 2 ** 32 - 1 })
  .map(float)
  .filter(Number.isFinite)

describe('fma', () => {
  test('of floats with any bits', () => {
    fc.assert(
      fc.property(anyFinite, anyFinite, anyFinite, (a, b, c) => {
        expect(fma(a, b, c) + 0).toBe(exactFma(a, b, c) + 0)
      }),
      { numRuns: 20_000 },
    )
  })

  test('where the result is subnormal and binary64 rounds it onto halfway', () => {
    let wrong = 0
    // The product is 2^-150, half of the smallest float, less 2^-196: binary64 cannot hold both beside c.
    const a = 2 ** -75 * (1 + 2 ** -23)
    const b = 2 ** -75 * (1 - 2 ** -23)
    for (let i = 0; i < 4000; i++) {
      const c = (257 + i) * 2 ** -149
      for (const sign of [1, -1]) {
        expect(fma(a, sign * b, c)).toBe(exactFma(a, sign * b, c))
        wrong += Math.fround(a * sign * b + c) === exactFma(a, sign * b, c) ? 0 : 1
      }
    }
    expect(wrong).toBe(4000)
  })

  test('up to where binary64 rounds a sum onto halfway between the largest float and 2^128', () => {
    const largest = 2 ** 128 - 2 ** 104
    // A product a little larger than half of the last place's unit, and one a little smaller.
    expect(fma(2 ** 52, 2 ** 51, largest)).toBe(Infinity)
    const below = [2 ** 52, 2 ** 51 * (1 - 2 ** -24)] as const
    expect(exactFma(...below, largest)).toBe(largest)
    expect(fma(...below, largest)).toBe(largest)
    // The limit that its comment states: 2^103 (1 - 2^-46), which binary64 cannot hold beside the largest float.
    const [x, y] = [2 ** 52 * (1 + 2 ** -23), 2 ** 51 * (1 - 2 ** -23)]
    expect(exactFma(x, y, largest)).toBe(largest)
    expect(fma(x, y, largest)).toBe(Infinity)
  })

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
