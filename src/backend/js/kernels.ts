// The kernels of the js backend.

import { checkApart, checkSeparate } from '../../api/validate'
import { viewOf } from '../../intrinsics'
import * as inverse from '../../math/inverse'
import { relu, reluDerivative } from '../../math/relu'
import * as secondDerivative from '../../math/secondDerivative'
import * as sigmoid from '../../math/derivative'
import * as softplus from '../../math/softplus'
import type {
  BackwardKernel,
  FunctionName,
  Kernel,
  Kernels,
  Launch,
  WithDerivativeKernel,
} from '../contract'
import { inTurns } from './queue'

interface Family {
  plain(x: Float32Array, y: Float32Array, threshold?: number): void
  scaled(x: Float32Array, y: Float32Array, threshold: number, beta: number): void
}

const kernelOf =
  (f: Family): Kernel =>
  (x, y = x, threshold, beta) => {
    checkApart(x, y)
    if (beta === undefined) f.plain(x, y, threshold)
    else f.scaled(x, y, threshold as number, beta)
  }

// relu as the others: one way of running it, which takes no threshold and no beta.
const fixed =
  (run: Family['plain']): Kernel =>
  (x, y = x) => {
    checkApart(x, y)
    run(x, y)
  }

const values = kernelOf(softplus)
const derivative = kernelOf(sigmoid)

// A block at a time, so that the slopes of large arrays need little memory.
const slopes = new Float32Array(4096)

const backward: BackwardKernel = (x, grad, y, threshold, beta) => {
  checkApart(x, y)
  checkApart(grad, y, 'grad')
  for (let start = 0; start < x.length; start += slopes.length) {
    const block = viewOf(x, start, start + slopes.length)
    derivative(block, viewOf(slopes, 0, block.length), threshold, beta)
    for (let i = 0; i < block.length; i++) y[start + i] = grad[start + i] * slopes[i]
  }
}

// The slopes of a block come first, as value may be x.
const withDerivative: WithDerivativeKernel = (x, value, slope, threshold, beta) => {
  checkApart(x, value, 'x', 'out.value')
  checkSeparate(x, slope, 'x', 'out.derivative')
  checkSeparate(value, slope, 'out.value', 'out.derivative')
  for (let start = 0; start < x.length; start += slopes.length) {
    const end = start + slopes.length
    const block = viewOf(x, start, end)
    derivative(block, viewOf(slope, start, end), threshold, beta)
    values(block, viewOf(value, start, end), threshold, beta)
  }
}

const kernels: Record<FunctionName, Kernel> = {
  softplus: values,
  derivative,
  secondDerivative: kernelOf(secondDerivative),
  inverse: kernelOf(inverse),
  relu: fixed(relu),
  reluDerivative: fixed(reluDerivative),
}

const launch = Object.fromEntries(
  Object.entries(kernels).map(([name, kernel]) => [name, inTurns(kernel)]),
) as Record<FunctionName, Launch>

export const jsKernels: Kernels = {
  ...kernels,
  backward,
  withDerivative,
  launch,
  checkApart: (x, y) => checkApart(x, y),
}
