// No memory for the results: a RangeError, x as it was, and everything goes on. Its parent has limited the address space
// (ulimit -v) to one in which x has room and no second array of its size has.
//
//   node memory.mjs <bytes of x>
import { assert, relu, softplus } from './expect.mjs'

const bytes = Number(process.argv[2])
// Pages that nobody touched take no memory; only x's place is reserved.
const buffer = new ArrayBuffer(8, { maxByteLength: bytes })
buffer.resize(bytes)
const x = new Float32Array(buffer)
const places = [0, 1, 65536, x.length >> 1, x.length - 1]
for (const [i, place] of places.entries()) x[place] = i - 2

const none = (error) => {
  assert.ok(error instanceof RangeError, `${error}`)
  assert.match(error.message, /allocation failed/i)
  return true
}
const out = { value: x }
const calls = [
  ...[softplus, softplus.derivative, softplus.inverse, relu].map((f) => () => f(x)),
  () => softplus(x, { beta: 2, threshold: 1 }),
  () => softplus.backward(x, x),
  () => softplus.withDerivative(x),
  () => softplus.withDerivative(x, { out }),
]
for (const call of calls) assert.throws(call, none)
for (const f of [softplus, relu]) await assert.rejects(f.async(x), none)
assert.deepEqual(
  places.map((place) => x[place]),
  places.map((_, i) => i - 2),
)
assert.equal(softplus(x.subarray(0, 3))[2], softplus(Float32Array.of(0))[0])
console.log('survived')
