// Makes the public functions from the kernels of one backend, one for every entry of the list.

import type { Kernels, Platform } from '../backend/contract'
import { type FunctionName, functionNames, functions } from '../math/functions'
import type { Activation, NoOptions, Relu, Softplus, SoftplusOptions } from '../types'
import { createActivation } from './activation'
import { createBackward, createWithDerivative } from './fused'

export interface Api {
  softplus: Softplus
  relu: Relu
}

type Functions = typeof functions
type ActivationOf<Name extends FunctionName> = Activation<
  Functions[Name]['takesScaling'] extends true ? SoftplusOptions : NoOptions
>
/** The functions that the list puts into `Base`. The compiler compares them with types.ts. */
type MembersOf<Base extends string> = {
  [Name in FunctionName as Functions[Name]['publicName'] extends `${Base}.${infer Member}`
    ? Member
    : never]: ActivationOf<Name>
}
type Listed = {
  [Base in 'softplus' | 'relu']: ActivationOf<Base> & MembersOf<Base>
}

export function createApi(kernels: Kernels, platform: Platform): Api {
  const listed: Record<string, object> = {}
  for (const name of functionNames) {
    const f = createActivation(kernels, platform, name)
    const [base, member] = functions[name].publicName.split('.')
    if (member === undefined) listed[base] = f
    else Object.assign(listed[base], { [member]: f })
  }
  const { softplus, relu } = listed as Listed
  return {
    softplus: Object.assign(softplus, {
      backward: createBackward(kernels),
      withDerivative: createWithDerivative(kernels),
    }),
    relu,
  }
}
