// The public functions, made from the kernels of one backend.

import type { FunctionName, Kernels } from '../backend/contract'
import type { Platform } from '../backend/platform'
import {
  type Activation,
  type Backward,
  createBackward,
  createFixed,
  createScalable,
  createWithDerivative,
  type NoOptions,
  type SoftplusOptions,
  type WithDerivative,
} from './activation'

export interface Softplus extends Activation<SoftplusOptions> {
  /**
   * d softplus / dx = 1 / (1 + e^(-beta x)), the logistic sigmoid of beta x. At most 0.81 ULP from
   * the true value with beta 1, subnormal results included, and non-decreasing.
   *
   * @example
   * softplus.derivative(Float32Array.of(-2, 0, 2)) // Float32Array [0.119202…, 0.5, 0.880797…]
   */
  derivative: Activation<SoftplusOptions>
  /**
   * d^2 softplus / dx^2 = beta u / (1 + u)^2 with u = e^-|beta x|, for Hessians and natural
   * gradients: right also where the derivative has long rounded to 1. At most 0.81 ULP from the
   * true value with beta 1, subnormal results included. 0 where beta x is above the threshold.
   *
   * @example
   * softplus.secondDerivative(Float32Array.of(-2, 0, 2)) // Float32Array [0.104993…, 0.25, 0.104993…]
   */
  secondDerivative: Activation<SoftplusOptions>
  /**
   * ln(e^(beta y) - 1) / beta, the x whose softplus is y: to initialise a parameter that softplus
   * keeps positive. Correctly rounded but for rare cases, 0.51 ULP at most with beta 1. +-0 gives
   * -Infinity, a negative beta y NaN; where beta y is above the threshold it is y.
   *
   * @example
   * softplus.inverse(Float32Array.of(0.5, 1, 20)) // Float32Array [-0.432752…, 0.541324…, 20]
   */
  inverse: Activation<SoftplusOptions>
  /** grad * derivative(x) in one pass; see {@link Backward}. */
  backward: Backward
  /** softplus(x) and derivative(x) in one pass; see {@link WithDerivative}. */
  withDerivative: WithDerivative
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

// From 18 on softplus is x and its derivative rounds to 1, as e^-18 < 2^-25.
export function createApi(kernels: Kernels, platform: Platform): Api {
  const parts = { kernels, platform }
  const scalable = (name: FunctionName, settled: number) => createScalable(parts, name, settled)
  const fixed = (name: FunctionName) => createFixed(parts, name)
  return {
    softplus: Object.assign(scalable('softplus', 18), {
      derivative: scalable('derivative', 18),
      secondDerivative: scalable('secondDerivative', Infinity),
      inverse: scalable('inverse', 18),
      backward: createBackward(kernels.backward, 18),
      withDerivative: createWithDerivative(kernels.withDerivative, 18),
    }),
    relu: Object.assign(fixed('relu'), { derivative: fixed('reluDerivative') }),
  }
}
