// The upper bound on the error with any beta, derived from the tables (docs/accuracy.md).
import { describe, expect, test } from 'vitest'
import { derivedBounds } from '../tools/prove/bound'
import { entries, entryOf, readWitnesses } from '../tools/prove/facts'

describe('the derived bound', () => {
  const bounds = derivedBounds()
  const ofFunction = (name: string) =>
    Math.max(...bounds.filter((bound) => bound.name === name).map(({ ulp }) => ulp))

  test('is at most what is guaranteed, for every function and place', () => {
    const inexact = entries.filter(({ boundWithBeta }) => boundWithBeta > 0)
    expect([...new Set(bounds.map(({ name }) => name))]).toEqual(inexact.map(({ name }) => name))
    for (const { name, place, ulp } of bounds)
      expect(ulp, `${name}, ${place}`).toBeLessThanOrEqual(entryOf(name).boundWithBeta)
  })

  test('of the inverse is 1/2 and little more', () => {
    expect(ofFunction('inverse')).toBeGreaterThan(0.5)
    expect(ofFunction('inverse')).toBeLessThan(0.5001)
  })

  // A derivation that misses a large step falls below an error that the proof or the search found.
  test.each(entries.filter(({ bound }) => bound > 0))(
    'is above the errors found for $name',
    ({ name }) => {
      const errors = readWitnesses(name).map(({ maxUlp }) => maxUlp)
      expect(errors).toHaveLength(2)
      for (const error of errors) expect(ofFunction(name)).toBeGreaterThanOrEqual(error)
    },
  )
})
