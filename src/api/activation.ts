// Makes the public form of one function: the call, inPlace, async and stream.

import type { Kernel, Kernels, Platform, Scaling } from '../backend/contract'
import { notTaken } from '../errors'
import { type FunctionName, functions } from '../math/functions'
import type { Activation, Output, SoftplusOptions } from '../types'
import { allocatorOf, beginAlike, checkApart, checkLength, readLength } from './arrays'
import { createAsync } from './async'
import { callNames, noNames, noScaling, scalingReaderOf } from './options'
import { createStream } from './stream'

// Without a spread: on short arrays it would take longer than the rest of the call.
const run = (kernel: Kernel, x: Float32Array, y: Float32Array, scaling: Scaling): void => {
  if (scaling === noScaling) {
    if (y === x) kernel(x)
    else kernel(x, y)
  } else if (scaling.length === 1) kernel(x, y, scaling[0])
  else kernel(x, y, scaling[0], scaling[1])
}

// The same again: a call that has seen both kinds of kernels takes 30 ns longer.
const runShort = (kernel: Kernel, x: Float32Array, y: Float32Array, scaling: Scaling): void => {
  if (scaling === noScaling) kernel(x, y)
  else kernel(x, y, scaling[0], scaling[1])
}

// Options are read before arrays are checked, because a getter among them may detach x.
//
// Computed keys name the public functions, for stack traces. After Object.defineProperty(f, 'name', ...)
// V8 keeps f's properties in a dictionary, which makes softplus.inPlace on 16 elements 9 % slower.
export function createActivation(
  kernels: Kernels,
  platform: Platform,
  name: FunctionName,
): Activation<SoftplusOptions> {
  const { publicName } = functions[name]
  const readScaling = scalingReaderOf(functions[name])
  const kernel = kernels[name]
  const { most = -1, [name]: shortKernel = kernel } = kernels.short ?? {}
  const one = name === 'softplus' ? kernels.one : undefined
  const isOverlapChecked = kernels.checkApart !== undefined
  const allocate = allocatorOf(kernels)

  const call = {
    [publicName]: (x: Float32Array, options?: SoftplusOptions & Output): Float32Array => {
      const scaling = options === undefined ? noScaling : readScaling(options, callNames)
      const out = options?.out
      const length = readLength('x', x)
      let isShort = length <= most
      if (out !== undefined && out !== x) {
        checkLength(length, out)
        if (!isOverlapChecked) checkApart(x, out)
        isShort &&= beginAlike(x, out)
      }
      const y = out ?? allocate(length)
      if (length === 1 && one !== undefined && scaling === noScaling) y[0] = one(x[0])
      else if (isShort) runShort(shortKernel, x, y, scaling)
      else run(kernel, x, y, scaling)
      return y
    },
  }[publicName]
  const inPlaceName = `${publicName}.inPlace`
  const inPlace = {
    [inPlaceName]: <X extends Float32Array>(x: X, options?: SoftplusOptions & Output): X => {
      const scaling = options === undefined ? noScaling : readScaling(options, callNames, noNames)
      const out = options?.out
      if (out !== undefined) throw notTaken('out', out, 'inPlace writes over x')
      const length = readLength('x', x)
      if (length === 1 && one !== undefined && scaling === noScaling) x[0] = one(x[0])
      else if (length <= most) runShort(shortKernel, x, x, scaling)
      else run(kernel, x, x, scaling)
      return x
    },
  }[inPlaceName]
  return Object.assign(call as Activation<SoftplusOptions>, {
    inPlace,
    async: createAsync(kernels, platform, name),
    stream: createStream(kernels, platform, name),
  })
}
