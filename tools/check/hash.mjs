// Prints a hash of every function's results on one backend: the hash of native/test/prove.cc, which is the same on every machine.
//
//   node hash.mjs FOLDER STRIDE BACKEND NAMES     FOLDER has the package; 1 in STRIDE of all inputs is computed; BACKEND must be
//                                                 the one in use; NAMES are the functions, as softplus.derivative,relu
//
// Prints the hashes in the order of NAMES, one a line.
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [folder, strideText, expected, names] = process.argv.slice(2)
const stride = Number(strideText)
const api = await import(pathToFileURL(resolve(folder, 'dist/index.js')))
assert.equal(api.backend.name, expected)

/** The function with a public name, such as softplus.derivative. */
const functionOf = (publicName) => publicName.split('.').reduce((object, key) => object[key], api)

/** The upper half of the product of two uint32. */
function highProduct(a, b) {
  const [a0, a1, b0, b1] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16]
  const low = Math.imul(a0, b0) >>> 0
  const middle = (Math.imul(a1, b0) >>> 0) + (low >>> 16)
  const other = (Math.imul(a0, b1) >>> 0) + (middle & 0xffff)
  return (Math.imul(a1, b1) + Math.floor(middle / 65536) + (other - (other & 0xffff)) / 65536) >>> 0
}

/** The sum of Findings::mix of prove.cc over pairs of input and result, in 64 bits of two halves. */
function mixed(inputs, results) {
  let [high, low] = [0, 0]
  for (let i = 0; i < inputs.length; i++) {
    // h = (in << 32 | out) * 0x9e3779b97f4a7c15
    let h = highProduct(results[i], 0x7f4a7c15)
    h += Math.imul(inputs[i], 0x7f4a7c15) + Math.imul(results[i], 0x9e3779b9)
    // h = (h ^ (h >> 32)) * 0xd6e8feb86659fd93
    const l = Math.imul(results[i], 0x7f4a7c15) ^ h
    let g = highProduct(l >>> 0, 0x6659fd93)
    g += Math.imul(h, 0x6659fd93) + Math.imul(l, 0xd6e8feb8)
    high += g >>> 0
    low += (Math.imul(l, 0x6659fd93) ^ g) >>> 0
  }
  return (BigInt(high) << 32n) + BigInt(low)
}

// Sums of more halves would not be exact.
const chunk = 1 << 16
const x = new Float32Array(chunk)
const y = new Float32Array(chunk)
const [xBits, yBits] = [x, y].map(({ buffer }) => new Uint32Array(buffer))

for (const name of names.split(',')) {
  const compute = functionOf(name)
  let hash = 0n
  for (let at = 0; at < 2 ** 32; ) {
    let count = 0
    // The floats in ascending order, NaNs at both ends.
    for (; count < chunk && at < 2 ** 32; at += stride)
      xBits[count++] = at >= 2 ** 31 ? at - 2 ** 31 : ~at
    compute(x.subarray(0, count), { out: y.subarray(0, count) })
    for (let i = 0; i < count; i++) if (Number.isNaN(x[i])) yBits[i] = 0x7fc00000
    hash += mixed(xBits.subarray(0, count), yBits.subarray(0, count))
  }
  console.log(BigInt.asUintN(64, hash).toString(16).padStart(16, '0'))
}
