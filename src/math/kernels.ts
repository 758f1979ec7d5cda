// The kernels of the js backend.
import type { Kernel, Kernels } from '../functions'
import { relu, reluDerivative } from './relu'
import * as sigmoid from './sigmoid'
import * as softplus from './softplus'

interface Family {
  plain(x: Float32Array, y: Float32Array): void
  thresholded(x: Float32Array, y: Float32Array, threshold: number): void
  scaled(x: Float32Array, y: Float32Array, threshold: number, beta: number): void
}

const kernelOf =
  (f: Family): Kernel =>
  (x, y = x, threshold, beta) => {
    if (threshold === undefined) f.plain(x, y)
    else if (beta === undefined) f.thresholded(x, y, threshold)
    else f.scaled(x, y, threshold, beta)
  }

export const jsKernels: Kernels = {
  softplus: kernelOf(softplus),
  derivative: kernelOf(sigmoid),
  relu: (x, y = x) => relu(x, y),
  reluDerivative: (x, y = x) => reluDerivative(x, y),
}
