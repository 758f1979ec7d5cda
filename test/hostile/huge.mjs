// An array of more than 2^31 elements: every index beyond 32 signed bits and beyond 2^32 bytes is right.
//
// Takes 8 GiB, and half a minute or less. Where they are not free it says so, and that it was skipped.
import os from 'node:os'
import { assert, backend, relu, softplus } from './expect.mjs'

const length = 2 ** 31 + 9
const needed = 4 * length + 2 ** 30
if (os.freemem() < needed) {
  console.log(`skipped: 2^31 elements, as ${(needed / 2 ** 30).toFixed(1)} GiB are not free`)
  process.exit()
}

const x = new Float32Array(length)
const places = [0, 1, 2 ** 30 - 1, 2 ** 30, 2 ** 30 + 1, 2 ** 31 - 1, 2 ** 31, length - 1]
const fill = () => {
  for (const [i, place] of places.entries()) x[place] = i - 3
}
const wanted = (f) => [...f(Float32Array.from(places, (_, i) => i - 3))]
const got = (y) => places.map((place) => y[place])

fill()
softplus.inPlace(x)
assert.deepEqual(got(x), wanted(softplus))
// What lay between was 0.
const between = softplus(Float32Array.of(0))[0]
for (let place = 2; place < length; place += 99_999_989) assert.equal(x[place], between)

fill()
const y = await relu.async(x, { transfer: true })
assert.equal(y.length, length)
assert.deepEqual(got(y), wanted(relu))
assert.throws(() => relu(y.subarray(1), { out: y.subarray(0, -1) }), { code: 'ERR_OUT_OF_RANGE' })
console.error(`${length} elements on ${backend.name}`)
console.log('survived')
