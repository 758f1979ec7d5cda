// Blocks of near, far, settled and NaN lanes in any mixture: each way to evaluate them gives the same bits.
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { backends, reference } from './backends'
import { expectSame } from './floats'

// What beta x is for the lanes of a run.
const kinds: Record<string, (random: number) => number> = {
  near: (random) => random * 29 - 14.5,
  far: (random) => -14.75 - random * 89,
  'around the floors': (random) => -104 - random * 60,
  below: (random) => -105 - random * 1e9,
  above: (random) => 14.75 + random * 100,
  'between the ceilings': (random) => 14.7 + random * 4,
  tiny: (random) => (random - 0.5) * 1e-37,
  NaN: () => Number.NaN,
  zero: () => 0,
}

// A number from 0 to 1 for each i: the same in every run.
const random = (i: number) => Math.abs(Math.sin(i * 12.9898) * 43758.5453) % 1

const kind = fc.constantFrom(...Object.keys(kinds))
// Lanes of `common`, and in one of `every` of `rare`.
const run = fc.record({ common: kind, rare: kind, every: fc.nat({ max: 40 }), length: fc.nat(900) })

// With a threshold of 15 or more near lanes need not look at it.
const ways = [
  [],
  [3],
  [Infinity, 2],
  [16, -0.5],
  [200, -3],
  [Infinity, Math.fround(1e12)],
  [20, Math.fround(-1e-12)],
]
const names = ['softplus', 'derivative', 'secondDerivative'] as const

describe.each(backends.filter(({ name }) => name !== 'scalar'))('$name', ({ kernels }) => {
  test.each(ways)('any mixture gives the bits of one element at a time, %s %s', (...way) => {
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 4 }), fc.nat(16), (runs, offset) => {
        const [, beta = 1] = way
        const values = runs.flatMap(({ common, rare, every, length }, seed) =>
          Array.from(
            { length },
            (_, i) =>
              kinds[random(i + 7 * seed) * every < 1 ? rare : common](random(i + seed)) / beta,
          ),
        )
        const x = new Float32Array(values.length + offset).subarray(offset)
        x.set(values)
        for (const name of names) {
          const want = x.slice()
          reference.kernels[name](want, want, ...way)
          const y = x.slice()
          kernels[name](x, y, ...way)
          expectSame(y, want, name)
        }
        const value = x.slice()
        const derivative = x.slice()
        kernels.withDerivative(x, value, derivative, ...way)
        const want = { value: x.slice(), derivative: x.slice() }
        reference.kernels.softplus(x, want.value, ...way)
        reference.kernels.derivative(x, want.derivative, ...way)
        expectSame(value, want.value, 'value of withDerivative')
        expectSame(derivative, want.derivative, 'derivative of withDerivative')
      }),
      { numRuns: 60 },
    )
  })
})
