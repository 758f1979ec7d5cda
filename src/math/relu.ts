// relu(x) = max(x, 0) and its derivative, the yardstick softplus is measured against. Exact.
//
// On bit patterns, as whether a value is negative cannot be predicted: V8 branches for Math.max(0, v), which takes five
// times as long. NaN is told by its bits, too.
import { bufferOf, byteOffsetOf } from '../intrinsics'

const infinity = 0x7f800000
const bitsOf1 = 0x3f800000

const bitsOf = (x: Float32Array): Int32Array =>
  new Int32Array(bufferOf.call(x), byteOffsetOf.call(x), x.length)

export function relu(x: Float32Array, y: Float32Array): void {
  const from = bitsOf(x)
  const to = bitsOf(y)
  for (let i = 0; i < from.length; i++) {
    const b = from[i]
    to[i] = (b & 0x7fffffff) > infinity ? b : b & ~(b >> 31)
  }
}

// -b & ~b has its sign bit set exactly where b is above 0.
export function reluDerivative(x: Float32Array, y: Float32Array): void {
  const from = bitsOf(x)
  const to = bitsOf(y)
  for (let i = 0; i < from.length; i++) {
    const b = from[i]
    to[i] = (b & 0x7fffffff) > infinity ? b : ((-b & ~b) >> 31) & bitsOf1
  }
}
