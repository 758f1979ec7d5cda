// What compiles and what does not. Nothing here is run.
import type { Transform } from 'node:stream'
import { describe, expectTypeOf, test } from 'vitest'
import type * as bundled from '../src/bundled'
import type {
  Activation,
  Backend,
  BackendName,
  JobOptions,
  NoOptions,
  Output,
  Relu,
  Softplus,
  SoftplusOptions,
  TransferError,
} from '../src/index'
import * as main from '../src/index'
import { backend, relu, softplus } from '../src/index'
import type * as js from '../src/js'

declare const x: Float32Array
declare const out: Float32Array
declare const array: number[]
declare const doubles: Float64Array
declare const bytes: Uint8Array
declare const maybe: number | undefined
class Weights extends Float32Array {
  layer = 0
}
declare const weights: Weights
declare const maybeWeights: Weights | undefined
type Own = Float32Array<ArrayBuffer>
declare const own: Own
declare const shared: Float32Array<SharedArrayBuffer>

test('the exports', () => {
  expectTypeOf(softplus).toEqualTypeOf<Softplus>()
  expectTypeOf(relu).toEqualTypeOf<Relu>()
  expectTypeOf(backend).toEqualTypeOf<Backend>()
  expectTypeOf<typeof bundled>().toEqualTypeOf<typeof main>()
  expectTypeOf<ReturnType<typeof js.softplus.stream>>().toEqualTypeOf<TransformStream>()
  expectTypeOf<ReturnType<typeof js.relu.derivative.stream>>().toEqualTypeOf<TransformStream>()
  expectTypeOf(softplus).toExtend<Activation<SoftplusOptions>>()
  expectTypeOf(relu.derivative).toEqualTypeOf<Activation<NoOptions>>()
})

