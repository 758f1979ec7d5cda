// The public types with their documentation. Imports nothing of this package.

import type { Transform as NodeTransform } from 'node:stream'

/** A new array's type: `Float32Array<ArrayBuffer>` from TypeScript 5.7 on, `Float32Array` before. */
export type NewFloat32Array = ReturnType<Float32ArrayConstructor['of']>

/** The type of a result: that of `out` where it was given, else of a new array. */
export type Written<Out> = Out extends Float32Array ? Out : NewFloat32Array

/** A view of the same memory as X: `Float32Array` over X's kind of buffer. */
export type ViewOf<X extends Float32Array> = ReturnType<X['subarray']>

export interface Output {
  /**
   * Where the results go. Must be as long as x, and either x itself or memory that does not overlap x. Default: a new
   * Float32Array. Overlap is an error. One case goes unseen by the backends 'wasm' and 'js': two SharedArrayBuffer
   * objects that stand for the same memory.
   */
  out?: Float32Array
}

export interface SoftplusOptions {
  /** Finite and not 0, also when rounded to float32; may be negative. Default 1. */
  beta?: number
  /**
   * Any number but NaN. Where beta * x, rounded to float32, is above it, softplus and its inverse are x, the derivative
   * is 1 and the second derivative 0. Default Infinity. PyTorch's default, 20, gives the same results for softplus, its
   * derivative, its inverse, backward and withDerivative.
   */
  threshold?: number
}

/** The options of relu, which takes neither beta nor threshold. */
export type NoOptions = { beta?: undefined; threshold?: undefined }

/** A function by its name: one of softplus with its options, or one of relu. For softplus/arrow and softplus/shards. */
export type FunctionOptions =
  | ({
      /** Default 'softplus'. */
      function?: 'softplus' | 'derivative' | 'secondDerivative' | 'inverse'
    } & SoftplusOptions)
  | ({ function: 'relu' | 'reluDerivative' } & NoOptions)

/** An element-wise function over Float32Arrays. `Options` are those that change what it computes. */
export interface Activation<Options extends object, Stream = Transform> {
  /**
   * f(x), element by element. A call that throws has written nothing.
   *
   * @param x Of any length and byte offset, over an ArrayBuffer, a resizable one too, or a SharedArrayBuffer.
   * @returns `options.out`, or a new Float32Array as long as x.
   * @throws {TypeError} ERR_INVALID_ARG_TYPE if x or out is no Float32Array or an option has the wrong type;
   * ERR_INVALID_ARG_VALUE if an option is unknown; ERR_INVALID_STATE if x or out is detached.
   * @throws {RangeError} ERR_OUT_OF_RANGE if out has another length or partly overlaps x, or if beta or threshold is out
   * of its range.
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
  /** f(x) with the event loop free; see {@link AsyncActivation}. */
  async: AsyncActivation<Options>
  /**
   * A Transform from bytes of little-endian float32 to the bytes of their results; in browsers a TransformStream. Chunks
   * may have any size. They are not written to.
   *
   * @throws {TypeError | RangeError} as the call does, for the options. A stream that ends inside a float32 is destroyed
   * with a RangeError, ERR_OUT_OF_RANGE, that says how many bytes are left over.
   *
   * @example
   * await pipeline(createReadStream('x.f32'), softplus.stream(), createWriteStream('y.f32'))
   */
  stream(options?: Options & StreamOptions): Stream
}

/**
 * An element-wise function in worker threads, or without the addon on the caller's thread in slices of 2 ms. The bits are
 * those of the call, and the event loop stays free.
 */
