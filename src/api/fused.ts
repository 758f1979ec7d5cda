// softplus and its derivative fused with other work: backward and withDerivative.

import type { Kernels } from '../backend/contract'
import { functions } from '../math/functions'
import type { Backward, Output, OutputPair, SoftplusOptions, WithDerivative } from '../types'
import { checkApart, checkLength, checkSeparate, readLength } from './arrays'
import { callNames, noScaling, readPair, scalingReaderOf } from './options'

// For both: a threshold at the limit changes neither softplus nor its derivative.
const readScaling = scalingReaderOf(functions.softplus)

export function createBackward(kernels: Kernels): Backward {
  const { backward: kernel } = kernels
  const isOverlapChecked = kernels.checkApart !== undefined
  const name = 'softplus.backward'
  const backward = {
    [name]: (x: Float32Array, grad: Float32Array, options?: SoftplusOptions & Output) => {
      const scaling = readScaling(options, callNames)
      const out = options?.out
      const length = readLength('x', x)
      checkLength(length, grad, 'grad')
      if (out !== undefined) {
        checkLength(length, out)
        if (!isOverlapChecked) {
          checkApart(x, out)
          checkApart(grad, out, 'grad')
        }
      }
      const y = out ?? new Float32Array(length)
      // Without a spread where there is nothing to spread: a spread adds 10 % to a short call.
      if (scaling === noScaling) kernel(x, grad, y)
      else kernel(x, grad, y, ...scaling)
      return y
    },
  }[name]
  return backward as Backward
}

export function createWithDerivative(kernels: Kernels): WithDerivative {
  const { withDerivative: kernel } = kernels
  const isOverlapChecked = kernels.checkApart !== undefined
  const name = 'softplus.withDerivative'
  const withDerivative = {
    [name]: (x: Float32Array, options?: SoftplusOptions & OutputPair) => {
      const scaling = readScaling(options, callNames)
      const out = readPair(options?.out)
      const length = readLength('x', x)
      const { value = new Float32Array(length), derivative = new Float32Array(length) } = out
      checkLength(length, value, 'out.value')
      checkLength(length, derivative, 'out.derivative')
      if (!isOverlapChecked) {
        checkApart(x, value, 'x', 'out.value')
        checkSeparate(x, derivative, 'x', 'out.derivative')
        checkSeparate(value, derivative, 'out.value', 'out.derivative')
      }
      if (scaling === noScaling) kernel(x, value, derivative)
      else kernel(x, value, derivative, ...scaling)
      return { value, derivative }
    },
  }[name]
  return withDerivative as WithDerivative
}
