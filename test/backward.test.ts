// softplus.backward: grad * derivative(x), the same bits on every backend, into any array that may take it.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backends } from './backends'
import { expectSame, floats } from './floats'

describe.each(backends)('$name', ({ api: { softplus } }) => {
  const product = (x: Float32Array, grad: Float32Array, options = {}) =>
    softplus.derivative(x, options).map((derivative, i) => derivative * grad[i])

  test.each([{}, { threshold: 3 }, { beta: 2 }, { beta: -0.3, threshold: 1 }])(
    'is the product in float32, every length, %o',
    (options) => {
      for (const length of [...Array(66).keys(), 255, 256, 257, 1000, 4097, 9000]) {
        const [x, grad] = [floats(length, 1), floats(length, 2)]
        const want = product(x, grad, options)
        const [before, gradBefore] = [x.slice(), grad.slice()]
        const same = (got: Float32Array, wanted = want) =>
          expectSame(got, wanted, `${length} elements`)
        same(softplus.backward(x, grad, options))
        same(x, before)
        same(grad, gradBefore)
        for (const out of [grad.slice(), x.slice(), new Float32Array(length)]) {
          expect(softplus.backward(x, grad, { ...options, out })).toBe(out)
          same(out)
        }
        const [x2, grad2] = [x.slice(), grad.slice()]
        same(softplus.backward(x2, grad2, { ...options, out: x2 }))
        same(softplus.backward(x, grad2, { ...options, out: grad2 }))
        same(softplus.backward(x, x, options), product(x, x, options))
      }
    },
  )

  test('of any floats', () => {
    const any = fc.float32Array({ minLength: 1, maxLength: 70 })
    fc.assert(
      fc.property(any, (values) => {
        const x = Float32Array.from(values)
        const grad = x.toReversed()
        expectSame(softplus.backward(x, grad), product(x, grad), 'any floats')
      }),
    )
  })

  test('of derivatives from subnormal ones on, and any grad', () => {
    const length = 5000
    const x = Float32Array.from({ length }, (_, i) => -60 - ((i * 0.618034) % 1) * 46)
    const bits = Uint32Array.from({ length }, (_, i) => Math.imul(i, 2654435761))
    const usual = Float32Array.from({ length }, (_, i) => Math.sin(i) * 8)
    // A subnormal derivative is a multiple of 2^-149: half of an odd one is a tie.
    const ties = Float32Array.from({ length }, (_, i) => (i % 8) + 0.5 + ((i % 3) - 1) * 2 ** -23)
    for (const grad of [usual, ties, ties.map((g) => -g), new Float32Array(bits.buffer)])
      expectSame(softplus.backward(x, grad), product(x, grad), 'grad * derivative')
  })

  test('refuses what it cannot read or write, and writes nothing', () => {
    const x = floats(8, 1)
    const grad = floats(8, 2)
    const refused = (call: () => unknown, code: string, message: RegExp) => {
      const before = [x.slice(), grad.slice()]
      expect(call).toThrow(
        expect.objectContaining({ code, message: expect.stringMatching(message) }),
      )
      expect([x, grad]).toEqual(before)
    }
    const type = 'ERR_INVALID_ARG_TYPE'
    const range = 'ERR_OUT_OF_RANGE'
    refused(() => softplus.backward(x, [...grad] as never), type, /^grad must be a Float32Array/)
    refused(() => softplus.backward(null as never, grad), type, /^x must be/)
    refused(() => softplus.backward(x, grad.subarray(1)), range, /^grad must be as long as x/)
    refused(() => softplus.backward(x, grad, { beta: 0 }), range, /^beta must be/)
    refused(
      () => softplus.backward(x, grad, { betta: 2 } as never),
      'ERR_INVALID_ARG_VALUE',
      /^options must have only beta, threshold, out; got betta$/,
    )
    refused(() => softplus.backward(x, grad, { out: new Float32Array(7) }), range, /^out must be/)
    const wide = new Float32Array(16)
    const [a, b] = [wide.subarray(0, 8), wide.subarray(3, 11)]
    refused(() => softplus.backward(a, grad, { out: b }), range, /^out must be .*overlaps/)
    refused(() => softplus.backward(x, a, { out: b }), range, /^out must be .*overlaps/)
    expect(wide.every((v) => v === 0)).toBe(true)
    structuredClone(wide.buffer, { transfer: [wide.buffer] })
    refused(() => softplus.backward(x, a), 'ERR_INVALID_STATE', /^grad must be .*detached/)
  })
})
