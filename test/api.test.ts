// What the functions return and compute, however they are called, on whatever memory, with whatever
// options.
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Api } from '../src/api/api'
import type { Activation, NoOptions, SoftplusOptions } from '../src/types'
import { backends } from './backends'
import { expectSame, stridedFloats } from './floats'

const { fround } = Math

interface Case {
  name: string
  of(api: Api): Activation<NoOptions>
  truth(x: number): number
}

const cases: Case[] = [
  {
    name: 'softplus',
    of: ({ softplus }) => softplus,
    truth: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  },
  {
    name: 'softplus.derivative',
    of: ({ softplus }) => softplus.derivative,
    truth: (x) => 1 / (1 + Math.exp(-x)),
  },
  {
    name: 'softplus.secondDerivative',
    of: ({ softplus }) => softplus.secondDerivative,
    truth: (x) => Math.exp(-Math.abs(x)) / (1 + Math.exp(-Math.abs(x))) ** 2,
  },
  {
    name: 'softplus.inverse',
    of: ({ softplus }) => softplus.inverse,
    truth: (x) => (x > 17 ? x + Math.log1p(-Math.exp(-x)) : Math.log(Math.expm1(x))),
  },
  { name: 'relu', of: ({ relu }) => relu, truth: (x) => Math.max(x, 0) },
  { name: 'relu.derivative', of: ({ relu }) => relu.derivative, truth: (x) => (x > 0 ? 1 : 0) },
]

const scalable = [
  { name: 'softplus', of: ({ softplus }: Api) => softplus, beyond: (x: number) => x },
  {
    name: 'softplus.derivative',
    of: ({ softplus }: Api) => softplus.derivative,
    beyond: () => 1,
  },
  {
    name: 'softplus.secondDerivative',
    of: ({ softplus }: Api) => softplus.secondDerivative,
    beyond: () => 0,
  },
  {
    name: 'softplus.inverse',
    of: ({ softplus }: Api) => softplus.inverse,
    beyond: (x: number) => x,
  },
]

// In no order, and from both sides of what separates near values from far ones.
const samples = (length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898) * (i % 3 ? 9 : 40))

function expectClose(got: Float32Array, x: Float32Array, truth: Case['truth'], where = ''): void {
  if (got.length !== x.length) expect(got, where).toHaveLength(x.length)
  for (let i = 0; i < x.length; i++) {
    const want = truth(x[i])
    if (Object.is(got[i], want)) continue
    if (!(Math.abs(got[i] - want) <= Math.abs(want) * 2e-7))
      expect.fail(`${where} element ${i}: f(${x[i]}) came as ${got[i]}, is ${want}`)
  }
}

function neighbour(float: number, direction: 1 | -1): number {
  const value = Float32Array.of(float)
  new Int32Array(value.buffer)[0] += float > 0 ? direction : -direction
  return value[0]
}

/** 1 in 65537 of all floats, subnormals, infinities and NaN among them, and more where the functions bend. */
const dense = Float32Array.of(
  ...stridedFloats(65537).next().value,
  ...Array.from({ length: 8000 }, (_, i) => (i - 4000) / 128),
  Infinity,
  -Infinity,
)

// Near and far values and specials, side by side.
const anyFloats = fc.array(
  fc.oneof(
    fc.float({ min: fround(-14.75), max: fround(14.75), noNaN: true }),
    fc.constantFrom(0, -0, 20, -20, 88, -88, 1e9, -1e9, Infinity, -Infinity, Number.NaN),
    fc.float(),
  ),
  { maxLength: 70 },
)

/** 0, ..., length - 1 in an order that the seed decides. */
function shuffled(length: number, seed: number): number[] {
  const key = (i: number) => Math.imul(i ^ seed, 0x9e3779b1) >>> 0
  return Array.from({ length }, (_, i) => i).sort((a, b) => key(a) - key(b))
}

// Typed here because the language version compiled for does not know resizable buffers.
const resizable = (length: number, maxByteLength: number) =>
  Reflect.construct(ArrayBuffer, [length, { maxByteLength }]) as ArrayBuffer & {
    resize(length: number): void
  }