export interface AsyncActivation<Options extends object> {
  /**
   * f(x), element by element. Works on a copy of x that is made before this returns; with `transfer: true`, on x's own
   * memory.
   *
   * @returns `options.out`, written at the end; or a new Float32Array; or with `transfer: true`, a view of the memory
   * that was moved.
   * @throws (as a rejection) what the call throws; ERR_OUT_OF_RANGE if threads is no integer from 1 to 1024;
   * ERR_INVALID_STATE if the buffer cannot be moved, such as that of WebAssembly or of Node's pooled Buffers;
   * ERR_MEMORY_ALLOCATION_FAILED if there is no memory or no thread. In all these cases x is as it was. After an abort:
   * the signal's reason, and part of `out` may have been written; with `transfer: true`, a {@link TransferError}.
   *
   * @example
   * const y = await softplus.async(Float32Array.of(-2, 0, 2)) // Float32Array [0.126928…, 0.693147…, 2.126928…]
   * const z = await softplus.async(y, { transfer: true })     // over y's memory; y is detached
   */
  (
    x: Float32Array,
    options?: Options & JobOptions & { transfer?: false; out?: undefined },
  ): Promise<NewFloat32Array>
  <X extends Float32Array>(
    x: X,
    options: Options & JobOptions & { transfer: true; out?: undefined },
  ): Promise<ViewOf<X>>
  <Out extends Float32Array | undefined>(
    x: Float32Array,
    options: Options & JobOptions & { transfer?: false; out: Out },
  ): Promise<Written<Out>>
  (
    x: Float32Array,
    options?: Options &
      JobOptions &
      ({ transfer?: false; out?: Float32Array } | { out?: undefined }),
  ): Promise<Float32Array>
}

export interface JobOptions {
  /**
   * Upper bound of the threads that work on this job at once, an integer from 1 to 1024. Default: one per processor. The
   * main thread and each Worker have a pool of their own. It has at most one thread per processor, or the largest
   * `threads` of a job if that is more. Further jobs wait. WebAssembly and the fallback have no worker threads: they work
   * on the thread of the caller in slices of 2 ms.
   */
  threads?: number
  /**
   * An abort ends the work within a block of 65,536 elements. The promise is then rejected with the signal's reason; with
   * `transfer: true`, with a {@link TransferError}.
   */
  signal?: JobSignal
  /**
   * Works on x's own memory instead of a copy. Cannot be combined with `out`. x's buffer is moved, as by postMessage's
   * transfer list: x and all other views of it are detached, and the result is a new view of the same memory at the same
   * offset. Memory of a SharedArrayBuffer is not moved: the result is x, and nothing else should touch it during the job.
   * Default false.
   */
  transfer?: boolean
}

/** The part of AbortSignal that jobs use. Signals of other realms and of other libraries have it too. */
export interface JobSignal {
  readonly aborted: boolean
  readonly reason?: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): unknown
  removeEventListener(type: 'abort', listener: () => void): unknown
}

/**
 * The rejection of a job with `transfer: true` whose memory was moved. It hands the memory back. After an abort its name
 * is 'AbortError', its code 'ABORT_ERR' and its cause the signal's reason. A signal that was aborted before the job gives
 * the same error; nothing was moved then, and `array` is x. Errors without `array` have left x as it was.
 */
export interface TransferError extends Error {
  code: string
  cause?: unknown
  /** The memory, at x's offset and of x's length. Its contents are undefined. */
  array: Float32Array
}

export interface StreamOptions {
  /** As in node:stream: how many bytes may wait on either side before the source is asked to pause. */
  highWaterMark?: number
}

/** What a stream is known to have where @types/node is not installed. */
export interface ByteTransform extends AsyncIterable<Uint8Array> {
  write(chunk: Uint8Array): boolean
  end(chunk?: Uint8Array): unknown
  destroy(error?: Error): unknown
}

/**
 * node:stream's Transform; {@link ByteTransform} where @types/node is not installed. There the import gives `any`, as
 * tsup.config.ts has the compiler ignore the error.
 */
export type Transform = [unknown] extends [NodeTransform] ? ByteTransform : NodeTransform

/**
 * A TransformStream of bytes: what `stream()` gives in browsers, and everywhere if imported from softplus/js. Where the
 * compiler knows no TransformStream, only its two sides.
 */
export type WebTransform = typeof globalThis extends {
  TransformStream: { prototype: infer Stream }
}
  ? Stream
  : { readonly readable: unknown; readonly writable: unknown }

