// A kernel as the function that users call, in every way it can be run. What they pass is checked
// first.

import type {
  BackwardKernel,
  FunctionName,
  Kernel,
  Kernels,
  WithDerivativeKernel,
} from '../backend/contract'
import type { Platform } from '../backend/platform'
import { notTaken } from '../errors'
import { type AsyncActivation, createAsync } from './async'
import { createStream, type StreamOptions, type Transform } from './stream'
import {
  checkArray,
  checkBeta,
  checkCallOptions,
  checkLength,
  checkOutPair,
  checkThreshold,
} from './validate'

/** A new array's type: `Float32Array<ArrayBuffer>` from TypeScript 5.7 on, `Float32Array` before. */
export type NewFloat32Array = ReturnType<Float32ArrayConstructor['of']>

/** What is written: the array that was given, or a new one. */
export type Written<Out> = Out extends Float32Array ? Out : NewFloat32Array

export interface Output {
  /**
   * Where the results go: as long as x; x itself, or memory apart from it. Default: a new
   * Float32Array. Overlap is refused; only where two SharedArrayBuffer objects stand for the same
   * memory can it go unseen, by the js backend.
   */
  out?: Float32Array
}

export interface SoftplusOptions {
  /** Finite, not 0, may be negative; rounded to float32. Default 1. */
  beta?: number
  /**
   * Any number but NaN. Where beta * x, rounded to float32, is above it, softplus and its inverse are
   * x, the derivative is 1 and the second derivative 0. Default Infinity. PyTorch's 20 gives the same
   * results for softplus, its derivative and backward.
   */
  threshold?: number
}

/** What relu takes: nothing that changes what it computes. */
export type NoOptions = { beta?: undefined; threshold?: undefined }

/** One function over arrays, in every way it can be run. `Options` are those that change what it computes. */
export interface Activation<Options extends object> {
  /**
   * f(x), element by element.
   *
   * @param x Any length, at any byte offset, over an ArrayBuffer, resizable or not, or a
   * SharedArrayBuffer.
   * @returns `options.out`, or a new Float32Array as long as x.
   * @throws {TypeError} ERR_INVALID_ARG_TYPE if x or out is no Float32Array or an option of the
   * wrong type; ERR_INVALID_ARG_VALUE if there is no such option; ERR_INVALID_STATE if x or out is
   * detached.
   * @throws {RangeError} ERR_OUT_OF_RANGE if out has another length or partly overlaps x, or beta
   * or threshold is out of its range. Nothing is written by a call that throws.
   */
  (x: Float32Array, options?: Options & { out?: undefined }): NewFloat32Array
  <Out extends Float32Array | undefined>(
    x: Float32Array,
    options: Options & { out: Out },
  ): Written<Out>
  (x: Float32Array, options?: Options & Output): Float32Array
  /**
   * Overwrites x with f(x) and returns it. Throws as the call does.
   *
   * @example
   * const x = Float32Array.of(-2, 0, 2)
   * softplus.inPlace(x) // Float32Array [0.126928…, 0.693147…, 2.126928…]
   */
  inPlace<X extends Float32Array>(x: X, options?: Options): X
  /** Off the main thread; see {@link AsyncActivation}. */
  async: AsyncActivation<Options>
  /**
   * A Transform from bytes of little-endian float32 to as many of their results, chunked in any way.
   * It never writes into the chunks it is given.
   *
   * @throws {TypeError | RangeError} as the call does, of the options. A stream that ends inside a
   * float32 is destroyed with a RangeError, ERR_OUT_OF_RANGE, saying how many bytes are left over.
   *
   * @example
   * await pipeline(createReadStream('x.f32'), softplus.stream(), createWriteStream('y.f32'))
   */
  stream(options?: Options & StreamOptions): Transform
}

// What a kernel takes after its arrays. `settled` is a threshold from which on none shows, as the
// results are what it makes them anyway.
function argumentsOf(options: SoftplusOptions, settled: number): number[] {
  const { beta = 1, threshold = Infinity } = options
  if (beta !== 1) return [threshold, beta]
  return threshold < settled ? [threshold] : []
}

