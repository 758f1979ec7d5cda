// The report on the network with this package's softplus in it: what it says, next to PyTorch's.

import { backend, relu, softplus } from '../../dist/index.js'
import { bitsOf, countEqual, largestUlpDifference } from './compare'
import { labels, preactivations, predict, torchPredictions, torchSoftplus } from './network'
import { nanosecondsPerElement } from './timing'

/** The report's lines on the activations of the preactivations. */
export function reportOn(activations: Float32Array): string {
  const sections = [accuracy(predict(activations)), agreement(activations), speed()]
  return sections.map((section) => `${section.join('\n')}\n`).join('\n')
}

function accuracy(predictions: Uint8Array): string[] {
  const images = predictions.length
  return [
    `Handwritten digits: ${images} test images through a 64-256-10 network`,
    `  classified as by PyTorch     ${share(countEqual(predictions, torchPredictions), images)}`,
    `  classified as labelled       ${share(countEqual(predictions, labels), images)}`,
  ]
}

function agreement(activations: Float32Array): string[] {
  const equal = countEqual(bitsOf(activations), bitsOf(torchSoftplus))
  const count = activations.length
  return [
    `Hidden layer: ${grouped(count)} activations next to those of PyTorch 1.13.1`,
    `  the same 32 bits             ${share(equal, count)}`,
    `  largest difference           ${largestUlpDifference(activations, torchSoftplus)} ULP`,
  ]
}

function speed(): string[] {
  const softplusTime = nanosecondsPerElement(preactivations, (x) => softplus.inPlace(x))
  const reluTime = nanosecondsPerElement(preactivations, (x) => relu(x, { out: x }))
  return [
    `Time for the hidden layer, one thread, backend ${backend.name}`,
    `  softplus                     ${time(softplusTime)}`,
    `  relu                         ${time(reluTime)}`,
  ]
}

function share(part: number, whole: number): string {
  return `${grouped(part)} of ${grouped(whole)} (${((100 * part) / whole).toFixed(1)} %)`
}

function time(nanoseconds: number): string {
  const microseconds = (nanoseconds * preactivations.length) / 1000
  return `${nanoseconds.toFixed(3)} ns per element (${microseconds.toFixed(1)} µs)`
}

function grouped(count: number): string {
  return count.toLocaleString('en-US')
}