describe('right calls', () => {
  test('return Float32Arrays', () => {
    expectTypeOf(softplus(x, { beta: 2, threshold: 20, out })).toEqualTypeOf<Float32Array>()
    expectTypeOf(softplus.derivative(x, { beta: 2, out: x })).toEqualTypeOf<Float32Array>()
    expectTypeOf(relu(x, { out })).toEqualTypeOf<Float32Array>()
  })

  test('a new array is over an ArrayBuffer', () => {
    expectTypeOf(softplus(x)).toEqualTypeOf<Own>()
    expectTypeOf(softplus(x, {})).toEqualTypeOf<Own>()
    expectTypeOf(softplus(x, undefined)).toEqualTypeOf<Own>()
    expectTypeOf(softplus(x, { beta: 2, out: undefined })).toEqualTypeOf<Own>()
    expectTypeOf(relu.derivative(x)).toEqualTypeOf<Own>()
    expectTypeOf(softplus.backward(x, x)).toEqualTypeOf<Own>()
    expectTypeOf(softplus.async(x)).resolves.toEqualTypeOf<Own>()
    expectTypeOf(softplus.async(x, { threads: 2 })).resolves.toEqualTypeOf<Own>()
    structuredClone(softplus(x), { transfer: [softplus(x).buffer] })
    new Blob([softplus(x)])
  })

  test('out keeps its type', () => {
    expectTypeOf(softplus(x, { out: weights })).toEqualTypeOf<Weights>()
    expectTypeOf(softplus(x, { out: own })).toEqualTypeOf<Own>()
    expectTypeOf(softplus(x, { out: shared })).toEqualTypeOf<Float32Array<SharedArrayBuffer>>()
    expectTypeOf(softplus.backward(x, x, { out: weights })).toEqualTypeOf<Weights>()
    expectTypeOf(softplus.async(x, { out: weights })).resolves.toEqualTypeOf<Weights>()
    const pair = softplus.withDerivative(x, { out: { value: weights, derivative: own } })
    expectTypeOf(pair).branded.toEqualTypeOf<{ value: Weights; derivative: Own }>()
    const first = softplus.withDerivative(x, { out: { value: weights } })
    expectTypeOf(first).branded.toEqualTypeOf<{ value: Weights; derivative: Own }>()
    const second = softplus.withDerivative(x, { out: { derivative: weights } })
    expectTypeOf(second).branded.toEqualTypeOf<{ value: Own; derivative: Weights }>()
  })

  test('an out that may be left out may be a new array', () => {
    expectTypeOf(softplus(x, { out: maybeWeights })).toEqualTypeOf<Weights | Own>()
    const options = {} as SoftplusOptions & Output
    expectTypeOf(softplus(x, options)).toEqualTypeOf<Float32Array>()
    expectTypeOf(softplus.backward(x, x, options)).toEqualTypeOf<Float32Array>()
    expectTypeOf(softplus.async(x, options)).resolves.toEqualTypeOf<Float32Array>()
  })

  test('transfer gives a view of the memory that was moved', () => {
    expectTypeOf(softplus.async(own, { transfer: true })).resolves.toEqualTypeOf<Own>()
    expectTypeOf(softplus.async(x, { transfer: true })).resolves.toEqualTypeOf<Float32Array>()
    const views = softplus.async(weights, { transfer: true, threads: 2 })
    expectTypeOf(views).resolves.toEqualTypeOf<Own>()
    softplus.async(x, {} as JobOptions)
    const error = {} as TransferError
    expectTypeOf(error.array).toEqualTypeOf<Float32Array>()
    expectTypeOf(error).toExtend<Error>()
    // @ts-expect-error the result is over x's memory
    softplus.async(x, { transfer: true, out })
  })

  test('signals are AbortSignals, of any kind', () => {
    const { signal } = new AbortController()
    softplus.async(x, { signal })
    softplus.async(x, { signal, transfer: true })
    softplus.async(x, { signal: AbortSignal.timeout(1) })
    // @ts-expect-error no function
    softplus.async(x, { signal: () => true })
  })

  test('a stream is a Transform', () => {
    expectTypeOf(softplus.stream()).toEqualTypeOf<Transform>()
  })

  test('withDerivative takes a pair, or a part of one', () => {
    expectTypeOf(softplus.withDerivative(x)).branded.toEqualTypeOf<{
      value: Own
      derivative: Own
    }>()
    softplus.withDerivative(x, { beta: 2, threshold: 20, out: { value: x, derivative: out } })
    softplus.withDerivative(x, { out: { derivative: out } })
    // @ts-expect-error
    softplus.withDerivative(x, { out })
    // @ts-expect-error
    softplus.withDerivative(x, { out: { slope: out } })
  })

  test('take options that may be undefined', () => {
    softplus(x, { beta: maybe, threshold: maybe, out: undefined })
    relu(x, { beta: undefined, threshold: undefined })
  })

  test('take any memory', () => {
    softplus(new Float32Array(new SharedArrayBuffer(8)), { out: weights })
    softplus.inPlace(new Float32Array(new SharedArrayBuffer(8)))
  })

  test('one function can take all of them as an argument', () => {
    const apply = (f: Activation<NoOptions>) => f(x, { out })
    apply(softplus)
    apply(softplus.derivative)
    apply(softplus.secondDerivative)
    apply(softplus.inverse)
    apply(relu)
    apply(relu.derivative)
  })

  test('options have types of their own', () => {
    expectTypeOf<SoftplusOptions>().toEqualTypeOf<{ beta?: number; threshold?: number }>()
    expectTypeOf<Output>().toEqualTypeOf<{ out?: Float32Array }>()
    softplus(x, {} as SoftplusOptions & Output)
    expectTypeOf(softplus.inPlace).parameter(1).toEqualTypeOf<SoftplusOptions | undefined>()
  })

  test('inPlace keeps the type of its array', () => {
    expectTypeOf(softplus.inPlace(x)).toEqualTypeOf<Float32Array>()
    expectTypeOf(softplus.inPlace(weights, { beta: 2 })).toEqualTypeOf<Weights>()
    expectTypeOf(softplus.derivative.inPlace(weights)).toEqualTypeOf<Weights>()
    expectTypeOf(relu.inPlace(weights)).toEqualTypeOf<Weights>()
    expectTypeOf(relu.derivative.inPlace(own)).toEqualTypeOf<Own>()
  })
})

