// The public functions by their entries in the list, and by their names in it.

import { describe, invalidType, withCode } from '../errors'
import type { FunctionEntry, FunctionName } from '../math/functions'
import type { Activation, SoftplusOptions } from '../types'
import type { Api } from './api'

/** The public function of an entry. It may be a property of another: softplus.derivative. */
export function activationOf(api: Api, { publicName }: FunctionEntry): Activation<SoftplusOptions> {
  const path = publicName.split('.')
  return path.reduce((object: unknown, key) => Reflect.get(object as object, key), api) as never
}

export type Activations = Record<FunctionName, Activation<SoftplusOptions>>

/** The public functions. Does without the list, which would bring the fallback along into every bundle. */
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
