// What may not be passed: which error says so, and that nothing was written before it.
import { describe, expect, test } from 'vitest'
import type { Api } from '../src/api/api'
import type { Kernels } from '../src/backend/contract'
import { backends, native } from './backends'

// Called with anything at all, as JavaScript would.
type Loose = ((...args: unknown[]) => unknown) &
  Record<'inPlace' | 'stream', (...args: unknown[]) => unknown>

const loose = (f: object): Loose => f as Loose

const functions = [
  { name: 'softplus', of: ({ softplus }: Api) => loose(softplus) },
  { name: 'softplus.derivative', of: ({ softplus }: Api) => loose(softplus.derivative) },
  {
    name: 'softplus.secondDerivative',
    of: ({ softplus }: Api) => loose(softplus.secondDerivative),
  },
  { name: 'softplus.inverse', of: ({ softplus }: Api) => loose(softplus.inverse) },
  { name: 'relu', of: ({ relu }: Api) => loose(relu) },
  { name: 'relu.derivative', of: ({ relu }: Api) => loose(relu.derivative) },
]
const scalable = functions.slice(0, 4)
const fixed = functions.slice(4)

const values = [-20, -2, -0, 0.5, 2, 88, -1e9, Number.NaN]
const fresh = () => Float32Array.from(values)

interface Wanted {
  type: typeof TypeError | typeof RangeError
  code: string
  message: RegExp
}

const wrongType = (name: string, came: string): Wanted => ({
  type: TypeError,
  code: 'ERR_INVALID_ARG_TYPE',
  message: new RegExp(`^${name} must be .*; got ${came}(\\. |$)`, 's'),
})
const outOfRange = (name: string, came: string): Wanted => ({
  type: RangeError,
  code: 'ERR_OUT_OF_RANGE',
  message: new RegExp(`^${name} must be .*; got ${came}$`, 's'),
})
const detachedArray = (name: string): Wanted => ({
  type: TypeError,
  code: 'ERR_INVALID_STATE',
  message: new RegExp(`^${name} must be a Float32Array with memory; got one whose .*detached`),
})

const bytesOf = (buffer: ArrayBufferLike): number[] => [...new Uint8Array(buffer)]

function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return expect.fail('nothing was thrown')
}

/** Runs a call that must throw, and must leave the buffers as they were. */
function expectThrow(wanted: Wanted, call: () => unknown, ...buffers: ArrayBufferLike[]): void {
  const before = buffers.map(bytesOf)
  const error = thrownBy(call) as Error & { code?: string }
  expect(error).toBeInstanceOf(wanted.type)
  expect(error.code).toBe(wanted.code)
  expect(error.message).toMatch(wanted.message)
  expect(buffers.map(bytesOf)).toEqual(before)
}

const detach = (array: Float32Array): Float32Array => {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] })
  return array
}

const resizable = (length: number, maxByteLength: number) =>
  Reflect.construct(ArrayBuffer, [length, { maxByteLength }]) as ArrayBuffer & {
    resize(length: number): void
  }

// Runs no code of its own when it is described, or does so in vain.
const hostile = {
  toString: () => expect.fail('toString was called'),
  valueOf: () => expect.fail('valueOf was called'),
  toJSON: () => expect.fail('toJSON was called'),
  [Symbol.toPrimitive]: () => expect.fail('toPrimitive was called'),
  get constructor() {
    return expect.fail('the constructor was asked for')
  },
  get [Symbol.toStringTag]() {
    return expect.fail('the tag was asked for')
  },
}
const hostilePrototype = Object.create({
  get constructor() {
    throw new Error('no constructor')
  },
})
class Pretender {
  get [Symbol.toStringTag]() {
    return 'Float32Array'
  }
  length = 8
}

