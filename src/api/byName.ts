// The public function of an entry of the list. It may be a property of another: softplus.derivative.

import type { FunctionEntry } from '../math/functions'
import type { Activation, SoftplusOptions } from '../types'
import type { Api } from './api'

export function activationOf(api: Api, { publicName }: FunctionEntry): Activation<SoftplusOptions> {
  const path = publicName.split('.')
  return path.reduce((object: unknown, key) => Reflect.get(object as object, key), api) as never
}
