// The bound on the error with any beta, derived from the tables (docs/accuracy.md).
import { describe, expect, test } from 'vitest'
import { boundWithBeta } from '../tools/prove/accuracy'
import { derivedBounds, inverseBound } from '../tools/prove/bound'

describe('the derived bound', () => {
  const bounds = derivedBounds()
  const of = (name: string) =>
    Math.max(...bounds.filter((bound) => bound.name === name).map(({ ulp }) => ulp))

  test('is at most what the package guarantees, for every function and place', () => {
    expect(bounds).toHaveLength(9)
    for (const { name, place, ulp } of bounds)
      expect(ulp, `${name}, ${place}`).toBeLessThanOrEqual(boundWithBeta)
  })

  test('of the inverse is 1/2 and little more', () => {
    expect(inverseBound()).toBeGreaterThan(0.5)
    expect(inverseBound()).toBeLessThan(0.5001)
  })

  // The largest errors that a search found. A derivation that misses a large step falls below one of them.
  test.each([
    ['softplus', 0.9715],
    ['derivative', 1.0111],
    ['secondDerivative', 1.0357],
  ])('is not below an error that %s has', (name, error) => {
    expect(of(name)).toBeGreaterThan(error)
  })
})