describe('wrong calls', () => {
  test('x', () => {
    // @ts-expect-error no number[]
    softplus(array)
    // @ts-expect-error no Float64Array
    softplus(doubles)
    // @ts-expect-error no Uint8Array
    softplus.derivative(bytes)
    // @ts-expect-error no Buffer
    relu(Buffer.alloc(8))
    // @ts-expect-error no ArrayBuffer
    relu.derivative(x.buffer)
    // @ts-expect-error no number
    softplus(1)
    // @ts-expect-error not null
    softplus(null)
    // @ts-expect-error not nothing
    softplus()
    // @ts-expect-error no number[] in place
    softplus.inPlace(array)
    // @ts-expect-error no Float64Array in place
    relu.inPlace(doubles)
  })

  test('out', () => {
    // @ts-expect-error no Float64Array
    softplus(x, { out: doubles })
    // @ts-expect-error no number[]
    softplus.derivative(x, { out: array })
    // @ts-expect-error no Uint8Array
    relu(x, { out: bytes })
    // @ts-expect-error not null
    relu.derivative(x, { out: null })
    // @ts-expect-error out is an option, no argument
    softplus(x, out)
    // @ts-expect-error inPlace has its out
    softplus.inPlace(x, { out })
    // @ts-expect-error inPlace has its out
    relu.inPlace(x, { out })
  })

  test('options', () => {
    // @ts-expect-error beta is a number
    softplus(x, { beta: '2' })
    // @ts-expect-error beta is no bigint
    softplus(x, { beta: 2n })
    // @ts-expect-error beta is not null
    softplus.derivative(x, { beta: null })
    // @ts-expect-error threshold is a number
    softplus(x, { threshold: '20' })
    // @ts-expect-error no such option
    softplus(x, { betta: 2 })
    // @ts-expect-error no such option, in place
    softplus.inPlace(x, { betta: 2 })
    // @ts-expect-error no such option of a job
    softplus.async(x, { betta: 2 })
    // @ts-expect-error no such option of a stream
    softplus.stream({ betta: 2 })
    // @ts-expect-error no such option of backward
    softplus.backward(x, x, { betta: 2 })
    // @ts-expect-error options are an object, and beta is in it
    softplus(x, 2)
    // @ts-expect-error options are not null
    softplus(x, null)
    // @ts-expect-error map passes the index
    ;[x].map(softplus)
    // @ts-expect-error map passes the index
    ;[x].map(relu.inPlace)
  })

  test('relu takes neither beta nor threshold', () => {
    // @ts-expect-error no beta
    relu(x, { beta: 2 })
    // @ts-expect-error no threshold
    relu.derivative(x, { threshold: 20 })
    // @ts-expect-error no beta in place
    relu.inPlace(x, { beta: 2 })
    // @ts-expect-error none in a variable either
    relu(x, {} as SoftplusOptions)
  })
})

test('backend is read-only', () => {
  expectTypeOf(backend.name).toEqualTypeOf<BackendName>()
  expectTypeOf<BackendName>().toEqualTypeOf<'avx512' | 'avx2' | 'neon' | 'scalar' | 'wasm' | 'js'>()
  expectTypeOf(backend.available).toEqualTypeOf<readonly BackendName[]>()
  expectTypeOf(backend.addon).toEqualTypeOf<string | null>()
  expectTypeOf(backend.error).toEqualTypeOf<Error | null>()
  // @ts-expect-error read-only
  backend.name = 'js'
  // @ts-expect-error read-only
  backend.addon = null
  // @ts-expect-error read-only
  backend.available.push('js')
  // @ts-expect-error an import
  main.softplus = softplus
})
