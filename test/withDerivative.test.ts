// softplus.withDerivative: the bits of the two calls, on every backend, into any arrays that may take them.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backends, native } from './backends'
import { expectSame, floats, stridedFloats } from './floats'

const near = (length: number) => floats(length, 3).map((v) => v / 5)
type Both = Record<'value' | 'derivative', Float32Array>

function expectBoth(got: Both, want: Both, where: string): void {
  expectSame(got.value, want.value, `value, ${where}`)
  expectSame(got.derivative, want.derivative, `derivative, ${where}`)
}

const optionsOfAll = [{}, { threshold: 3 }, { beta: 2 }, { beta: -0.3, threshold: 1 }]

describe.each(backends)('$name', ({ api: { softplus } }) => {
  const separately = (x: Float32Array, options = {}) => ({
    value: softplus(x, options),
    derivative: softplus.derivative(x, options),
  })

  test.each(optionsOfAll)('is the two calls, every length, %o', (options) => {
    for (const length of [...Array(66).keys(), 255, 256, 257, 1000, 4097, 9000]) {
      for (const x of [floats(length, 1), near(length)]) {
        const want = separately(x, options)
        const before = x.slice()
        const where = `${length} elements`
        expectBoth(softplus.withDerivative(x, options), want, where)
        expectSame(x, before, where)
        const memory = new Float32Array(2 * length + 3)
        const [value, derivative] = [
          memory.subarray(1, length + 1),
          memory.subarray(length + 1, -2),
        ]
        const got = softplus.withDerivative(x, { ...options, out: { value, derivative } })
        expect([got.value === value, got.derivative === derivative]).toEqual([true, true])
        expectBoth(got, want, where)
        expect([memory[0], ...memory.subarray(-2)]).toEqual([0, 0, 0])
        const inPlace = softplus.withDerivative(x, { ...options, out: { value: x } })
        expect(inPlace.value).toBe(x)
        expectBoth(inPlace, want, where)
      }
    }
  })

  test.each(optionsOfAll)('1 in 2570 of all floats, %o', (options) => {
    for (const x of stridedFloats(2570)) {
      expectBoth(softplus.withDerivative(x, options), separately(x, options), `from ${x[0]} on`)
    }
  })

  test('of any floats, at any misalignment', () => {
    const any = fc.float32Array({ minLength: 1, maxLength: 150 })
    const offset = fc.nat({ max: 17 })
    fc.assert(
      fc.property(any, offset, offset, (values, a, b) => {
        const x = Float32Array.from(values)
        const want = separately(x)
        const out = {
          value: new Float32Array(values.length + a).subarray(a),
          derivative: new Float32Array(values.length + b).subarray(b),
        }
        expectBoth(softplus.withDerivative(x, { out }), want, 'any floats')
      }),
    )
  })

  test('refuses what it cannot read or write, and writes nothing', () => {
    const wide = floats(64, 1)
    const x = wide.subarray(8, 16)
    const apart = (length = 8) => new Float32Array(length)
    const refused = (call: () => unknown, code: string, message: RegExp) => {
      const before = wide.slice()
      expect(call).toThrow(
        expect.objectContaining({ code, message: expect.stringMatching(message) }),
      )
      expect(wide).toEqual(before)
    }
    const into = (out: unknown) => () => softplus.withDerivative(x, { out } as never)
    const type = 'ERR_INVALID_ARG_TYPE'
    const range = 'ERR_OUT_OF_RANGE'
    refused(() => softplus.withDerivative([1] as never), type, /^x must be a Float32Array/)
    refused(() => softplus.withDerivative(x, { beta: 0 }), range, /^beta must be/)
    for (const out of [x, [x, apart()], null, 3])
      refused(into(out), type, /^out must be an object such as \{ value/)
    const unknown = 'ERR_INVALID_ARG_VALUE'
    refused(into({ slope: apart() }), unknown, /^out must have only value, derivative; got slope$/)
    const betta = () => softplus.withDerivative(x, { betta: 2 } as never)
    refused(betta, unknown, /^options must have only beta, threshold, out; got betta$/)
    refused(into({ value: [] }), type, /^out\.value must be a Float32Array/)
    refused(into({ derivative: 'x' }), type, /^out\.derivative must be a Float32Array/)
    refused(into({ value: apart(7) }), range, /^out\.value must be as long as x/)
    refused(into({ derivative: apart(9) }), range, /^out\.derivative must be as long as x/)
    const overlapping = wide.subarray(10, 18)
    refused(into({ value: overlapping }), range, /^out\.value must be x itself.* begins 8 bytes/)
    refused(
      into({ derivative: overlapping }),
      range,
      /^out\.derivative must be memory apart from x/,
    )
    refused(
      into({ derivative: x }),
      range,
      /^out\.derivative must be memory apart from x; .* 0 bytes/,
    )
    const same = apart()
    refused(
      into({ value: same, derivative: same }),
      range,
      /^out\.derivative must be memory apart from out\.value/,
    )
    refused(
      into({ value: wide.subarray(20, 28), derivative: wide.subarray(17, 25) }),
      range,
      /^out\.derivative must be memory apart from out\.value; .* -12 bytes/,
    )
    const gone = apart()
    structuredClone(gone.buffer, { transfer: [gone.buffer] })
    refused(into({ derivative: gone }), 'ERR_INVALID_STATE', /^out\.derivative must be .*detached/)
  })

  test('a length of 0 is nothing to do', () => {
    const none = new Float32Array(0)
    expect(softplus.withDerivative(none)).toEqual({ value: none, derivative: none })
  })
})

// From 2^22 elements on results of the addon go past the caches.
describe.each(backends.filter(({ name }) => native.includes(name)))('$name, long', ({ api }) => {
  const { softplus } = api
  const length = 2 ** 22 + 77
  const x = floats(length)
  const want = { value: softplus(x), derivative: softplus.derivative(x) }
  const arrayAt = (offset: number) => new Float32Array(length + 9).subarray(offset, offset + length)

  test.each([
    { value: 0, derivative: 0 },
    { value: 3, derivative: 9 },
  ])('at offsets $value and $derivative', ({ value, derivative }) => {
    const out = { value: arrayAt(value), derivative: arrayAt(derivative) }
    softplus.withDerivative(x, { out })
    expectSame(out.value, want.value, 'value')
    expectSame(out.derivative, want.derivative, 'derivative')
  })

  test('value over x', () => {
    const { value, derivative } = softplus.withDerivative(x, { out: { value: x } })
    expectSame(value, want.value, 'value')
    expectSame(derivative, want.derivative, 'derivative')
  })
})
