// What the example prints: the network with this package's softplus, compared with PyTorch, and its speed.

import { backend, relu, softplus } from '../../dist/index.js'
import { bitsOf, countEqual, largestUlpDifference } from './compare'
import { labels, preactivations, predict, torchPredictions, torchSoftplus } from './network'

/** The report on the activations that this package computed. */
export function reportOn(activations: Float32Array): string {
  const digits = predict(activations)
  const images = digits.length
  const count = activations.length
  const equal = countEqual(bitsOf(activations), bitsOf(torchSoftplus))
  const softplusTime = nanosecondsPerElement((x) => softplus.inPlace(x))
  const reluTime = nanosecondsPerElement((x) => relu.inPlace(x))
  return `A trained network reads handwritten digits: 64 inputs, 256 hidden units with softplus, 10 outputs.
This package computed softplus in the hidden layer for ${images} test images.

Compared with PyTorch 1.13.1
  same digit seen      ${share(countEqual(digits, torchPredictions), images)} images
  same 32 bits         ${share(equal, count)} activations
  largest difference   ${largestUlpDifference(activations, torchSoftplus)} ULP (units in the last place)

Compared with the labels
  right digit seen     ${share(countEqual(digits, labels), images)} images

Time for the ${grouped(count)} activations in one thread, backend ${backend.name}
  softplus             ${time(softplusTime)}
  relu                 ${time(reluTime)}
`
}

const grouped = (count: number) => count.toLocaleString('en-US')

function share(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %: ${grouped(part)} of ${grouped(whole)}`
}

function time(nanoseconds: number): string {
  const microseconds = (nanoseconds * preactivations.length) / 1000
  return `${microseconds.toFixed(1)} µs: ${nanoseconds.toFixed(3)} ns per element`
}

const runs = 201

/** The median time of an activation of the hidden layer, each run on fresh input. */
function nanosecondsPerElement(activate: (x: Float32Array) => void): number {
  const x = new Float32Array(preactivations.length)
  const times = Array.from({ length: runs }, () => {
    x.set(preactivations)
    const started = performance.now()
    activate(x)
    return performance.now() - started
  })
  const median = times.sort((a, b) => a - b)[runs >> 1] ?? Number.NaN
  return (median * 1e6) / x.length
}
