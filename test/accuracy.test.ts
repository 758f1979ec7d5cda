// How far results are from the true ones, in ULP, on every backend.
import { describe, expect, test } from 'vitest'
import { backends } from './backends'
import { stridedFloats } from './floats'

const { abs, exp, log1p, max } = Math

type Reference = (x: number, beta: number) => number

// In binary64, where the product beta x is exact and the error is below 2^-20 ULP of a float32.
const softplus: Reference = (x, beta) => {
  const p = x * beta
  return p > 0 ? x + log1p(exp(-p)) / beta : log1p(exp(p)) / beta
}
const sigmoid: Reference = (x, beta) => {
  const u = exp(-abs(x * beta))
  return x * beta > 0 ? 1 / (1 + u) : u / (1 + u)
}

// The distance between the floats around a positive binary64 value.
const words = new Uint32Array(2)
const wide = new Float64Array(words.buffer)
function ulpOf(value: number): number {
  wide[0] = value
  return 2 ** (max(((words[1] >>> 20) & 2047) - 1023, -126) - 23)
}

function worst(
  of: Reference,
  beta: number,
  run: (x: Float32Array) => Float32Array,
  stride: number,
) {
  let error = 0
  let witness = 0
  for (const x of stridedFloats(stride)) {
    const y = run(x)
    for (let i = 0; i < x.length; i++) {
      const want = of(x[i], beta)
      if (!Number.isFinite(want)) {
        if (!Object.is(y[i], Math.fround(want)) && !(Number.isNaN(y[i]) && Number.isNaN(want)))
          return { error: Infinity, witness: x[i] }
        continue
      }
      const distance = abs(y[i] - want) / ulpOf(want)
      if (!(distance <= error)) {
        error = distance
        witness = x[i]
      }
    }
  }
  return { error, witness }
}

describe.each(backends)('$name', ({ api }) => {
  test.each([
    { name: 'softplus', of: softplus, run: api.softplus },
    { name: 'derivative', of: sigmoid, run: api.softplus.derivative },
  ])('$name is within 0.85 ULP on 1 in 257 of all floats', ({ of, run }) => {
    const { error, witness } = worst(of, 1, (x) => run(x), 257)
    expect(error, `at ${witness}`).toBeLessThanOrEqual(0.85)
    // A reference that follows the results would show no error at all.
    expect(error).toBeGreaterThan(0.5)
  })

  test.each([0.1, 0.5, 2, 3, 10, 1000, -1, -0.1])('with beta %d within 1.25 ULP', (given) => {
    const beta = Math.fround(given)
    for (const [of, run] of [
      [softplus, api.softplus],
      [sigmoid, api.softplus.derivative],
    ] as const) {
      const { error, witness } = worst(
        (x, b) => (of === softplus ? abs(of(x, b)) : of(x, b)),
        beta,
        (x) => run(x, { beta }).map(abs),
        7919,
      )
      expect(error, `at ${witness}`).toBeLessThanOrEqual(1.25)
    }
  })

  test('the values that are known exactly', () => {
    const x = Float32Array.of(
      0,
      -0,
      Infinity,
      -Infinity,
      Number.NaN,
      20,
      1e30,
      -200,
      -1e30,
      1e-45,
      -1e-45,
    )
    const ln2 = Math.fround(Math.LN2)
    expect([...api.softplus(x)]).toEqual([
      ln2,
      ln2,
      Infinity,
      0,
      Number.NaN,
      20,
      Math.fround(1e30),
      0,
      0,
      ln2,
      ln2,
    ])
    expect([...api.softplus.derivative(x)]).toEqual([
      0.5,
      0.5,
      1,
      0,
      Number.NaN,
      1,
      1,
      0,
      0,
      0.5,
      0.5,
    ])
    expect([...api.relu(x)]).toEqual([
      0,
      0,
      Infinity,
      0,
      Number.NaN,
      20,
      Math.fround(1e30),
      0,
      0,
      2 ** -149,
      0,
    ])
    expect([...api.relu.derivative(x)]).toEqual([0, 0, 1, 0, Number.NaN, 1, 1, 0, 0, 1, 0])
  })

  test('subnormal results', () => {
    const x = Float32Array.from({ length: 1700 }, (_, i) => -87 - i / 100)
    const y = api.softplus(x)
    const u = api.softplus.derivative(x)
    for (let i = 0; i < x.length; i++) {
      const bound = 0.85 * ulpOf(exp(x[i]))
      expect(abs(y[i] - exp(x[i]))).toBeLessThanOrEqual(bound)
      expect(abs(u[i] - exp(x[i]))).toBeLessThanOrEqual(bound)
    }
    expect(y.some((v) => v > 0 && v < 2 ** -126)).toBe(true)
  })

  test('neither function ever decreases', () => {
    for (const f of [api.softplus, api.softplus.derivative]) {
      const x = new Float32Array(1 << 20)
      const bits = new Uint32Array(x.buffer)
      // From -119 up to -0, then from 0 to 32, in even steps of the bit pattern.
      for (let i = 0; i < x.length / 2; i++) {
        bits[i] = 0xc2ee0000 - i * 2190
        bits[x.length / 2 + i] = i * 2080
      }
      const sorted = x.filter((v) => v === v).sort()
      f.inPlace(sorted)
      for (let i = 1; i < sorted.length; i++)
        if (sorted[i] < sorted[i - 1]) expect.fail(`decreases at ${i}`)
    }
  })
})
