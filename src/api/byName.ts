// The public functions by their names in the list.

import { describe, invalidType, withCode } from '../errors'
import type { FunctionName } from '../math/functions'
import type { Activation, SoftplusOptions } from '../types'
import type { Api } from './api'

export type Activations = Record<FunctionName, Activation<SoftplusOptions>>

/** Does not import the list, which would bring the kernels of the fallback into every bundle. */
export function activationsOf({ softplus, relu }: Api): Activations {
  return {
    softplus,
    derivative: softplus.derivative,
    secondDerivative: softplus.secondDerivative,
    inverse: softplus.inverse,
    relu: relu as Activation<SoftplusOptions>,
    reluDerivative: relu.derivative as Activation<SoftplusOptions>,
  }
}

/** @throws {TypeError} unless it is the name of a function in the list. */
export function readFunctionName(activations: Activations, name: unknown): FunctionName {
  if (typeof name === 'string' && Object.hasOwn(activations, name)) return name as FunctionName
  const expected = `one of ${Object.keys(activations).join(', ')}`
  if (typeof name !== 'string') throw invalidType('function', expected, name)
  throw withCode(
    new TypeError(`function must be ${expected}; got ${describe(name)}`),
    'ERR_INVALID_ARG_VALUE',
  )
}