const noArrays: { kind: string; make: () => unknown; came: string }[] = [
  { kind: 'a number[]', make: () => [...values], came: 'an array' },
  { kind: 'a Float64Array', make: () => new Float64Array(8), came: 'an instance of Float64Array' },
  { kind: 'an Int32Array', make: () => new Int32Array(8), came: 'an instance of Int32Array' },
  { kind: 'a Uint8Array', make: () => new Uint8Array(32), came: 'an instance of Uint8Array' },
  {
    kind: 'a BigInt64Array',
    make: () => new BigInt64Array(8),
    came: 'an instance of BigInt64Array',
  },
  { kind: 'a Buffer', make: () => Buffer.alloc(32), came: 'an instance of Buffer' },
  {
    kind: 'a DataView',
    make: () => new DataView(new ArrayBuffer(32)),
    came: 'an instance of DataView',
  },
  { kind: 'an ArrayBuffer', make: () => new ArrayBuffer(32), came: 'an instance of ArrayBuffer' },
  {
    kind: 'a SharedArrayBuffer',
    make: () => new SharedArrayBuffer(32),
    came: 'an instance of SharedArrayBuffer',
  },
  { kind: 'a Proxy of one', make: () => new Proxy(fresh(), {}), came: 'an? .+' },
  {
    kind: 'an heir of its prototype',
    make: () => Object.create(Float32Array.prototype),
    came: 'an? .+',
  },
  { kind: 'an heir of one', make: () => Object.create(fresh()), came: 'an? .+' },
  {
    kind: 'one that pretends to be one',
    make: () => new Pretender(),
    came: 'an instance of Pretender',
  },
  {
    kind: 'an array-like',
    make: () => ({ length: 1, 0: 1 }),
    came: 'an instance of Object',
  },
  { kind: 'an iterable', make: () => new Set(values), came: 'an instance of Set' },
  { kind: 'the class', make: () => Float32Array, came: 'a function' },
  { kind: 'null', make: () => null, came: 'null' },
  { kind: 'a number', make: () => 8, came: 'number 8' },
  { kind: 'NaN', make: () => Number.NaN, came: 'number NaN' },
  { kind: 'a string', make: () => '0.5', came: 'the string "0\\.5"' },
  {
    kind: 'a long string',
    make: () => 'long '.repeat(9999),
    came: 'the string .{0,80}',
  },
  { kind: 'a symbol', make: () => Symbol('x'), came: 'symbol' },
  { kind: 'a bigint', make: () => 8n, came: 'the bigint 8n' },
  { kind: 'a boolean', make: () => true, came: 'boolean true' },
  { kind: 'an object that throws', make: () => hostile, came: 'an instance of Object' },
  {
    kind: 'an object whose class throws',
    make: () => hostilePrototype,
    came: 'an object',
  },
  {
    kind: 'an object of no class',
    make: () => Object.create(null),
    came: 'an object',
  },
]

// undefined is how an option is left out, but no x.
const noX = [...noArrays, { kind: 'undefined', make: () => undefined, came: 'undefined' }]

// Any object may hold options, but no array.
const noOptions = noArrays.filter(({ came }) => !/^an/.test(came))

const noNumbers: { kind: string; value: unknown; came: string }[] = [
  { kind: 'a string', value: '2', came: 'the string "2"' },
  { kind: 'null', value: null, came: 'null' },
  { kind: 'a bigint', value: 2n, came: 'the bigint 2n' },
  { kind: 'a boolean', value: true, came: 'boolean true' },
  { kind: 'a symbol', value: Symbol('2'), came: 'symbol' },
  { kind: 'an array', value: [2], came: 'an array' },
  { kind: 'a Number', value: Object(2), came: 'an instance of Number' },
  { kind: 'a function', value: () => 2, came: 'a function' },
  { kind: 'an object that throws', value: hostile, came: 'an instance of Object' },
]

const noBetas: { beta: number; came: string }[] = [
  { beta: 0, came: '-?0' },
  { beta: -0, came: '-?0' },
  { beta: Number.NaN, came: 'NaN' },
  { beta: Infinity, came: 'Infinity' },
  { beta: -Infinity, came: '-Infinity' },
  { beta: 1e-50, came: '1e-50' },
  { beta: -1e-50, came: '-1e-50' },
  { beta: 2 ** -150, came: '7\\.00.*e-46' },
  { beta: 1e39, came: '1e\\+39' },
  { beta: -1e39, came: '-1e\\+39' },
]

