// The list of functions. Every backend has a kernel for each; the API, the tests and the proof are
// made from it.

export const functionNames = [
  'softplus',
  'derivative',
  'secondDerivative',
  'inverse',
  'relu',
  'reluDerivative',
] as const

export type FunctionName = (typeof functionNames)[number]

/**
 * Writes f(x) over y, which is as long as x, and is x itself or lies apart from it. With
 * `threshold` alone beta is 1; `threshold` and `beta` are float32 values.
 */
export type Kernel = (x: Float32Array, y?: Float32Array, threshold?: number, beta?: number) => void

/** Writes grad * derivative(x) over y, which is x, or grad, or lies apart from both. */
export type BackwardKernel = (
  x: Float32Array,
  grad: Float32Array,
  y: Float32Array,
  threshold?: number,
  beta?: number,
) => void

/**
 * Writes softplus(x) over value and derivative(x) over slope. value is x or lies apart from it, slope
 * lies apart from both.
 */
export type WithDerivativeKernel = (
  x: Float32Array,
  value: Float32Array,
  slope: Float32Array,
  threshold?: number,
  beta?: number,
) => void

/**
 * Starts to write f(x) over x and returns at once: in up to `threads` threads, where there are any,
 * else in turns with everything else. All jobs together have no more threads than `processors`, or
 * than one of them asks for. done is called once, later, when nothing touches x any more; with an error if
 * there was one. Returns what ends the work early; done is called then too.
 *
 * x may be a function that gives the array. It is called when nothing else can fail any more.
 */
export type Launch = (
  threads: number,
  processors: number,
  done: (error?: unknown) => void,
  x: Float32Array | (() => Float32Array),
  threshold?: number,
  beta?: number,
) => () => void

/** Throws unless y is the memory of x, or lies apart from it. */
export type CheckApart = (x: Float32Array, y: Float32Array) => void

export type Kernels = Record<FunctionName, Kernel> & {
  backward: BackwardKernel
  withDerivative: WithDerivativeKernel
  launch: Record<FunctionName, Launch>
  checkApart: CheckApart
}