const one = (f: Activation<SoftplusOptions>, x: number, options?: SoftplusOptions): number =>
  f(Float32Array.of(x), options)[0]

describe.each(backends)('$name', ({ api }) => {
  const { softplus, relu } = api

  describe.each(cases)('$name', ({ of, truth }) => {
    const f = of(api)

    test('returns a new array, with a buffer of its own, and leaves its input alone', () => {
      const x = samples(37)
      const before = x.slice()
      const y = f(x)
      expect(Object.getPrototypeOf(y)).toBe(Float32Array.prototype)
      expect(y.buffer).not.toBe(x.buffer)
      expect([y.byteOffset, y.buffer.byteLength]).toEqual([0, x.byteLength])
      expectClose(y, before, truth)
      expectSame(x, before)
      expect(f(x)).not.toBe(y)
    })

    test('returns out, filled', () => {
      const x = samples(37)
      const before = x.slice()
      const out = new Float32Array(37).fill(Number.NaN)
      expect(f(x, { out })).toBe(out)
      expectClose(out, before, truth)
      expectSame(x, before)
    })

    test('out may be x, or another view of the same elements', () => {
      const x = samples(37)
      const want = f(x)
      const same = x.slice()
      expect(f(same, { out: same })).toBe(same)
      expectSame(same, want)
      const view = x.subarray()
      expect(f(x, { out: view })).toBe(view)
      expectSame(x, want)
    })

    test.each([-1, 1])('out may lie right beside x in its buffer (%i)', (direction) => {
      const n = 19
      const all = new Float32Array(3 * n).fill(-7)
      const x = all.subarray(n, 2 * n)
      const out = all.subarray(n + direction * n, 2 * n + direction * n)
      x.set(samples(n))
      f(x, { out })
      expectClose(out, samples(n), truth)
      expectSame(x, samples(n))
      expect(all.filter((v) => v === -7).length).toBe(n)
    })

    test('inPlace overwrites and returns x', () => {
      const x = samples(37)
      const want = f(x)
      expect(f.inPlace(x)).toBe(x)
      expectSame(x, want)
    })

    test('works without the object it was read from', () => {
      const { inPlace } = f
      const x = Float32Array.of(-2, 0, 2)
      expectSame(inPlace(x.slice()), f.call(undefined, x))
    })

    test.each([
      undefined,
      {},
      { beta: undefined, threshold: undefined, out: undefined },
      Object.freeze(Object.create(null)),
    ])('options that say nothing, case %#', (options) => {
      const x = samples(21)
      expectSame(f(x, options), f(x))
      expectSame(f.inPlace(x.slice(), options), f(x))
    })

    test('every length, every offset of a view; nothing beside it is written', () => {
      const guard = -12345.678
      const guarded = fround(guard)
      const mixed = samples(70)
      for (let length = 0; length <= 70; length++) {
        const input = mixed.subarray(0, length)
        for (let offset = 0; offset <= 16; offset++) {
          const where = `length ${length} at ${offset}:`
          // Buffers of a length that is no multiple of 4 have room for views too.
          const fromBuffer = new ArrayBuffer((length + offset + 2) * 4 + 3)
          const toBuffer = new ArrayBuffer((length + offset + 3) * 4 + 1)
          const from = new Float32Array(fromBuffer, 0, length + offset + 2).fill(guard)
          const to = new Float32Array(toBuffer, 0, length + offset + 3).fill(guard)
          const x = new Float32Array(fromBuffer, 4 * offset, length)
          const y = new Float32Array(toBuffer, 4 * (offset + 1), length)
          x.set(input)
          expectClose(f(x, { out: y }), input, truth, where)
          expectSame(x, input, where)
          expectSame(f.inPlace(x), y, where)
          const outside = [
            ...from.subarray(0, offset),
            ...from.subarray(offset + length),
            ...to.subarray(0, offset + 1),
            ...to.subarray(offset + 1 + length),
          ]
          if (!outside.every((v) => v === guarded)) expect.fail(`${where} wrote outside`)
        }
      }
    })

    test('no elements', () => {
      const x = new Float32Array(0)
      expect(f(x)).toEqual(new Float32Array(0))
      expect(f(x)).not.toBe(x)
      expect(f(x, { out: x })).toBe(x)
      expect(f.inPlace(x)).toBe(x)
      const all = Float32Array.of(1, 2, 3)
      f(all.subarray(1, 1), { out: all.subarray(2, 2) })
      f.inPlace(all.subarray(3))
      expect([...all]).toEqual([1, 2, 3])
    })

    test('a SharedArrayBuffer, as x, as out and in place', () => {
      const shared = new Float32Array(new SharedArrayBuffer(4 * 40), 12, 37)
      shared.set(samples(37))
      const y = f(shared)
      expect(y.buffer).toBeInstanceOf(ArrayBuffer)
      expectClose(y, samples(37), truth)
      const out = new Float32Array(new SharedArrayBuffer(4 * 37))
      expectSame(f(samples(37), { out }), y)
      expect(f.inPlace(shared)).toBe(shared)
      expectSame(shared, y)
    })

    test('a resizable buffer, after it grew and after it shrank', () => {
      const buffer = resizable(64, 128)
      const tracking = new Float32Array(buffer)
      const fixed = new Float32Array(buffer, 8, 4)
      for (const bytes of [64, 128, 24]) {
        buffer.resize(bytes)
        const x = samples(bytes / 4)
        tracking.set(x)
        expectClose(f(tracking), x, truth)
        expectClose(f(fixed), x.slice(2, 6), truth)
        expectSame(f(x, { out: tracking }), f(x))
        tracking.set(x)
        expect(f.inPlace(tracking)).toBe(tracking)
        expectSame(tracking, f(x))
      }
      // At its end a view that follows the length has no elements, but is no error.
      const atEnd = new Float32Array(buffer, 16)
      buffer.resize(16)
      expect(f(atEnd)).toEqual(new Float32Array(0))
    })

    test('a subclass: a plain array comes back, or the subclass itself if it is written to', () => {
      class Weights extends Float32Array {
        static get [Symbol.species](): never {
          throw new Error('nobody asked for a species')
        }
      }
      const x = new Weights(samples(21))
      const y = f(x)
      expect(Object.getPrototypeOf(y)).toBe(Float32Array.prototype)
      expectClose(y, x, truth)
      const out = new Weights(21)
      expect(f(x, { out })).toBe(out)
      expectSame(out, y)
      expect(f.inPlace(x)).toBe(x)
      expectSame(x, y)
    })

    test('arrays of another realm', () => {
      const foreign = runInNewContext('Float32Array.of(-2, 0, 2)') as Float32Array
      expect(foreign).not.toBeInstanceOf(Float32Array)
      const want = f(Float32Array.of(-2, 0, 2))
      const y = f(foreign)
      expect(Object.getPrototypeOf(y)).toBe(Float32Array.prototype)
      expectSame(y, want)
      const out = runInNewContext('new Float32Array(3)') as Float32Array
      expect(f(foreign, { out })).toBe(out)
      expectSame(out, want)
      expect(f.inPlace(foreign)).toBe(foreign)
      expectSame(foreign, want)
    })

    test('where each result stands and what stands beside it does not matter', () => {
      fc.assert(
        fc.property(anyFloats, fc.integer({ min: 0, max: 2 ** 31 - 1 }), (values, seed) => {
          const x = Float32Array.from(values)
          const order = shuffled(x.length, seed)
          const moved = Float32Array.from(order, (from) => x[from])
          expectSame(
            f(moved),
            Float32Array.from(order, (from) => f(x)[from]),
          )
        }),
        { numRuns: 150 },
      )
    })
  })

  describe.each(scalable)('$name with options', ({ name, of, beyond }) => {
    const f = of(api)

    test('are read once each, and not written', () => {
      const read: string[] = []
      const options = {
        get beta() {
          read.push('beta')
          return 2
        },
        get threshold() {
          read.push('threshold')
          return 3
        },
      }
      expectSame(f(samples(9), options), f(samples(9), { beta: 2, threshold: 3 }))
      expect(read.sort()).toEqual(['beta', 'threshold'])
    })

    test('in place and out of place are the same', () => {
      for (const options of [{ beta: 2 }, { threshold: 1 }, { beta: -0.3, threshold: 1 }]) {
        const want = f(samples(37), options)
        const x = samples(37)
        expect(f.inPlace(x, options)).toBe(x)
        expectSame(x, want)
        const out = samples(37)
        expect(f(out, { ...options, out })).toBe(out)
        expectSame(out, want)
      }
    })

    test('a beta that rounds to 1 is 1, and any beta is its float32', () => {
      const x = dense
      const half = 2 ** -25
      for (const beta of [1, 1 + half, 1 - half / 2, 1 - 1e-12]) expectSame(f(x, { beta }), f(x))
      for (const beta of [0.1, -Math.PI, 1e-40, 1.1e30])
        expectSame(f(x, { beta }), f(x, { beta: fround(beta) }), `beta ${beta}`)
    })

    test.runIf(name !== 'softplus.secondDerivative')(
      'a threshold of 20 gives what none gives',
      () => {
        const x = dense
        expectSame(f(x, { threshold: 20 }), f(x))
        for (const threshold of [18, 20, 100])
          for (const beta of [1, 2, 0.1, -0.7, 1e30])
            expectSame(f(x, { beta, threshold }), f(x, { beta }), `beta ${beta}`)
      },
    )

    test('a threshold acts strictly above itself', () => {
      for (const threshold of [-3, 0.5, 2, 10]) {
        const at = fround(threshold)
        expect(one(f, at, { threshold })).toBe(one(f, at))
        const next = neighbour(at, 1)
        expect(one(f, next, { threshold })).toBe(beyond(next))
        const last = neighbour(at, -1)
        expect(one(f, last, { threshold })).toBe(one(f, last))
      }
      expect(one(f, 0, { threshold: 0 })).toBe(one(f, 0))
      expect(one(f, -0, { threshold: -0 })).toBe(one(f, 0))
      expect(one(f, 2 ** -149, { threshold: 0 })).toBe(beyond(2 ** -149))
    })

    test('a threshold between two floats parts them', () => {
      for (const low of [-3, -(2 ** -149), 0, 2 ** -149, 0.7, 2, 14.6].map(fround)) {
        const high = low === -(2 ** -149) ? 0 : low === 0 ? 2 ** -149 : neighbour(low, 1)
        for (const part of [0.001, 0.5, 0.999]) {
          const threshold = low + (high - low) * part
          for (const beta of [1, -1]) {
            // x such that beta * x is low and high.
            expect(one(f, beta * low, { beta, threshold }), `${low}`).toBe(
              one(f, beta * low, { beta }),
            )
            expect(one(f, beta * high, { beta, threshold }), `${high}`).toBe(beyond(beta * high))
          }
        }
      }
    })

    test('a threshold is compared with beta * x as float32 rounds it', () => {
      const beta = fround(0.1)
      const seen = { up: 0, down: 0 }
      for (let i = 0; i < 200; i++) {
        const x = fround(10 + i / 7)
        const exact = beta * x
        const p = fround(exact)
        if (p === exact) continue
        const settled = beyond(x)
        expect(one(f, x, { beta, threshold: p })).toBe(one(f, x, { beta }))
        expect(one(f, x, { beta, threshold: neighbour(p, -1) })).toBe(settled)
        // Between the product and what it is rounded to, the rounded one decides.
        const threshold = (exact + p) / 2
        expect(one(f, x, { beta, threshold })).toBe(p > exact ? settled : one(f, x, { beta }))
        seen[p > exact ? 'up' : 'down']++
      }
      expect(seen.up).toBeGreaterThan(20)
      expect(seen.down).toBeGreaterThan(20)
    })

    test('a threshold of -Infinity leaves nothing but -Infinity and NaN below it', () => {
      const x = dense.filter((v) => v > -1e38)
      const options = { threshold: -Infinity }
      expectSame(f(x, options), x.map(beyond))
      expectSame(f(x, { ...options, beta: 3 }), f(x, options))
      if (name === 'softplus.inverse') return
      expectSame(f(Float32Array.of(-Infinity, Number.NaN), options), Float32Array.of(0, Number.NaN))
      expect(one(f, Infinity, { ...options, beta: -1 })).toBe(
        f === softplus || beyond(1) === 0 ? -0 : 0,
      )
    })

    test('thresholds out of the range of floats', () => {
      const x = dense
      expectSame(f(x, { threshold: 1e39 }), f(x))
      expectSame(f(x, { threshold: Infinity }), f(x))
      expectSame(f(x, { threshold: -1e39 }), f(x, { threshold: -Infinity }))
    })

    test('results do not depend on place and neighbours', () => {
      fc.assert(
        fc.property(
          anyFloats,
          fc.integer({ min: 0, max: 2 ** 31 - 1 }),
          fc.constantFrom({ beta: 2 }, { threshold: 1 }, { beta: -0.3, threshold: 1 }),
          (values, seed, options) => {
            const x = Float32Array.from(values)
            const order = shuffled(x.length, seed)
            const y = f(x, options)
            const moved = Float32Array.from(order, (from) => x[from])
            expectSame(
              f(moved, options),
              Float32Array.from(order, (from) => y[from]),
            )
          },
        ),
        { numRuns: 150 },
      )
    })
  })

  describe('values', () => {
    const close = (got: Float32Array, want: number[]) => {
      expect(got.length).toBe(want.length)
      want.forEach((value, i) => {
        expect(Math.abs(got[i] - value)).toBeLessThanOrEqual(Math.abs(value) * 1e-6)
      })
    }

    test('PyTorch: softplus, softplus with beta 2, sigmoid', () => {
      const x = Float32Array.of(-2, 0, 2)
      close(softplus(x), [0.12692801, Math.LN2, 2.12692801])
      close(softplus(x, { beta: 2 }), [0.009074964, Math.LN2 / 2, 2.009074964])
      close(softplus(x, { beta: 1, threshold: 20 }), [0.12692801, Math.LN2, 2.12692801])
      close(softplus.derivative(x), [0.11920292, 0.5, 0.88079708])
    })

    test('TensorFlow and Keras: softplus and sigmoid', () => {
      const x = Float32Array.of(-20, -1, 0, 1, 20)
      close(softplus(x), [2.0611537e-9, 3.1326166e-1, Math.LN2, 1.3132616, 20])
      close(softplus.derivative(x), [2.0611537e-9, 2.6894143e-1, 0.5, 7.310586e-1, 1])
      close(softplus(Float32Array.of(-0.555, 0, 0.555)), [0.45366603, Math.LN2, 1.008666])
    })

    test('relu and its derivative', () => {
      const x = Float32Array.of(-Infinity, -2, -0, 0, 1e-45, 2, Infinity, Number.NaN)
      expectSame(relu(x), Float32Array.of(0, 0, 0, 0, 1e-45, 2, Infinity, Number.NaN))
      expectSame(relu.derivative(x), Float32Array.of(0, 0, 0, 0, 1, 1, 1, Number.NaN))
    })

    test('the ends of the line', () => {
      const x = Float32Array.of(-Infinity, -3.4e38, -1000, 1000, 3.4e38, Infinity, Number.NaN)
      const large = [1000, 3.4e38, Infinity, Number.NaN]
      expectSame(softplus(x), Float32Array.of(0, 0, 0, ...large))
      expectSame(softplus.derivative(x), Float32Array.of(0, 0, 0, 1, 1, 1, Number.NaN))
    })

    test('a negative beta mirrors both ways, exactly', () => {
      const x = dense
      const mirror = x.map((v) => -v)
      for (const beta of [2, 0.1, 0.7, 1e-3, 1e-40, 1e30]) {
        const negated = softplus(mirror, { beta }).map((v) => -v)
        expectSame(softplus(x, { beta: -beta }), negated, `beta ${beta}`)
        expectSame(
          softplus.derivative(x, { beta: -beta }),
          softplus.derivative(mirror, { beta }),
          `beta ${beta}`,
        )
      }
    })

    test('a power of two as beta only scales', () => {
      const x = dense.filter((v) => Math.abs(v) < 2 ** 60 && Math.abs(v) > 2 ** -60)
      for (const beta of [2, 0.25, 2 ** 20]) {
        const scaled = softplus(x, { beta })
        const want = (v: number) => {
          const p = beta * v
          return (Math.max(p, 0) + Math.log1p(Math.exp(-Math.abs(p)))) / beta
        }
        scaled.forEach((got, i) => {
          const w = want(x[i])
          if (!(Math.abs(got - w) <= w * 2e-7 + 2 ** -149))
            expect.fail(`beta ${beta}, x ${x[i]}: ${got}, not ${w}`)
        })
      }
    })
  })

  describe('properties', () => {
    const holds = (check: (x: Float32Array) => void) =>
      fc.assert(
        fc.property(anyFloats, (values) => check(Float32Array.from(values))),
        { numRuns: 150 },
      )

    test('softplus(x) >= max(x, 0), and NaN only for NaN', () => {
      holds((x) => {
        const y = softplus(x)
        x.forEach((v, i) => {
          if (v === v ? !(y[i] >= Math.max(v, 0)) : y[i] === y[i])
            expect.fail(`softplus(${v}) = ${y[i]}`)
        })
      })
    })

    test('softplus(x) - softplus(-x) is close to x', () => {
      holds((x) => {
        const there = softplus(x)
        const back = softplus(x.map((v) => -v))
        x.forEach((v, i) => {
          if (!Number.isFinite(v)) return
          const error = Math.abs(there[i] - back[i] - v)
          if (!(error <= 2 ** -23 * (there[i] + back[i]))) expect.fail(`${v} is off by ${error}`)
        })
      })
    })

    test('the derivative is in [0, 1], and with its mirror image sums to 1', () => {
      holds((x) => {
        const there = softplus.derivative(x)
        const back = softplus.derivative(x.map((v) => -v))
        x.forEach((v, i) => {
          if (v !== v) return
          if (!(there[i] >= 0 && there[i] <= 1)) expect.fail(`derivative(${v}) = ${there[i]}`)
          if (!(Math.abs(there[i] + back[i] - 1) <= 2 ** -23)) expect.fail(`the sum at ${v}`)
        })
      })
    })

    test('the derivative agrees with finite differences', () => {
      holds((x) => {
        const derivatives = softplus.derivative(x)
        x.forEach((v, i) => {
          if (!(Math.abs(v) < 12)) return
          const [low, high] = [fround(v - 0.125), fround(v + 0.125)]
          const difference = (one(softplus, high) - one(softplus, low)) / (high - low)
          // The third derivative is at most 1/8, so that the secant is off by at most 2^-9 / 6.
          if (!(Math.abs(derivatives[i] - difference) < 2 ** -11))
            expect.fail(`derivative(${v}) = ${derivatives[i]}, not ${difference}`)
        })
      })
    })

    const monotone = cases.filter(({ name }) => !/secondDerivative|inverse/.test(name))
    test.each(monotone)('$name never decreases', ({ of }) => {
      const ascending = (x: Float32Array) => {
        const y = of(api)(x.filter((v) => v === v).sort())
        for (let i = 1; i < y.length; i++)
          if (!(y[i] >= y[i - 1])) expect.fail(`${y[i - 1]} before ${y[i]}`)
      }
      holds(ascending)
      ascending(dense)
      // Neighbours among the floats, where a step back would be seen.
      const start = Math.fround(-14.8)
      const close = Float32Array.from({ length: 50000 }, (_, i) => start + i * 2 ** -20)
      ascending(close)
      ascending(close.map((v) => -v))
    })
  })
})