describe.each(backends)('$name', ({ name: backend, api, kernels }) => {
  describe.each(functions)('$name', ({ name, of }) => {
    const f = of(api)

    describe('x', () => {
      test.each(noX)('$kind is none', ({ make, came }) => {
        const wanted = wrongType('x', came)
        const out = fresh()
        expectThrow(wanted, () => f(make()))
        expectThrow(wanted, () => f(make(), {}))
        expectThrow(wanted, () => f(make(), { out }), out.buffer)
        expectThrow(wanted, () => f.inPlace(make()))
        expectThrow(wanted, () => f.inPlace(make(), {}))
      })

      test('is not written, whatever it is', () => {
        const bytes = Buffer.from(fresh().buffer)
        const view = new DataView(fresh().buffer)
        const doubles = Float64Array.from(values)
        const proxied = fresh()
        for (const [x, buffer] of [
          [bytes, bytes.buffer],
          [view, view.buffer],
          [doubles, doubles.buffer],
          [proxied.buffer, proxied.buffer],
          [new Proxy(proxied, {}), proxied.buffer],
          [Object.create(proxied), proxied.buffer],
        ] as [unknown, ArrayBuffer][])
          expectThrow(wrongType('x', '.*'), () => f.inPlace(x), buffer)
        const array = [...values]
        thrownBy(() => f.inPlace(array))
        expect(array).toEqual(values)
      })

      test('nothing at all is none', () => {
        expectThrow(wrongType('x', 'undefined'), () => f())
        expectThrow(wrongType('x', 'undefined'), () => f.inPlace())
      })

      test('says how to make one of what came', () => {
        const message = (x: unknown) => (thrownBy(() => f(x)) as Error).message
        expect(message([1])).toContain('Float32Array.from(x)')
        expect(message(new Float64Array(1))).toContain('Float32Array.from(x)')
        expect(message(Buffer.alloc(8))).toContain('byteOffset')
        expect(message(new ArrayBuffer(8))).toContain('new Float32Array(buffer)')
        expect(message(new BigInt64Array(1))).toContain('Float32Array.from(x, Number)')
      })

      test('is refused when it is detached', () => {
        const wanted = detachedArray('x')
        const out = fresh()
        expectThrow(wanted, () => f(detach(fresh())))
        expectThrow(wanted, () => f(detach(fresh()), { out }), out.buffer)
        expectThrow(wanted, () => f(detach(fresh()), { out: new Float32Array(0) }))
        expectThrow(wanted, () => f.inPlace(detach(fresh())))
        expectThrow(wanted, () => f.inPlace(detach(new Float32Array(0))))
        const both = detach(fresh())
        expectThrow(wanted, () => f(both, { out: both }))
      })

      test('is refused when it is detached, also after many resizable ones', () => {
        // Optimized code of V8 11 that has met resizable arrays takes a detached one's former
        // length for its length.
        const shifting = new Float32Array(resizable(16, 32))
        for (let i = 0; i < 20000; i++) {
          f.inPlace(shifting)
          f.inPlace(new Float32Array(0))
          if (i % 100 === 0) expectThrow(detachedArray('x'), () => f.inPlace(detach(fresh())))
        }
      })
    })

    describe('out', () => {
      test.each(noArrays)('$kind is none', ({ make, came }) => {
        const x = fresh()
        expectThrow(wrongType('out', came), () => f(x, { out: make() }), x.buffer)
      })

      test.each([0, 1, 7, 9, 16])('%i elements are not 8', (length) => {
        const x = fresh()
        const out = new Float32Array(length).fill(3)
        const wanted = outOfRange('out', `length ${length}`)
        expectThrow(wanted, () => f(x, { out }), x.buffer, out.buffer)
        expect((thrownBy(() => f(x, { out })) as Error).message).toContain(
          'as long as x, of length 8;',
        )
      })

      test('a part of x is not as long as x', () => {
        const x = fresh()
        const wanted = outOfRange('out', 'length 7')
        expectThrow(wanted, () => f(x, { out: x.subarray(1) }), x.buffer)
        expectThrow(wanted, () => f(x, { out: x.subarray(0, 7) }), x.buffer)
      })

      test.each([{ Memory: ArrayBuffer }, { Memory: SharedArrayBuffer }])(
        'may not overlap x partly, $Memory.name',
        ({ Memory }) => {
          const n = values.length
          for (let shift = -(n + 2); shift <= n + 2; shift++) {
            const buffer = new Memory(4 * (3 * n + 4))
            const all = new Float32Array(buffer).map((_, i) => Math.sin(i))
            new Float32Array(buffer).set(all)
            const x = new Float32Array(buffer, 4 * (n + 2), n)
            const out = new Float32Array(buffer, 4 * (n + 2 + shift), n)
            if (shift === 0 || Math.abs(shift) >= n) {
              expect(f(x, { out })).toBe(out)
              continue
            }
            const wanted = outOfRange('out', `.*${4 * shift} bytes.*overlaps.*`)
            expectThrow(wanted, () => f(x, { out }), buffer)
          }
        },
      )

      test('is refused when it is detached, even by a call that would write nothing', () => {
        const wanted = detachedArray('out')
        const x = fresh()
        expectThrow(wanted, () => f(x, { out: detach(fresh()) }), x.buffer)
        const none = new Float32Array(0)
        expectThrow(wanted, () => f(none, { out: detach(fresh()) }))
        expectThrow(wanted, () => f(none, { out: detach(new Float32Array(0)) }))
      })
    })

    test('views outside of a buffer that shrank', () => {
      const buffer = resizable(64, 64)
      const x = fresh()
      const views = [
        new Float32Array(buffer, 32, 8), // the length stays, the memory is gone
        new Float32Array(buffer, 0, 16), // in part
        new Float32Array(buffer, 32), // begins behind the end
      ]
      for (const view of views) {
        buffer.resize(64)
        new Float32Array(buffer).fill(0.5)
        buffer.resize(24)
        expectThrow(detachedArray('x'), () => f(view), buffer)
        expectThrow(detachedArray('x'), () => f.inPlace(view), buffer)
        expectThrow(detachedArray('x'), () => f(view, { out: x }), buffer, x.buffer)
        expectThrow(detachedArray('out'), () => f(x, { out: view }), buffer, x.buffer)
        // It has memory again as soon as the buffer has.
        buffer.resize(64)
        expect(f.inPlace(view)).toBe(view)
      }
    })

    describe('options', () => {
      test.each(noOptions)('$kind is none', ({ make, came }) => {
        const x = fresh()
        const wanted = wrongType('options', came)
        expectThrow(wanted, () => f(x, make()), x.buffer)
        expectThrow(wanted, () => f.inPlace(x, make()), x.buffer)
      })

      test('arrays.map(f) is told what map passes', () => {
        const x = fresh()
        const wanted = wrongType('options', 'number 0')
        expectThrow(wanted, () => [x].map(f as () => unknown), x.buffer)
        expectThrow(wanted, () => [x].map(f.inPlace as () => unknown), x.buffer)
        const { message } = thrownBy(() => [x].map(f as () => unknown)) as Error
        expect(message).toContain('map')
        expect(message).toMatch(/\(x\) => \w/)
      })

      test.each(['beta', 'threshold', 'out'])('a getter of %s that throws', (option) => {
        const x = fresh()
        const out = fresh()
        const thrown = new Error('from the getter')
        const options = Object.defineProperty({ out }, option, {
          get() {
            throw thrown
          },
        })
        const before = bytesOf(x.buffer)
        expect(thrownBy(() => f(x, options))).toBe(thrown)
        if (option !== 'out') expect(thrownBy(() => f.inPlace(x, options))).toBe(thrown)
        expect([bytesOf(x.buffer), bytesOf(out.buffer)]).toEqual([before, before])
      })

      test.each(['beta', 'threshold', 'out'])('a getter of %s that detaches x', (option) => {
        const out = fresh()
        const detaching = (x: Float32Array, others: object) =>
          Object.defineProperty(others, option, {
            get() {
              detach(x)
              return option === 'out' ? out : undefined
            },
          })
        const wanted = detachedArray('x')
        const first = fresh()
        expectThrow(wanted, () => f(first, detaching(first, { out })), out.buffer)
        if (option === 'out') return
        const second = fresh()
        expectThrow(wanted, () => f.inPlace(second, detaching(second, {})), out.buffer)
      })

      test('a getter that detaches out', () => {
        const x = fresh()
        const out = fresh()
        const options = {
          out,
          get beta() {
            detach(out)
            return undefined
          },
        }
        expectThrow(detachedArray('out'), () => f(x, options), x.buffer)
      })

      test('a getter that shrinks x: its new length counts', () => {
        const buffer = resizable(64, 64)
        const x = new Float32Array(buffer)
        const out = new Float32Array(16).fill(3)
        const options = {
          out,
          get threshold() {
            buffer.resize(32)
            return undefined
          },
        }
        expectThrow(outOfRange('out', 'length 16'), () => f(x, options), out.buffer)
      })

      test('what no call takes is refused, a misspelt name above all', () => {
        const x = fresh()
        const taken = scalable.some(({ name: known }) => known === name) ? 'beta, threshold, ' : ''
        const only = (others: string, got: string): Wanted => ({
          type: TypeError,
          code: 'ERR_INVALID_ARG_VALUE',
          message: new RegExp(
            `^options must ${taken + others ? `have only ${(taken + others).replace(/, $/, '')}` : 'be empty'}; got ${got}$`,
          ),
        })
        for (const [name, got] of [
          ['betta', 'betta'],
          ['Beta', 'Beta'],
          ['toString', 'toString'],
          ['constructor', 'constructor'],
          ['\x1b[2J', '"\\\\u001b\\[2J"'],
          ['long'.repeat(99), '"(long){8}\\.\\.\\."'],
        ]) {
          const options = { [name]: 2 }
          expectThrow(only('out', got), () => f(x, options), x.buffer)
          expectThrow(only('', got), () => f.inPlace(x, options), x.buffer)
          expectThrow(only('highWaterMark', got), () => f.stream(options))
          // One that is undefined is left out.
          expect(f(x, { [name]: undefined })).toHaveLength(8)
        }
        // Of a prototype too: whoever inherits from defaults meant them.
        expectThrow(only('out', 'betta'), () => f(x, Object.create({ betta: 2 })), x.buffer)
        expectThrow(only('out', 'threads'), () => f(x, { threads: 2 }), x.buffer)
        for (const name of ['toString', 'hasOwnProperty'])
          expect(f(x, Object.defineProperty({}, name, { value: 1 }))).toHaveLength(8)
      })

      test.each([
        { kind: 'an array', make: () => [] },
        { kind: 'a Float32Array, meant as out', make: fresh },
      ])('$kind is none', ({ make }) => {
        const x = fresh()
        expectThrow(wrongType('options', 'an (array|instance of .+)'), () => f(x, make()), x.buffer)
      })
    })

    test('a revoked proxy is no Float32Array', () => {
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      expectThrow(wrongType('x', 'an unreadable object'), () => f(proxy))
    })

    test('a proxy that throws when asked for its prototype is no Float32Array', () => {
      const getPrototypeOf = () => {
        throw new Error('no prototype')
      }
      expectThrow(wrongType('x', 'an unreadable object'), () =>
        f(new Proxy({}, { getPrototypeOf })),
      )
    })

    test('an array whose length was redefined is refused', () => {
      const x = Object.defineProperty(fresh(), 'length', { value: 16 })
      expectThrow(wrongType('x', '.+ Its length was redefined'), () => f(x), x.buffer)
      const out = Object.defineProperty(fresh(), 'length', { value: 0 })
      expectThrow(wrongType('out', '.+'), () => f(fresh(), { out }), out.buffer)
    })

    test('in place there is no out', () => {
      const x = fresh()
      const out = fresh()
      const wanted = {
        type: TypeError,
        code: 'ERR_INVALID_ARG_VALUE',
        message: /^out must be left out: inPlace writes over x; got an instance of Float32Array$/,
      }
      expectThrow(wanted, () => f.inPlace(x, { out }), x.buffer, out.buffer)
    })

    // The js backend sees two buffers here, and nothing in the language tells it that they are one.
    test.runIf(native.includes(backend))(
      'two objects over the same shared memory are the same memory',
      () => {
        const buffer = new SharedArrayBuffer(64)
        const x = new Float32Array(buffer, 0, 8)
        const out = new Float32Array(structuredClone(buffer), 4, 8)
        const wanted = {
          type: RangeError,
          code: 'ERR_OUT_OF_RANGE',
          message: /^out must be .* apart/,
        }
        expectThrow(wanted, () => f(x, { out }), buffer)
      },
    )
  })

  describe.each(scalable)('$name', ({ of }) => {
    const f = of(api)

    function expectRefused(wanted: Wanted, options: object): void {
      const x = fresh()
      const out = fresh()
      expectThrow(wanted, () => f(x, options), x.buffer)
      expectThrow(wanted, () => f(x, { ...options, out }), x.buffer, out.buffer)
      expectThrow(wanted, () => f(x, { ...options, out: x }), x.buffer)
      expectThrow(wanted, () => f.inPlace(x, options), x.buffer)
      expectThrow(wanted, () => f(new Float32Array(0), options))
    }

    test.each(noNumbers)('$kind is neither beta nor threshold', ({ value, came }) => {
      expectRefused(wrongType('beta', came), { beta: value })
      expectRefused(wrongType('threshold', came), { threshold: value })
    })

    test.each(noBetas)('beta $beta', ({ beta, came }) => {
      expectRefused(outOfRange('beta', came), { beta })
    })

    test('threshold NaN', () => {
      expectRefused(outOfRange('threshold', 'NaN'), { threshold: Number.NaN })
    })

    test('the smallest and the largest beta are betas', () => {
      for (const beta of [2 ** -149, -(2 ** -149), 3.4028234e38, -3.4028234e38])
        expect(f(fresh(), { beta })).toHaveLength(values.length)
    })
  })

  describe.each(fixed)('$name', ({ of }) => {
    const f = of(api)

    test.each([
      { beta: 2 },
      { beta: 1 },
      { beta: 0 },
      { beta: null },
      { threshold: 20 },
      { threshold: Number.NaN },
      { beta: 2, threshold: 20 },
    ])('takes no %o', (options) => {
      const wanted = {
        type: TypeError,
        code: 'ERR_INVALID_ARG_VALUE',
        message: /^(beta|threshold) must be left out: relu.* does not depend on it; got .+/,
      }
      const x = fresh()
      const out = fresh()
      expectThrow(wanted, () => f(x, options), x.buffer)
      expectThrow(wanted, () => f(x, { ...options, out }), x.buffer, out.buffer)
      expectThrow(wanted, () => f.inPlace(x, options), x.buffer)
    })
  })

  // The addon must not touch memory it may not, even if its callers' checks were wrong.
  test.runIf(native.includes(backend))(
    'the kernels themselves refuse what is no memory of theirs',
    () => {
      const {
        backward,
        withDerivative,
        launch,
        checkApart,
        short,
        adviseHugePages,
        ...ofOneArray
      } = kernels as Required<Kernels>
      for (const kernel of Object.values(ofOneArray).map(loose)) {
        const x = fresh()
        const typeError = {
          type: TypeError,
          code: 'ERR_INVALID_ARG_TYPE',
          message: /must be a Float32Array; got /,
        }
        for (const { make } of noX) {
          expectThrow(typeError, () => kernel(make()))
          expectThrow(typeError, () => kernel(x, make()), x.buffer)
        }
        const rangeError = { type: RangeError, code: 'ERR_OUT_OF_RANGE', message: /as long as x/ }
        expectThrow(rangeError, () => kernel(x, new Float32Array(9)), x.buffer)
        const overlap = outOfRange('out', 'a view that begins 4 bytes from x and overlaps it')
        expectThrow(overlap, () => kernel(x.subarray(0, 4), x.subarray(1, 5)), x.buffer)
        expectThrow(rangeError, () => kernel(x, detach(fresh())), x.buffer)
        kernel(detach(fresh()))
        const numbers = { type: TypeError, code: 'ERR_INVALID_ARG_TYPE', message: /numbers/ }
        expectThrow(numbers, () => kernel(x, x, '1'), x.buffer)
        expectThrow(numbers, () => kernel(x, x, 1, null), x.buffer)
        const zero = { type: RangeError, code: 'ERR_OUT_OF_RANGE', message: /beta must not be 0/ }
        expectThrow(zero, () => kernel(x, x, 1, 0), x.buffer)
      }
      for (const kernel of [kernels.relu, kernels.reluDerivative]) {
        const x = fresh()
        const none = { type: RangeError, code: 'ERR_OUT_OF_RANGE', message: /no threshold and no/ }
        expectThrow(none, () => kernel(x, x, 1), x.buffer)
        expectThrow(none, () => kernel(x, x, 1, 2), x.buffer)
      }
      for (const start of Object.values(launch).map(loose)) {
        const x = fresh()
        const never = () => {}
        const typeError = {
          type: TypeError,
          code: 'ERR_INVALID_ARG_TYPE',
          message: /must be a Float32Array; got /,
        }
        for (const { make } of noX.filter(({ came }) => came !== 'a function'))
          expectThrow(typeError, () => start(1, 2, never, make()))
        for (const { make } of noX) expectThrow(typeError, () => start(1, 2, never, () => make()))
        const launchError = {
          ...typeError,
          message: /^\w+ must be launched with \(threads, processors, done, x/,
        }
        for (const threads of [0, '2', undefined])
          expectThrow(launchError, () => start(threads, 2, never, x), x.buffer)
        expectThrow(launchError, () => start(1, 2, {}, x), x.buffer)
      }
      const ofOut = outOfRange('out', 'a view that begins 4 bytes from x and overlaps it')
      const values = fresh()
      expectThrow(ofOut, () => checkApart(values.subarray(0, 4), values.subarray(1, 5)))
      const memory = new Float32Array(64)
      const [x, y] = [memory.subarray(0, 8), memory.subarray(16, 24)]
      for (const kernel of [loose(backward), loose(withDerivative)]) {
        const typeError = {
          type: TypeError,
          code: 'ERR_INVALID_ARG_TYPE',
          message: /must be a Float32Array; got /,
        }
        const length = { type: RangeError, code: 'ERR_OUT_OF_RANGE', message: /as long as x/ }
        for (const { make } of noX) {
          expectThrow(typeError, () => kernel(x, make(), y), memory.buffer)
          expectThrow(typeError, () => kernel(x, y, make()), memory.buffer)
        }
        expectThrow(length, () => kernel(x, y, memory.subarray(32, 41)), memory.buffer)
        expectThrow(length, () => kernel(x, memory.subarray(32, 39), y), memory.buffer)
      }
      const overlap = outOfRange('out', 'a view that begins 12 bytes from grad and overlaps it')
      expectThrow(overlap, () => backward(x, y, memory.subarray(19, 27)), memory.buffer)
      const overValue = outOfRange(
        'out.derivative',
        'a view that begins 12 bytes from out.value and overlaps it',
      )
      expectThrow(overValue, () => withDerivative(x, y, memory.subarray(19, 27)), memory.buffer)
      const same = outOfRange('out.derivative', 'a view that begins 0 bytes from x and overlaps it')
      expectThrow(same, () => withDerivative(x, y, x), memory.buffer)
    },
  )
})