// The same without an array: short calls take less time than making one.
function run(
  kernel: Kernel,
  x: Float32Array,
  y: Float32Array,
  options: SoftplusOptions,
  settled: number,
): void {
  const { beta = 1, threshold = Infinity } = options
  if (beta !== 1) kernel(x, y, threshold, beta)
  else if (threshold < settled) kernel(x, y, threshold)
  else if (y === x) kernel(x)
  else kernel(x, y)
}

/**
 * grad * derivative(x), element by element, each product rounded once: the same bits as taking
 * `softplus.derivative(x)` and multiplying.
 *
 * @param x What softplus was applied to.
 * @param grad What came back for its results; as long as x.
 * @returns `options.out`, which may be x or grad, or a new Float32Array.
 * @throws {TypeError | RangeError} as an Activation does, of x, grad and out.
 *
 * @example
 * softplus.backward(Float32Array.of(0, 2), Float32Array.of(3, 1)) // Float32Array [1.5, 0.880797…]
 */
export interface Backward {
  (
    x: Float32Array,
    grad: Float32Array,
    options?: SoftplusOptions & { out?: undefined },
  ): NewFloat32Array
  <Out extends Float32Array | undefined>(
    x: Float32Array,
    grad: Float32Array,
    options: SoftplusOptions & { out: Out },
  ): Written<Out>
  (x: Float32Array, grad: Float32Array, options?: SoftplusOptions & Output): Float32Array
}

const scalingNames = ['beta', 'threshold']
const withOut = [...scalingNames, 'out']

export function createBackward(kernel: BackwardKernel, settled: number): Backward {
  const backward = (x: Float32Array, grad: Float32Array, options?: SoftplusOptions & Output) => {
    checkCallOptions(options, withOut)
    const scaling = options === undefined ? {} : readScaling(options)
    const out = options?.out
    const length = checkArray('x', x)
    checkLength(length, grad, 'grad')
    if (out !== undefined) checkLength(length, out)
    const y = out ?? new Float32Array(length)
    kernel(x, grad, y, ...argumentsOf(scaling, settled))
    return y
  }
  return backward as Backward
}

/** Where `withDerivative` writes. What is left out is a new Float32Array. */
export interface OutputPair {
  out?: {
    /** As long as x; x itself, or memory apart from it. */
    value?: Float32Array
    /** As long as x, and memory apart from x and value. */
    derivative?: Float32Array
  }
}

/**
 * softplus and its derivative in one pass over x: the same bits as the two calls, in less time.
 *
 * @param x As for softplus.
 * @returns The arrays of `options.out`, or new ones.
 * @throws {TypeError | RangeError} as an Activation does, of x, out.value and out.derivative.
 *
 * @example
 * const { value, derivative } = softplus.withDerivative(Float32Array.of(0, 2))
 * // value: Float32Array [0.693147…, 2.126928…], derivative: Float32Array [0.5, 0.880797…]
 */
export interface WithDerivative {
  (
    x: Float32Array,
    options?: SoftplusOptions & { out?: undefined },
  ): Pair<NewFloat32Array, NewFloat32Array>
  <Value extends Float32Array | undefined, Derivative extends Float32Array | undefined>(
    x: Float32Array,
    options: SoftplusOptions & { out: Pair<Value, Derivative> },
  ): Pair<Written<Value>, Written<Derivative>>
  <Value extends Float32Array | undefined>(
    x: Float32Array,
    options: SoftplusOptions & { out: { value: Value; derivative?: undefined } },
  ): Pair<Written<Value>, NewFloat32Array>
  <Derivative extends Float32Array | undefined>(
    x: Float32Array,
    options: SoftplusOptions & { out: { value?: undefined; derivative: Derivative } },
  ): Pair<NewFloat32Array, Written<Derivative>>
  (x: Float32Array, options?: SoftplusOptions & OutputPair): Pair<Float32Array, Float32Array>
}

