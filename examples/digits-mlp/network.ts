// The trained network: its data, and what follows the hidden layer.

import { exampleFile, readBytes, readFloats } from './arrays'

export const preactivationsFile = exampleFile('data/preactivations.npy')

/** The hidden layer's input: 256 numbers for each of the 597 images. */
export const preactivations = readFloats(preactivationsFile)

/** The digit that each image shows, and the digit that the network saw in it under PyTorch. */
export const labels = readBytes(exampleFile('data/labels.npy'))
export const torchPredictions = readBytes(exampleFile('data/predictions_torch.npy'))

/** PyTorch's softplus of the preactivations, and its derivative (PyTorch calls it sigmoid). */
export const torchSoftplus = readFloats(exampleFile('data/softplus_torch.npy'))
export const torchSigmoid = readFloats(exampleFile('data/sigmoid_torch.npy'))

const weights = readFloats(exampleFile('data/weights2.npy'))
const bias = readFloats(exampleFile('data/bias2.npy'))

/** The digit that the network sees in each image, by the hidden layer's output. */
export function predict(hidden: Float32Array): Uint8Array {
  const width = weights.length / bias.length
  return Uint8Array.from({ length: hidden.length / width }, (_, image) =>
    largest(secondLayer(hidden.subarray(image * width, (image + 1) * width))),
  )
}

/** y = h W^T + b for one image. */
function secondLayer(hidden: Float32Array): number[] {
  return Array.from(bias, (offset, digit) => {
    const row = weights.subarray(digit * hidden.length, (digit + 1) * hidden.length)
    return row.reduce((sum, weight, unit) => sum + weight * (hidden[unit] ?? Number.NaN), offset)
  })
}

function largest(scores: number[]): number {
  return scores.indexOf(Math.max(...scores))
}
