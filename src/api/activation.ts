// Makes the public form of one function: the call, inPlace, async and stream.

import type { Kernel, Kernels, Platform, Scaling } from '../backend/contract'
import { notTaken } from '../errors'
import { type FunctionName, functions } from '../math/functions'
import type { Activation, Output, SoftplusOptions } from '../types'
import { checkApart, checkLength, readLength } from './arrays'
import { createAsync } from './async'
import { callNames, noNames, scalingReaderOf } from './options'
import { createStream } from './stream'

/** Gives f the name that stack traces show. */
export const named = <F extends object>(name: string, f: F): F =>
  Object.defineProperty(f, 'name', { value: name })

// Without a spread: on short arrays it would take longer than the rest of the call.
function run(kernel: Kernel, x: Float32Array, y: Float32Array, scaling: Scaling): void {
  if (scaling.length === 2) kernel(x, y, scaling[0], scaling[1])
  else if (scaling.length === 1) kernel(x, y, scaling[0])
  else if (y === x) kernel(x)
  else kernel(x, y)
}

// Options are read before arrays are checked, because a getter among them may detach x.
export function createActivation(
  kernels: Kernels,
  platform: Platform,
  name: FunctionName,
): Activation<SoftplusOptions> {
  const { publicName } = functions[name]
  const readScaling = scalingReaderOf(functions[name])
  const kernel = kernels[name]
  const isOverlapChecked = kernels.checkApart !== undefined

  const call = (x: Float32Array, options?: SoftplusOptions & Output): Float32Array => {
    const scaling = readScaling(options, callNames)
    const out = options?.out
    const length = readLength('x', x)
    if (out !== undefined && out !== x) {
      checkLength(length, out)
      if (!isOverlapChecked) checkApart(x, out)
    }
    const y = out ?? new Float32Array(length)
    run(kernel, x, y, scaling)
    return y
  }
  const inPlace = <X extends Float32Array>(x: X, options?: SoftplusOptions & Output): X => {
    const scaling = readScaling(options, callNames, noNames)
    const out = options?.out
    if (out !== undefined) throw notTaken('out', out, 'inPlace writes over x')
    readLength('x', x)
    run(kernel, x, x, scaling)
    return x
  }
  return Object.assign(named(publicName, call as Activation<SoftplusOptions>), {
    inPlace: named(`${publicName}.inPlace`, inPlace),
    async: named(`${publicName}.async`, createAsync(kernels, platform, name)),
    stream: named(`${publicName}.stream`, createStream(kernel, platform, readScaling)),
  })
}
