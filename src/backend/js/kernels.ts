// The kernels of the fallback, made from the loops of src/math.

import { viewOf } from '../../intrinsics'
import { type FunctionEntry, functions, recordOf } from '../../math/functions'
import type { BackwardKernel, Kernel, Kernels, WithDerivativeKernel } from '../contract'
import { launcherOf } from '../queue'

function kernelOf(entry: FunctionEntry): Kernel {
  if (!entry.takesScaling) return (x, y = x) => entry.loops.plain(x, y)
  const { plain, withBeta } = entry.loops
  return (x, y = x, threshold = Infinity, beta?) => {
    if (beta === undefined) plain(x, y, threshold)
    else withBeta(x, y, threshold, beta)
  }
}

const kernels = recordOf((name) => kernelOf(functions[name]))

// Derivatives of one block. Working block by block, large arrays need little memory.
const derivatives = new Float32Array(4096)
const blockLength = derivatives.length

const backward: BackwardKernel = (x, grad, y, threshold, beta) => {
  for (let start = 0; start < x.length; start += blockLength) {
    const block = viewOf(x, start, start + blockLength)
    kernels.derivative(block, viewOf(derivatives, 0, block.length), threshold, beta)
    for (let i = 0; i < block.length; i++) y[start + i] = grad[start + i] * derivatives[i]
  }
}

// The derivative of a block comes first, because value may be x.
const withDerivative: WithDerivativeKernel = (x, value, derivative, threshold, beta) => {
  for (let start = 0; start < x.length; start += blockLength) {
    const end = start + blockLength
    const block = viewOf(x, start, end)
    kernels.derivative(block, viewOf(derivative, start, end), threshold, beta)
    kernels.softplus(block, viewOf(value, start, end), threshold, beta)
  }
}

export const jsKernels: Kernels = {
  ...kernels,
  backward,
  withDerivative,
  launch: recordOf((name) => launcherOf(kernels[name])),
}
