// The same bits from every backend, for every length, offset, neighbour and way of calling.
import { describe, expect, test } from 'vitest'
import { nearLimit } from '../src/math/evaluate'
import { type FunctionName, functionNames } from '../src/math/functions'
import { backends, reference } from './backends'
import { expectSame, floatsAround, stridedFloats } from './floats'

const widest = 16
const guard = -12345.678

// How a kernel is called: alone, with a threshold, with a beta and a threshold.
const ways: Record<string, number[]> = {
  plain: [],
  'threshold 3': [3],
  'beta 2': [Infinity, 2],
  'beta -0.3, threshold 1': [1, Math.fround(-0.3)],
}
const cases = functionNames.flatMap((name) =>
  (name.startsWith('relu') ? ['plain'] : Object.keys(ways)).map((way) => ({ name, way })),
)

// Each element by itself, so that neighbours cannot matter.
function oneByOne(name: FunctionName, way: string, x: Float32Array): Float32Array {
  const y = new Float32Array(x.length)
  for (let i = 0; i < x.length; i++)
    reference.kernels[name](x.subarray(i, i + 1), y.subarray(i, i + 1), ...ways[way])
  return y
}

// Near and far values, specials and subnormals, in an order without a period of any vector's
// length.
const mixed = Float32Array.from({ length: 211 }, (_, i) => {
  const specials = [
    0,
    -0,
    Infinity,
    -Infinity,
    Number.NaN,
    1e-40,
    -1e-45,
    1e9,
    -1e9,
    88,
    -88,
    -103.9,
  ]
  return i % 5 === 0
    ? specials[(i / 5) % specials.length]
    : Math.sin(i * 12.9898) * (i % 3 ? 12 : 40)
})

const wantedAtPoints: Record<string, Float32Array> = {}

describe.each(backends)('$name', ({ kernels }) => {
  test.each(cases)('$name, $way: every length at every offset', ({ name, way }) => {
    const want = oneByOne(name, way, mixed)
    for (let length = 0; length <= 4 * widest + 1; length++) {
      for (let offset = 0; offset <= widest; offset++) {
        const from = (length * 7 + offset * 3) % (mixed.length - length)
        const x = new Float32Array(length + offset + widest).fill(guard)
        x.set(mixed.subarray(from, from + length), offset)
        const y = new Float32Array(x.length + 1).fill(guard)
        const input = x.subarray(offset, offset + length)
        // Out of place, with another misalignment; then in place.
        kernels[name](input, y.subarray(offset + 1, offset + 1 + length), ...ways[way])
        if (way === 'plain') kernels[name](input)
        else kernels[name](input, input, ...ways[way])
        const expected = new Float32Array(x.length).fill(guard)
        expected.set(want.subarray(from, from + length), offset)
        expectSame(x, expected, `in place, ${length} at ${offset}`)
        expectSame(y.subarray(1), expected, `out of place, ${length} at ${offset}`)
      }
    }
  })

  test.each(cases)('$name, $way: near values beside far ones', ({ name, way }) => {
    const values = floatsAround([0, 1, -1, 8.40334, -8.40334, 14.5, -14.5])
    const want = oneByOne(name, way, values)
    for (const neighbour of [88, -88, -20, 20, Infinity, -Infinity, Number.NaN, -1e9, 0.5]) {
      const x = new Float32Array(2 * values.length).fill(neighbour)
      for (let i = 0; i < values.length; i++) x[2 * i] = values[i]
      kernels[name](x, x, ...ways[way])
      expectSame(
        x.filter((_, i) => i % 2 === 0),
        want,
        `beside ${neighbour}`,
      )
    }
  })

  test.each(cases)('$name, $way: around every switch-over point', ({ name, way }) => {
    // The cells' borders, the limit of the near ones, where e changes, the floors, and both for
    // betas.
    const points = Array.from({ length: 64 }, (_, i) => (i - 32) / 2 + 0.25)
    for (let e = 0; e < 132; e++) points.push(-(21.5 + e) * Math.LN2)
    points.push(nearLimit, -nearLimit, 17.33, 18, -17.33, -103.97, -104.5, -87.34, 3, 350, -350, 0)
    const all = [1, 0.5, 1 / 0.3].flatMap((s) => points.flatMap((p) => [p * s, -p * s]))
    const x = floatsAround(all)
    const y = new Float32Array(x.length)
    kernels[name](x, y, ...ways[way])
    // The same for all backends.
    wantedAtPoints[`${name}, ${way}`] ??= oneByOne(name, way, x)
    expectSame(y, wantedAtPoints[`${name}, ${way}`], 'around the points')
  })
})

const strided = [...stridedFloats(257)]

// All backends in one test, so that the wanted results are computed once.
test.each(cases)('$name, $way: 1 in 257 of all floats', ({ name, way }) => {
  let count = 0
  for (const x of strided) {
    const want = new Float32Array(x.length)
    reference.kernels[name](x, want, ...ways[way])
    for (const backend of backends.filter((backend) => backend !== reference)) {
      const y = new Float32Array(x.length)
      backend.kernels[name](x, y, ...ways[way])
      expectSame(y, want, `${backend.name}, from ${x[0]} on`)
    }
    count += x.length
  }
  expect(count).toBeGreaterThan(2 ** 24 - 2 ** 17)
})
