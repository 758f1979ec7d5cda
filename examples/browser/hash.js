// The hash of a function's results over all 2^32 float32 inputs, as native/test/prove.cc computes it. Two hashes are equal
// only where all results have the same bits. Runs in browsers and in every other runtime; imports nothing.
//
// Each pair of input and result is mixed into 64 bits, and the hash is the sum of these. So the order of the inputs does not
// matter, and the hashes of parts can be added.

/** How many inputs there are where 1 in `stride` is taken. */
export const countOf = (stride = 1) => Math.ceil(2 ** 32 / stride)

/** A hash as docs/accuracy.md has it: 16 hexadecimal digits. */
export const textOf = (/** @type {bigint} */ hash) => hash.toString(16).padStart(16, '0')

/** The sum of two hashes of parts. */
export const sumOf = (/** @type {bigint} */ a, /** @type {bigint} */ b) => BigInt.asUintN(64, a + b)

/** The function of the package with a public name, such as softplus.derivative. */
export const functionOf = (api, /** @type {string} */ publicName) =>
  publicName.split('.').reduce((f, key) => f[key], api)

/** The bits of the float32 at this place of 2^32 in ascending order, NaNs at both ends. */
const bitsAt = (place) => (place >= 2 ** 31 ? place - 2 ** 31 : 2 ** 32 - 1 - place)

// Results that fit into the caches with their inputs.
const blockLength = 1 << 14

/**
 * The hash of the results of the inputs `from` to `to` - 1, of those that `stride` takes.
 *
 * @param {(x: Float32Array, y: Float32Array) => unknown} compute Writes f(x) over y.
 * @param {number} from
 * @param {number} to
 * @param {number} [stride]
 */
export function hashOf(compute, from, to, stride = 1) {
  const bits = new Uint32Array(blockLength)
  const x = new Float32Array(bits.buffer)
  const y = new Float32Array(blockLength)
  let hash = 0n
  for (let start = from; start < to; start += blockLength) {
    const count = Math.min(blockLength, to - start)
    for (let i = 0; i < count; i++) bits[i] = bitsAt((start + i) * stride)
    compute(x.subarray(0, count), y.subarray(0, count))
    hash = mixInto(bits.subarray(0, count), y.subarray(0, count), hash)
  }
  return hash
}

const first = 0x9e3779b97f4a7c15n
const second = 0xd6e8feb86659fd93n

// The high and the low half of each constant, and the halves of the low one.
const halvesOf = (/** @type {bigint} */ constant) => {
  const low = Number(constant & 0xffffffffn)
  return [Number(constant >> 32n), low, low >>> 16, low & 0xffff]
}
const [firstHigh, firstLow, firstLowHigh, firstLowLow] = halvesOf(first)
const [secondHigh, secondLow, secondLowHigh, secondLowLow] = halvesOf(second)

/**
 * `sum` with the results of some inputs added: for each, with `|` between the halves of 64 bits and modulo 2^64,
 *
 *     h = (input | result) * first;  h ^= h >> 32;  h *= second;  sum += h ^ (h >> 32)
 *
 * Every NaN counts as 0x7fc00000. JavaScript has no fast product of 64 bits: BigInts would take thirty times as long. So
 * this multiplies halves of 32 bits, and gets their carry from quarters of 16, whose products Math.imul gives exactly.
 *
 * @param {Uint32Array} inputBits
 * @param {Float32Array} results At most 2^20 of them: the halves of the sum are added up as doubles.
 * @param {bigint} sum
 */
export function mixInto(inputBits, results, sum) {
  const resultBits = new Uint32Array(results.buffer, results.byteOffset, results.length)
  let sumHigh = 0
  let sumLow = 0
  for (let i = 0; i < resultBits.length; i++) {
    let low = resultBits[i]
    if ((low & 0x7fffffff) > 0x7f800000) low = 0x7fc00000

    // The low half of the product is low * constantLow. Its upper 32 bits are carried into the high half.
    let a = low >>> 16
    let b = low & 0xffff
    let c = (Math.imul(a, firstLowLow) + (Math.imul(b, firstLowLow) >>> 16)) >>> 0
    let d = (Math.imul(b, firstLowHigh) + (c & 0xffff)) >>> 0
    let carry = Math.imul(a, firstLowHigh) + (c >>> 16) + (d >>> 16)
    let high = (carry + Math.imul(inputBits[i], firstLow) + Math.imul(low, firstHigh)) | 0
    low = Math.imul(low, firstLow) ^ high

    a = low >>> 16
    b = low & 0xffff
    c = (Math.imul(a, secondLowLow) + (Math.imul(b, secondLowLow) >>> 16)) >>> 0
    d = (Math.imul(b, secondLowHigh) + (c & 0xffff)) >>> 0
    carry = Math.imul(a, secondLowHigh) + (c >>> 16) + (d >>> 16)
    high = (carry + Math.imul(high, secondLow) + Math.imul(low, secondHigh)) | 0
    sumHigh += high >>> 0
    sumLow += (Math.imul(low, secondLow) ^ high) >>> 0
  }
  return sumOf(sum, (BigInt(sumHigh) << 32n) + BigInt(sumLow))
}
