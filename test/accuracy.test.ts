// How far results are from the true ones, in ULP, on every backend.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { backends } from './backends'
import { stridedFloats } from './floats'

const { abs, exp, fround, log1p, max } = Math

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

const secondDerivative: Reference = (x, beta) => {
  const u = exp(-abs(x * beta))
  return (beta * u) / ((1 + u) * (1 + u))
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
      const distance = abs(y[i] - want) / ulpOf(abs(want))
      if (!(distance <= error)) {
        error = distance
        witness = x[i]
      }
    }
  }
  return { error, witness }
}

// Where beta y is near ln 2 the result is near 0. ln 2 is taken in two parts, so that the difference keeps its bits.
const inverseWithBeta: Reference = (y, beta) => {
  const t = y * beta
  const fromLn2 = t - Math.LN2 - 2.3190468138462996e-17
  if (!(t > 0)) return t === 0 ? -Infinity / beta : Number.NaN
  if (t > 17) return y + log1p(-exp(-t)) / beta
  return abs(fromLn2) < 0.125
    ? log1p(2 * Math.expm1(fromLn2)) / beta
    : Math.log(Math.expm1(t)) / beta
}

// Numbers from 0 to 1, the same in every run (mulberry32).
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

describe.each(backends)('$name', ({ api }) => {
  test.each([
    { name: 'softplus', of: softplus, run: api.softplus },
    { name: 'derivative', of: sigmoid, run: api.softplus.derivative },
    { name: 'second derivative', of: secondDerivative, run: api.softplus.secondDerivative },
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
      [secondDerivative, api.softplus.secondDerivative],
    ] as const) {
      const { error, witness } = worst(
        (x, b) => abs(of(x, b)),
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

  test('the second derivative is even, and right where the derivative has rounded to 1', () => {
    const x = Float32Array.from({ length: 2000 }, (_, i) => i / 16 + 1 / 64)
    const y = api.softplus.secondDerivative(x)
    expect(api.softplus.secondDerivative(x.map((v) => -v))).toEqual(y)
    const s = api.softplus.derivative(Float32Array.of(30))[0]
    expect(s).toBe(1)
    expect(api.softplus.secondDerivative(Float32Array.of(30))[0]).toBeCloseTo(exp(-30), 18)
    const ends = Float32Array.of(0, -0, Infinity, -Infinity, Number.NaN, 1e9, -1e9)
    expect([...api.softplus.secondDerivative(ends)]).toEqual([0.25, 0.25, 0, 0, Number.NaN, 0, 0])
    const above = api.softplus.secondDerivative(Float32Array.of(1, 3, 4), { threshold: 3 })
    expect([...above.map(Math.sign)]).toEqual([1, 1, 0])
  })

  test('the inverse is within 0.51 ULP on 1 in 521 of all floats', () => {
    const truth: Reference = (y) =>
      y < 0 ? Number.NaN : y > 17 ? y + log1p(-exp(-y)) : Math.log(Math.expm1(y))
    const { error, witness } = worst(truth, 1, (y) => api.softplus.inverse(y), 521)
    expect(error, `at ${witness}`).toBeLessThanOrEqual(0.51)
    expect(error).toBeGreaterThan(0.49)
  })

  test('the inverse is within 0.51 ULP with any beta, also where beta y comes near ln 2', () => {
    const float = new Float32Array(1)
    const bits = new Uint32Array(float.buffer)
    const random = randomFrom(7)
    const anyBeta = (): number => {
      bits[0] = random() * 2 ** 32
      // A third as people use them, the others of any exponent.
      if (random() < 0.33) bits[0] = (bits[0] & 0x807fffff) | 0x3f800000
      return Number.isFinite(float[0]) && float[0] !== 0 ? float[0] : 1.5
    }
    const check = (beta: number, y: Float32Array) => {
      const x = api.softplus.inverse(y, { beta })
      for (let i = 0; i < y.length; i++) {
        const want = inverseWithBeta(y[i], beta)
        if (Object.is(fround(want), x[i])) continue
        const error = abs(x[i] - want) / ulpOf(abs(want))
        expect(error, `inverse of ${y[i]} with beta ${beta}`).toBeLessThanOrEqual(0.51)
      }
    }
    check(fround(0.9600946307182312), Float32Array.of(0.7219571471214294))
    for (let i = 0; i < 20_000; i++) {
      const beta = anyBeta()
      float[0] = Math.LN2 / beta
      const nearest = bits[0]
      const y = new Float32Array(8)
      for (let step = 0; step < 4; step++) {
        bits[0] = nearest + step - 2
        y[step] = float[0]
        y[step + 4] = (20 * random()) / beta
      }
      check(beta, y)
    }
  })

  test('an error known with beta 121 is below the figure in README', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const stated = Number(/With a beta[^.]*?([\d.]+) ULP/.exec(readme)?.[1])
    const x = Float32Array.of(Number('-0.05165289342403412'))
    const error =
      abs(api.softplus.derivative(x, { beta: 121 })[0] - sigmoid(x[0], 121)) /
      ulpOf(sigmoid(x[0], 121))
    expect(error).toBeGreaterThan(1.01)
    expect(error).toBeLessThanOrEqual(stated)
  })

  test('the inverse: its ends, its zero, and there and back', () => {
    const ends = Float32Array.of(0, -0, -1, -1e-45, Infinity, -Infinity, Number.NaN, 17.5, 1e30)
    const want = [-Infinity, -Infinity, NaN, NaN, Infinity, NaN, NaN, 17.5, fround(1e30)]
    expect([...api.softplus.inverse(ends)]).toEqual(want)
    // With beta < 0 softplus is negative.
    expect([...api.softplus.inverse(Float32Array.of(0, 1, -1), { beta: -1 })]).toEqual([
      Infinity,
      NaN,
      fround(-Math.log(Math.expm1(1))),
    ])
    // Near ln 2, where it crosses zero, it is right in proportion.
    for (let i = -1000; i <= 1000; i++) {
      const y = fround(fround(Math.LN2) + i * 2 ** -24)
      const x = Math.log(Math.expm1(y))
      expect(abs(api.softplus.inverse(Float32Array.of(y))[0] - x)).toBeLessThanOrEqual(
        0.51 * ulpOf(abs(x)),
      )
    }
    const x = Float32Array.from({ length: 12000 }, (_, i) => -86.9 + i / 50)
    const back = api.softplus.inverse(api.softplus(x))
    for (let i = 0; i < x.length; i++) expect(abs(back[i] - x[i])).toBeLessThan(1e-4)
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
