// What a backend is to the API: kernels over arrays, and what the runtime provides besides them. The API has checked types
// and lengths. It has checked overlap only if the kernels have no checkApart.

import type { Transform } from 'node:stream'
import type { FunctionName } from '../math/functions'

/** What a kernel takes after its arrays, as float32 values. A missing threshold means none, a missing beta means 1. */
export type Scaling =
  | readonly []
  | readonly [threshold: number]
  | readonly [threshold: number, beta: number]

/** Writes f(x) over y, by default x. y is as long as x, and is the memory of x or does not overlap it. */
export type Kernel = (x: Float32Array, y?: Float32Array, threshold?: number, beta?: number) => void

/** Writes grad * derivative(x) over y. y is the memory of x or of grad, or overlaps neither. */
export type BackwardKernel = (
  x: Float32Array,
  grad: Float32Array,
  y: Float32Array,
  threshold?: number,
  beta?: number,
) => void

/**
 * Writes softplus(x) over value and its derivative over derivative. value is the memory of x or does not overlap it;
 * derivative overlaps neither.
 */
export type WithDerivativeKernel = (
  x: Float32Array,
  value: Float32Array,
  derivative: Float32Array,
  threshold?: number,
  beta?: number,
) => void

/**
 * Starts to write f(x) over x and returns at once. Uses up to `threads` worker threads, if the backend has any;
 * `processors` limits the pool (see JobOptions). `done` is called once, later, when nothing touches x any more; with an
 * error if there was one. Returns a function that ends the work early; `done` is called then too.
 *
 * x may be a function that returns the array. The addon calls it once a thread is held. If a later step fails, the
 * caller still has the array that x() returned.
 */
export type Launch = (
  threads: number,
  processors: number,
  done: (error?: unknown) => void,
  x: Float32Array | (() => Float32Array),
  threshold?: number,
  beta?: number,
) => () => void

type SyncKernels = Record<FunctionName, Kernel> & {
  backward: BackwardKernel
  withDerivative: WithDerivativeKernel
}

/** Kernels for arrays of at most `most` elements. They check nothing. */
export type ShortKernels = SyncKernels & { readonly most: number }

export type Kernels = SyncKernels & {
  /** Where they are quicker than the others. */
  short?: ShortKernels
  /**
   * softplus(x) of one element with beta 1 and no threshold, where that is quicker than a kernel. The other functions have
   * none: all share what V8 learns of a call, and V8 inlines it only while it has seen a single function there.
   */
  one?: (x: number) => number
  launch: Record<FunctionName, Launch>
  /**
   * Throws unless y is the memory of x or does not overlap it. Backends that see addresses have it: only addresses show
   * that two SharedArrayBuffer objects are the same memory. Their kernels check the same themselves. For a backend
   * without it, api/ compares buffers before it calls a kernel.
   */
  checkApart?: (x: Float32Array, y: Float32Array) => void
  /** Asks the system for huge pages under a new array, before the first write. */
  adviseHugePages?: (x: Float32Array) => void
}

/** Converts the bytes of a stream, chunk by chunk. */
export interface Converter {
  /** The results of all floats that are whole by now; undefined if there are none. */
  convert(chunk: Uint8Array): Uint8Array<ArrayBuffer> | undefined
  /** @throws {RangeError} ERR_OUT_OF_RANGE if the bytes end inside a float. */
  end(): void
}

/** What the API takes from the runtime. */
export interface Platform {
  /** Upper bound of all jobs' threads together, and of one job's by default. */
  processors(): number
  /** A stream of the runtime's kind that passes its chunks through a converter. */
  createStream(converter: Converter, highWaterMark: number | undefined): Transform
}