export interface Pair<Value, Derivative> {
  value: Value
  derivative: Derivative
}

export function createWithDerivative(
  kernel: WithDerivativeKernel,
  settled: number,
): WithDerivative {
  const withDerivative = (x: Float32Array, options?: SoftplusOptions & OutputPair) => {
    checkCallOptions(options, withOut)
    const scaling = options === undefined ? {} : readScaling(options)
    const out = options?.out
    checkOutPair(out)
    const { value, derivative } = out ?? {}
    const length = checkArray('x', x)
    if (value !== undefined) checkLength(length, value, 'out.value')
    if (derivative !== undefined) checkLength(length, derivative, 'out.derivative')
    const y = value ?? new Float32Array(length)
    const slope = derivative ?? new Float32Array(length)
    kernel(x, y, slope, ...argumentsOf(scaling, settled))
    return { value: y, derivative: slope }
  }
  return withDerivative as WithDerivative
}

const readScaling = ({ beta, threshold }: SoftplusOptions): SoftplusOptions => ({
  beta: checkBeta(beta),
  threshold: checkThreshold(threshold),
})

const readNone = ({ beta, threshold }: SoftplusOptions): SoftplusOptions => {
  for (const [name, value] of Object.entries({ beta, threshold }))
    if (value !== undefined) throw notTaken(name, value, 'relu is the same for all of them')
  return {}
}

/** How a function's options are read, and which it takes. */
export interface Reading<Result> {
  read(options: SoftplusOptions): Result
  names: readonly string[]
  /** What others take and `read` refuses. */
  refused: readonly string[]
}

const scalable: Reading<SoftplusOptions> = { read: readScaling, names: scalingNames, refused: [] }

const fixed: Reading<SoftplusOptions> = { read: readNone, names: [], refused: scalingNames }

/** What functions are made from: the kernels of one backend, and its platform. */
export interface Parts {
  kernels: Kernels
  platform: Platform
}

// Options are read before arrays are checked: a getter among them may do anything, detach x even.
function createActivation(
  { kernels, platform }: Parts,
  name: FunctionName,
  reading: Reading<SoftplusOptions>,
  settled: number,
): Activation<SoftplusOptions> {
  const { read, names } = reading
  const kernel = kernels[name]
  const withOut = [...names, 'out']
  const call = (x: Float32Array, options?: SoftplusOptions & Output): Float32Array => {
    checkCallOptions(options, withOut)
    const scaling = options === undefined ? {} : read(options)
    const out = options?.out
    const length = checkArray('x', x)
    if (out !== undefined && out !== x) checkLength(length, out)
    const y = out ?? new Float32Array(length)
    run(kernel, x, y, scaling, settled)
    return y
  }
  const inPlace = <X extends Float32Array>(x: X, options?: SoftplusOptions & Output): X => {
    checkCallOptions(options, names)
    const scaling = options === undefined ? {} : read(options)
    const out = options?.out
    if (out !== undefined) throw notTaken('out', out, 'inPlace writes over x')
    checkArray('x', x)
    run(kernel, x, x, scaling, settled)
    return x
  }
  const readingArguments = {
    ...reading,
    read: (options: SoftplusOptions) => argumentsOf(read(options), settled),
  }
  const { processors, loadTransform } = platform
  const launcher = { launch: kernels.launch[name], checkApart: kernels.checkApart, processors }
  return Object.assign(call as Activation<SoftplusOptions>, {
    inPlace,
    async: createAsync(launcher, readingArguments),
    stream: createStream(kernel, readingArguments, loadTransform),
  })
}

export const createScalable = (
  parts: Parts,
  name: FunctionName,
  settled: number,
): Activation<SoftplusOptions> => createActivation(parts, name, scalable, settled)

export const createFixed = (parts: Parts, name: FunctionName): Activation<NoOptions> =>
  createActivation(parts, name, fixed, -Infinity)
