// The public functions, made from the kernels of one backend.
import {
  type Activation,
  createFixed,
  createScalable,
  type NoOptions,
  type SoftplusOptions,
} from './activation'
import type { Kernels } from './functions'

export interface Softplus extends Activation<SoftplusOptions> {
  /**
   * d softplus / dx = 1 / (1 + e^(-beta x)), the logistic sigmoid of beta x. At most 0.84 ULP from
   * the true value with beta 1, subnormal results included, and non-decreasing.
   *
   * @example
   * softplus.derivative(Float32Array.of(-2, 0, 2)) // Float32Array [0.119202…, 0.5, 0.880797…]
   */
  derivative: Activation<SoftplusOptions>
}

export interface Relu extends Activation<NoOptions> {
  /**
   * 1 where x > 0, NaN where x is NaN, else 0.
   *
   * @example
   * relu.derivative(Float32Array.of(-2, 0, 2)) // Float32Array [0, 0, 1]
   */
  derivative: Activation<NoOptions>
}

export interface Api {
  softplus: Softplus
  relu: Relu
}

export const createApi = (kernels: Kernels): Api => ({
  softplus: Object.assign(createScalable(kernels.softplus), {
    derivative: createScalable(kernels.derivative),
  }),
  relu: Object.assign(createFixed(kernels.relu), {
    derivative: createFixed(kernels.reluDerivative),
  }),
})
