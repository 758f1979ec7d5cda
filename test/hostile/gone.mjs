// Memory that goes away: before a call, and while a job works on it.
import { assert, block, detach, floats, isOneOf, relu, shrinkable, softplus } from './expect.mjs'

const functions = [softplus, softplus.derivative, softplus.secondDerivative, softplus.inverse, relu]
const gone = isOneOf('ERR_INVALID_STATE')

// Each gives an array without the memory it once had.
const takers = [
  () => detach(floats(8)),
  () => {
    const x = shrinkable(16)
    const view = new Float32Array(x.buffer, 8, 12)
    x.buffer.resize(16)
    return view
  },
  () => {
    const x = shrinkable(16)
    const view = new Float32Array(x.buffer, 8)
    x.buffer.resize(0)
    return view
  },
]

for (const take of takers) {
  for (const f of functions) {
    assert.throws(() => f(take()), gone)
    assert.throws(() => f.inPlace(take()), gone)
    assert.throws(() => f(floats(12), { out: take() }), gone)
    await assert.rejects(f.async(take()), gone)
    await assert.rejects(f.async(take(), { transfer: true }), gone)
    await assert.rejects(f.async(floats(12), { out: take() }), gone)
  }
  const x = floats(12)
  assert.throws(() => softplus.backward(take(), x), gone)
  assert.throws(() => softplus.backward(x, take()), gone)
  assert.throws(() => softplus.backward(x, x, { out: take() }), gone)
  assert.throws(() => softplus.withDerivative(take()), gone)
  for (const name of ['value', 'derivative'])
    assert.throws(() => softplus.withDerivative(x, { out: { [name]: take() } }), gone)
}

// The copy that async makes is nobody else's.
const length = 8 * block
const want = softplus(floats(length))
for (let i = 0; i < 10; i++) {
  const x = shrinkable(length)
  const y = softplus.async(x)
  if (i % 2) x.buffer.resize(4 * i)
  else detach(x)
  assert.deepEqual(await y, want)
}

// Memory in place is moved: whoever shrinks, detaches or moves it on finds that it is gone.
for (let i = 0; i < 10; i++) {
  const x = i % 2 ? shrinkable(length) : floats(length)
  const { buffer } = x
  const y = softplus.async(x, { transfer: true })
  assert.equal(buffer.byteLength, 0)
  if (i % 2) assert.throws(() => buffer.resize(8), TypeError)
  await assert.rejects(softplus.async(x, { transfer: true }), gone)
  assert.deepEqual(await y, want)
}

// Shared memory only grows.
for (let i = 0; i < 3; i++) {
  const buffer = new SharedArrayBuffer(4 * length, { maxByteLength: 8 * length })
  const x = new Float32Array(buffer, 0, length)
  x.set(floats(length))
  const y = softplus.async(x, { transfer: true })
  buffer.grow(8 * length)
  assert.equal(await y, x)
  assert.deepEqual(new Float32Array(x), want)
}

// out that goes while results are copied into it, between a million elements and the next.
for (const take of [(out) => detach(out), (out) => out.buffer.resize(64)]) {
  const out = new Float32Array(new ArrayBuffer(4 * 3 * 2 ** 20, { maxByteLength: 4 * 3 * 2 ** 20 }))
  const y = softplus.async(new Float32Array(out.length), { out })
  const timer = setInterval(() => {
    if (out[0] === 0) return
    clearInterval(timer)
    take(out)
  })
  await y.then(
    () => clearInterval(timer),
    (error) => isOneOf('ERR_INVALID_STATE', 'ERR_OUT_OF_RANGE')(error),
  )
  clearInterval(timer)
}
console.log('survived')
