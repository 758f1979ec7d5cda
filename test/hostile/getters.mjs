// Options whose getters take memory away in the middle of a call, or call again.
import { assert, detach, floats, isOneOf, relu, shrinkable, softplus } from './expect.mjs'

const refused = isOneOf('ERR_INVALID_STATE', 'ERR_OUT_OF_RANGE', 'ERR_INVALID_ARG_VALUE')
const survive = (call) => {
  try {
    return call()
  } catch (error) {
    refused(error)
  }
}

// What a getter may do to the array, and to every array of the call.
const deeds = [
  (array) => detach(array),
  (array) => array.buffer.resize(0),
  (array) => array.buffer.resize(12),
  (array) => array.buffer.resize(array.buffer.maxByteLength),
  (array) => softplus.inPlace(array),
  (array) => softplus.async(array, { transfer: true }).catch(refused),
]
const names = ['beta', 'threshold', 'out', 'threads', 'signal', 'highWaterMark']

/** Options of which `name` does the deed to each of `victims` before it answers. */
const options = (name, answers, deed, victims) =>
  Object.defineProperty({ ...answers }, name, {
    get() {
      for (const victim of victims) survive(() => deed(victim))
      return answers[name]
    },
  })

for (const deed of deeds) {
  for (const name of names) {
    for (const f of [softplus, softplus.derivative, softplus.inverse, relu]) {
      const fresh = () => {
        const [x, out] = [shrinkable(64), shrinkable(64)]
        return {
          x,
          out,
          plain: options(name, {}, deed, [x]),
          both: options(name, { out }, deed, [x, out]),
        }
      }
      const calls = [
        ({ x, plain }) => f(x, plain),
        ({ x, both }) => f(x, both),
        ({ x, plain }) => f.inPlace(x, plain),
      ]
      for (const call of calls) survive(() => call(fresh()))
      const { x, both } = fresh()
      await f.async(x, both).catch(refused)
      const second = fresh()
      await f.async(second.x, { ...second.plain, transfer: true }).catch(refused)
      survive(() => f.stream(fresh().plain).destroy())
    }
    const [x, grad, out] = [shrinkable(64), shrinkable(64), shrinkable(64)]
    survive(() => softplus.backward(x, grad, options(name, { out }, deed, [x, grad, out])))
  }
  for (const name of ['value', 'derivative']) {
    const [x, value, derivative] = [shrinkable(64), shrinkable(64), shrinkable(64)]
    const out = options(name, { value, derivative }, deed, [x, value, derivative])
    survive(() => softplus.withDerivative(x, { out }))
  }
}

// Nothing is written by a call that a getter made impossible.
const x = floats(16)
const out = shrinkable(16)
const before = out.slice()
assert.throws(
  () => softplus(x, options('beta', { out }, detach, [x])),
  isOneOf('ERR_INVALID_STATE'),
)
assert.deepEqual(out, before)
console.log('survived')
