// out at every distance from x: what partly overlaps is refused and nothing is written, the rest is right.
import { assert, bitsOf, floats, isOneOf, relu, softplus } from './expect.mjs'

const refused = isOneOf('ERR_OUT_OF_RANGE')

/** Arrays at these element offsets of one memory, of either kind. */
function within(Memory, length, offsets) {
  const all = new Float32Array(new Memory(4 * 4 * length))
  all.set(floats(all.length))
  return [all, ...offsets.map((offset) => new Float32Array(all.buffer, 4 * offset, length))]
}

function expectRefused(all, call, said) {
  const before = bitsOf(all)
  assert.throws(call, refused, said)
  assert.deepEqual(bitsOf(all), before, said)
}

const isPart = (a, b, length) => a !== b && Math.abs(a - b) < length

function testCalls(Memory, length, from, to) {
  for (const f of [softplus, softplus.derivative, softplus.inverse, relu]) {
    const [all, x, out] = within(Memory, length, [from, to])
    const said = `${length} elements, ${to - from} apart`
    if (isPart(from, to, length)) {
      expectRefused(all, () => f(x, { out }), said)
    } else {
      const want = f(x.slice())
      assert.deepEqual(bitsOf(f(x, { out })), bitsOf(want), said)
    }
  }
}

function testBackward(Memory, length, from, to) {
  for (const gradAt of [0, length, 2 * length, from]) {
    const [all, x, grad, out] = within(Memory, length, [from, gradAt, to])
    const said = `backward, ${length} elements at ${from}, ${gradAt}, ${to}`
    const call = () => softplus.backward(x, grad, { out })
    if (isPart(from, to, length) || isPart(gradAt, to, length)) expectRefused(all, call, said)
    else {
      const want = softplus.backward(x.slice(), grad.slice())
      assert.deepEqual(bitsOf(call()), bitsOf(want), said)
    }
  }
}

function testWithDerivative(Memory, length, from, to) {
  for (const valueAt of [from, 0, length, 3 * length]) {
    const [all, x, value, derivative] = within(Memory, length, [from, valueAt, to])
    const said = `withDerivative, ${length} elements at ${from}, ${valueAt}, ${to}`
    const call = () => softplus.withDerivative(x, { out: { value, derivative } })
    const isOver = (a, b) => Math.abs(a - b) < length
    if (isPart(from, valueAt, length) || isOver(from, to) || isOver(valueAt, to)) {
      expectRefused(all, call, said)
    } else {
      const wanted = [softplus(x.slice()), softplus.derivative(x.slice())].map(bitsOf)
      call()
      assert.deepEqual([value, derivative].map(bitsOf), wanted, said)
    }
  }
}

for (const Memory of [ArrayBuffer, SharedArrayBuffer])
  for (const length of [1, 2, 7, 16, 33])
    for (let to = 0; to <= 3 * length; to++) {
      testCalls(Memory, length, length, to)
      testBackward(Memory, length, length, to)
      testWithDerivative(Memory, length, length, to)
    }

// A job works on memory of its own, so that its out may be anywhere but partly over x.
for (let to = 0; to <= 32; to++) {
  const [all, x, out] = within(ArrayBuffer, 16, [16, to])
  const before = bitsOf(all)
  const want = bitsOf(softplus(x))
  if (isPart(16, to, 16)) {
    await assert.rejects(softplus.async(x, { out }), refused)
    assert.deepEqual(bitsOf(all), before)
  } else {
    assert.deepEqual(bitsOf(await softplus.async(x, { out })), want)
  }
}
console.log('survived')
