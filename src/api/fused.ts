// softplus and its derivative fused with other work: backward and withDerivative.

import type { Kernels } from '../backend/contract'
import { functions } from '../math/functions'
import type { Backward, Output, OutputPair, SoftplusOptions, WithDerivative } from '../types'
import {
  allocatorOf,
  beginAlike,
  checkApart,
  checkLength,
  checkSeparate,
  readLength,
} from './arrays'
import { callNames, noScaling, readPair, scalingReaderOf } from './options'

// For both: a threshold at the limit changes neither softplus nor its derivative.
const readScaling = scalingReaderOf(functions.softplus)

export function createBackward(kernels: Kernels): Backward {
  const { backward: kernel } = kernels
  const { most = -1, backward: shortKernel = kernel } = kernels.short ?? {}
  const isOverlapChecked = kernels.checkApart !== undefined
  const allocate = allocatorOf(kernels)
  const name = 'softplus.backward'
  const backward = {
    [name]: (x: Float32Array, grad: Float32Array, options?: SoftplusOptions & Output) => {
      const scaling = readScaling(options, callNames)
      const out = options?.out
      const length = readLength('x', x)
      checkLength(length, grad, 'grad')
      let isShort = length <= most
      if (out !== undefined) {
        checkLength(length, out)
        isShort &&= beginAlike(x, out) && beginAlike(grad, out)
        if (!isOverlapChecked) {
          checkApart(x, out)
          checkApart(grad, out, 'grad')
        }
      }
      const y = out ?? allocate(length)
      // Without a spread where there is nothing to spread: a spread adds 10 % to a short call.
      if (scaling !== noScaling) (isShort ? shortKernel : kernel)(x, grad, y, ...scaling)
      else if (isShort) shortKernel(x, grad, y)
      else kernel(x, grad, y)
      return y
    },
  }[name]
  return backward as Backward
}

export function createWithDerivative(kernels: Kernels): WithDerivative {
  const { withDerivative: kernel } = kernels
  const { most = -1, withDerivative: shortKernel = kernel } = kernels.short ?? {}
  const isOverlapChecked = kernels.checkApart !== undefined
  const allocate = allocatorOf(kernels)
  const name = 'softplus.withDerivative'
  const withDerivative = {
    [name]: (x: Float32Array, options?: SoftplusOptions & OutputPair) => {
      const scaling = readScaling(options, callNames)
      const { value: givenValue, derivative: givenDerivative } = readPair(options?.out)
      const length = readLength('x', x)
      const value = givenValue ?? allocate(length)
      const derivative = givenDerivative ?? allocate(length)
      checkLength(length, value, 'out.value')
      checkLength(length, derivative, 'out.derivative')
      if (!isOverlapChecked) {
        checkApart(x, value, 'x', 'out.value')
        checkSeparate(x, derivative, 'x', 'out.derivative')
        checkSeparate(value, derivative, 'out.value', 'out.derivative')
      }
      // A derivative that is given may be x itself, which the short kernel would not refuse.
      const isShort =
        length <= most &&
        givenDerivative === undefined &&
        (givenValue === undefined || beginAlike(x, givenValue))
      if (scaling !== noScaling) (isShort ? shortKernel : kernel)(x, value, derivative, ...scaling)
      else if (isShort) shortKernel(x, value, derivative)
      else kernel(x, value, derivative)
      return { value, derivative }
    },
  }[name]
  return withDerivative as WithDerivative
}