/**
 * grad * derivative(x), element by element. Each product is rounded once: the bits are those of `softplus.derivative(x)`
 * and a multiplication. A call that throws has written nothing.
 *
 * @param x The input of softplus.
 * @param grad The gradient with respect to softplus's results; as long as x.
 * @returns `options.out`, which may be x or grad, or a new Float32Array.
 * @throws {TypeError | RangeError} as an {@link Activation} does, for x, grad and out.
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

export interface Pair<Value, Derivative> {
  value: Value
  derivative: Derivative
}

/** Where `withDerivative` writes. An array that is left out is a new Float32Array. */
export interface OutputPair {
  out?: {
    /** As long as x; either x itself or memory that does not overlap x. */
    value?: Float32Array
    /** As long as x; memory that overlaps neither x nor value. */
    derivative?: Float32Array
  }
}

/**
 * softplus and its derivative in one pass over x. The bits are those of the two calls. A call that throws has written
 * nothing.
 *
 * @param x As for softplus.
 * @returns The arrays of `options.out`, or new ones.
 * @throws {TypeError | RangeError} as an {@link Activation} does, for x, out.value and out.derivative.
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

export interface Softplus<Stream = Transform> extends Activation<SoftplusOptions, Stream> {
  /**
   * d softplus / dx = 1 / (1 + e^(-beta x)), the logistic sigmoid of beta x. At most 0.81 ULP from the true value with
   * beta 1, subnormal results included. Non-decreasing for a positive beta.
   *
   * @example
   * softplus.derivative(Float32Array.of(-2, 0, 2)) // Float32Array [0.119202…, 0.5, 0.880797…]
   */
  derivative: Activation<SoftplusOptions, Stream>
  /**
   * d^2 softplus / dx^2 = beta u / (1 + u)^2 with u = e^-|beta x|, for Hessians and natural gradients. Accurate also
   * where the derivative rounds to 1: at most 0.81 ULP from the true value with beta 1, subnormal results included. 0
   * where beta x is above the threshold.
   *
   * @example
   * softplus.secondDerivative(Float32Array.of(-2, 0, 2)) // Float32Array [0.104993…, 0.25, 0.104993…]
   */
  secondDerivative: Activation<SoftplusOptions, Stream>
  /**
   * ln(e^(beta y) - 1) / beta, the x whose softplus is y: the initial value of a parameter that softplus keeps positive.
   * At most 0.51 ULP from the true value with beta 1. +-0 gives -Infinity, and a negative beta y gives NaN. Where beta y
   * is above the threshold it is y.
   *
   * @example
   * softplus.inverse(Float32Array.of(0.5, 1, 20)) // Float32Array [-0.432752…, 0.541324…, 20]
   */
  inverse: Activation<SoftplusOptions, Stream>
  /** grad * derivative(x) in one pass; see {@link Backward}. */
  backward: Backward
  /** softplus(x) and derivative(x) in one pass; see {@link WithDerivative}. */
  withDerivative: WithDerivative
}

export interface Relu<Stream = Transform> extends Activation<NoOptions, Stream> {
  /**
   * 1 where x > 0, NaN where x is NaN, else 0.
   *
   * @example
   * relu.derivative(Float32Array.of(-2, 0, 2)) // Float32Array [0, 0, 1]
   */
  derivative: Activation<NoOptions, Stream>
}

export type BackendName = 'avx512' | 'avx2' | 'neon' | 'scalar' | 'wasm' | 'js'

export interface Backend {
  /** The backend in use. All give the same bits. */
  readonly name: BackendName
  /**
   * What SOFTPLUS_BACKEND may name here, best first. The first read, as by a copy or JSON.stringify, loads what is not
   * loaded yet, only to list it. Run without SOFTPLUS_BACKEND to see in `error` why the addon cannot be loaded.
   */
  readonly available: readonly BackendName[]
  /** The path of the native addon in use, or null. */
  readonly addon: string | null
  /**
   * Why the native addon could not be used; null if it is in use, or was not wanted: SOFTPLUS_BACKEND=wasm or js,
   * --no-addons, browsers, softplus/js.
   */
  readonly error: Error | null
}
