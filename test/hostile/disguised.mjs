// Arrays that are not what they say: proxies, subclasses that answer for themselves, frozen objects.
import { assert, block, detach, floats, isOneOf, relu, softplus } from './expect.mjs'

const notArrays = isOneOf('ERR_INVALID_ARG_TYPE')
const x = floats(8)

for (const f of [softplus, softplus.derivative, softplus.inverse, relu]) {
  const revoked = Proxy.revocable(x, {})
  revoked.revoke()
  const throwing = new Proxy(x, {
    get: () => assert.fail('asked'),
    getPrototypeOf: () => assert.fail('asked'),
  })
  for (const fake of [new Proxy(x, {}), revoked.proxy, throwing, Object.create(x)]) {
    assert.throws(() => f(fake), notArrays)
    assert.throws(() => f.inPlace(fake), notArrays)
    assert.throws(() => f(x, { out: fake }), notArrays)
    await assert.rejects(f.async(fake), notArrays)
    await assert.rejects(f.async(fake, { transfer: true }), notArrays)
  }
}
assert.deepEqual(x, floats(8))

// Answers of its own for everything a caller may ask.
let other = new SharedArrayBuffer(64)
class Liar extends Float32Array {
  static get [Symbol.species]() {
    return assert.fail('species was asked for')
  }
  get buffer() {
    return other
  }
  get byteOffset() {
    return 1 << 30
  }
  get byteLength() {
    return 1 << 30
  }
  get [Symbol.toStringTag]() {
    return 'Int8Array'
  }
  [Symbol.iterator]() {
    return assert.fail('iterated')
  }
  subarray() {
    assert.fail('subarray was called')
  }
  slice() {
    assert.fail('slice was called')
  }
}
const trueBuffer = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Float32Array.prototype),
  'buffer',
).get
const liar = (length) => {
  const made = new Liar(length)
  Float32Array.prototype.set.call(made, floats(length))
  return made
}

for (const f of [softplus, softplus.derivative, softplus.inverse, relu]) {
  const want = f(floats(9))
  assert.deepEqual(f(liar(9)), want)
  assert.deepEqual(new Float32Array(trueBuffer.call(f.inPlace(liar(9)))), want)
  assert.deepEqual(new Float32Array(trueBuffer.call(f(floats(9), { out: liar(9) }))), want)
  assert.deepEqual(await f.async(liar(9)), want)
}

// What a job with transfer works on is x's own memory, whatever x says, and nobody else can free it meanwhile.
const want = softplus(floats(40 * block))
for (const answer of [new SharedArrayBuffer(64), new ArrayBuffer(64), null, 'memory', {}]) {
  other = answer
  const array = liar(40 * block)
  const memory = trueBuffer.call(array)
  const job = softplus.async(array, { transfer: true })
  assert.equal(memory.byteLength, 0, 'x was left where others can free it')
  if (answer instanceof ArrayBuffer) assert.equal(answer.byteLength, 64)
  const y = await job
  assert.equal(Object.getPrototypeOf(y), Float32Array.prototype)
  assert.deepEqual(y, want)
}

// Lengths of its own are refused: code compiled for arrays reads them.
for (const length of [0, 3, 1e9]) {
  const redefined = Object.defineProperty(floats(8), 'length', { value: length })
  assert.throws(() => softplus(redefined), notArrays)
  assert.throws(() => softplus(x, { out: redefined }), notArrays)
  await assert.rejects(softplus.async(redefined, { transfer: true }), notArrays)
}

// Prototypes of other things, or of none.
const bare = Object.setPrototypeOf(floats(8), null)
const asDate = Object.setPrototypeOf(floats(8), Date.prototype)
for (const array of [bare, asDate]) {
  for (const call of [(a) => softplus(a), (a) => softplus.inPlace(a), (a) => relu(a, { out: a })]) {
    try {
      call(array)
    } catch (error) {
      notArrays(error)
    }
  }
}

// Frozen: memory cannot be, the objects around it can.
const frozen = Object.freeze({ beta: 2, out: new Float32Array(8) })
assert.equal(softplus(x, frozen), frozen.out)
assert.deepEqual(softplus(Object.preventExtensions(floats(8))), softplus(x))
assert.throws(() => Object.freeze(x), TypeError)
assert.deepEqual(softplus(Object.seal(floats(0))), new Float32Array(0))
const parts = Object.freeze({ out: Object.freeze({ value: floats(8) }) })
assert.equal(softplus.withDerivative(x, parts).value, parts.out.value)
assert.throws(
  () => softplus(detach(Object.preventExtensions(floats(8)))),
  isOneOf('ERR_INVALID_STATE'),
)

// Signals that are none, or that throw when asked.
for (const signal of [{ aborted: false }, Object.create(AbortSignal.prototype), new EventTarget()])
  await assert.rejects(softplus.async(floats(8), { signal }), TypeError)
console.log('survived')
