// Kernels for short arrays and for one element: the bits of the others, whatever came before; and new large arrays, on
// huge pages.
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createApi } from '../src/api/api'
import { activationsOf } from '../src/api/byName'
import { loadAddon } from '../src/backend/addon'
import type { ShortKernels } from '../src/backend/contract'
import { node } from '../src/backend/node'
import { selectBackend } from '../src/backend/select'
import { functionNames, functions } from '../src/math/functions'
import { backends, names, native, reference } from './backends'
import { bits, expectSame, stridedFloats } from './floats'

const guard = -12345.678
const payloads = new Float32Array(Uint32Array.of(0x7fc00001, 0xffc12345, 0x7f800001).buffer)
const values = Float32Array.of(
  0.3,
  -8,
  20,
  -95,
  1e-40,
  -0,
  Infinity,
  ...payloads,
  -Infinity,
  14.75,
  -14.75,
  88,
  -1e9,
  3,
  5,
  -2,
)
const offsets = Array.from({ length: 4 }, (_, offset) => offset)

// Every way after every other: threshold and beta of an earlier call must not stay.
const ways: number[][] = [[], [3], [], [Infinity, 2], [], [1, Math.fround(-0.3)], [5], []]

const tested = backends.filter(({ name }) => native.includes(name))

describe.each(tested)('$name', ({ kernels, api: { softplus } }) => {
  const short = kernels.short as ShortKernels
  const lengths = Array.from({ length: short.most + 1 }, (_, length) => length)

  test.each(functionNames)('%s has the same bits at every length', (name) => {
    for (const length of lengths)
      for (const offset of offsets)
        for (const way of functions[name].takesScaling ? ways : [[]]) {
          const x = values.slice(offset, offset + length)
          const want = new Float32Array(x.length)
          kernels[name](x.slice(), want, ...way)
          const y = new Float32Array(x.length + 2).fill(guard)
          const where = `${x.length} elements, ${way}`
          short[name](x, y.subarray(1, -1), ...way)
          expectSame(y, Float32Array.of(guard, ...want, guard), where)
          short[name](x, x, ...way)
          expectSame(x, want, `${where}, in place`)
        }
  })

  test('backward and withDerivative have the same bits at every length', () => {
    for (const length of lengths)
      for (const way of ways) {
        const x = values.slice(2, 2 + length)
        const grad = values.slice(0, x.length)
        const [want, got] = [new Float32Array(x.length), new Float32Array(x.length)]
        kernels.backward(x, grad, want, ...way)
        short.backward(x, grad, got, ...way)
        expectSame(got, want, `backward, ${length} elements, ${way}`)
        const [value, derivative] = [new Float32Array(x.length), new Float32Array(x.length)]
        kernels.withDerivative(x, want, got, ...way)
        short.withDerivative(x, value, derivative, ...way)
        expectSame(value, want, `value, ${length} elements, ${way}`)
        expectSame(derivative, got, `derivative, ${length} elements, ${way}`)
        short.withDerivative(x, x, derivative, ...way)
        expectSame(x, want, `value in place, ${length} elements, ${way}`)
      }
  })

  test('calls around the limit have the same bits', () => {
    for (let length = short.most - 1; length <= short.most + 2; length++) {
      const x = Float32Array.from({ length }, (_, i) => Math.sin(i) * 20)
      const want = new Float32Array(length)
      kernels.softplus(x, want, 3, 2)
      const options = { beta: 2, threshold: 3 }
      expect(bits(softplus(x, options))).toEqual(bits(want))
      expect(bits(softplus(x, { ...options, out: new Float32Array(length) }))).toEqual(bits(want))
      expect(bits(softplus.withDerivative(x, options).value)).toEqual(bits(want))
      expect(bits(softplus.inPlace(x, options))).toEqual(bits(want))
    }
  })

  // Memory of two objects that begins at the same byte: the same memory is allowed, and derivative must be apart.
  test('short arrays that are the same memory', () => {
    const x = Float32Array.of(-1, 0, 1)
    const same = new Float32Array(x.buffer)
    const { value: want, derivative } = softplus.withDerivative(x.slice())
    expect(() => softplus.withDerivative(x, { out: { derivative: same } })).toThrow('memory apart')
    expect(() => softplus.withDerivative(x, { out: { value: same, derivative: x } })).toThrow(
      'memory apart',
    )
    expect([...x]).toEqual([-1, 0, 1])
    const got = softplus.withDerivative(x, { out: { value: same } })
    expect([[...x], [...got.derivative]]).toEqual([[...want], [...derivative]])
  })
})

describe('one element, where no backend is named', () => {
  const { kernels } = selectBackend(undefined, loadAddon)
  const activations = activationsOf(createApi(kernels, node))
  const everywhere = Float32Array.of(...values, ...stridedFloats(99991).next().value)

  test.each(functionNames)('%s has the same bits', (name) => {
    const want = everywhere.slice()
    reference.kernels[name](want)
    const [fresh, written, inPlace] = [want, want, want].map(
      ({ length }) => new Float32Array(length),
    )
    everywhere.forEach((_, i) => {
      const x = everywhere.subarray(i, i + 1)
      fresh.set(activations[name](x), i)
      activations[name](x, { out: written.subarray(i, i + 1) })
      inPlace.set(activations[name].inPlace(x.slice()), i)
    })
    expectSame(fresh, want, 'a new array')
    expectSame(written, want, 'into out')
    expectSame(inPlace, want, 'in place')
  })

  test('with a beta or a threshold', () => {
    const { softplus } = activations
    for (const options of [{ beta: -2 }, { threshold: 1 }, { beta: 3, threshold: 1 }]) {
      const x = Float32Array.of(1.5)
      const want = reference.api.softplus(x, options)
      expectSame(softplus(x, options), want, JSON.stringify(options))
      expectSame(softplus.inPlace(x, options), want, JSON.stringify(options))
    }
  })

  test('a backend that is named computes every length', () => {
    expect(kernels.one).toBeDefined()
    for (const name of names) expect(selectBackend(name, loadAddon).kernels.one).toBeUndefined()
  })
})

// Which mappings of this process were advised to be on huge pages. Undefined where Linux was built without them.
function advised(): string[] | undefined {
  if (!existsSync('/sys/kernel/mm/transparent_hugepage/enabled')) return undefined
  const mappings = readFileSync('/proc/self/smaps', 'utf8').split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/)
  return mappings.filter((mapping) => /^VmFlags:.* hg\b/m.test(mapping))
}

test.runIf(advised() !== undefined)('new large arrays are on huge pages', async () => {
  const { softplus } = tested[0].api
  // 32 MiB, which glibc always takes from the system.
  const x = new Float32Array(1 << 23).fill(0.5)
  const bytesOf = () =>
    (advised() ?? []).reduce((sum, text) => sum + Number(/^Size:\s+(\d+) kB/m.exec(text)?.[1]), 0)
  const [y, { value, derivative }, z] = [
    softplus(x),
    softplus.withDerivative(x),
    await softplus.async(x),
  ]
  expect(bytesOf() * 1024).toBeGreaterThanOrEqual(4 * (x.byteLength - 2 * 65536))
  for (const result of [y, value, z]) expect(result.at(-1)).toBe(y[0])
  expect(derivative.at(-1)).toBe(derivative[0])
})
