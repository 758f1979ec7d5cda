// The addon's own functions with nonsense: what the package would never pass.
import { createRequire } from 'node:module'
import { assert, backend, block, detach, floats } from './expect.mjs'

const addon = createRequire(import.meta.url)(backend.addon)
const kernels = addon.kernels(backend.name)
const { launch, short, ...others } = kernels
const processors = 2

const never = () => assert.fail('done was called')
const junk = [
  undefined,
  null,
  true,
  -1,
  Number.NaN,
  1e300,
  '1',
  Symbol('x'),
  10n,
  {},
  [],
  [1, 2],
  () => 1,
  new Map(),
  new Float64Array(8),
  new Uint8Array(8),
  new DataView(new ArrayBuffer(8)),
  new ArrayBuffer(8),
  new Proxy(new Float32Array(8), {}),
  Object.create(Float32Array.prototype),
  detach(new Float32Array(8)),
  new Float32Array(8),
  new Float32Array(0),
]

// Every pair, in every function, with and without arrays before it. Many throw; nothing may end the process.
function tryAll(f, ...first) {
  for (const a of junk)
    for (const b of junk)
      for (const rest of [[a], [a, b], [b, a, b], [a, a, a, a, a, b]]) {
        try {
          f(...first, ...rest)
        } catch (error) {
          assert.ok(error instanceof TypeError || error instanceof RangeError, `${error}`)
          assert.match(error.code ?? '', /^ERR_/)
        }
      }
}
for (const f of [...Object.values(others), addon.kernels]) {
  assert.throws(() => f(), { code: /^ERR_/ })
  tryAll(f)
  tryAll(f, new Float32Array(8))
  tryAll(f, new Float32Array(8), new Float32Array(8))
}
for (const f of Object.values(launch)) {
  assert.throws(() => f(), { code: /^ERR_/ })
  tryAll(f)
  tryAll(f, 1)
  tryAll(f, 1, processors)
  tryAll(f, 1, processors, () => {})
  // A function gives x: what it gives is checked as x is, and what it throws is thrown on.
  for (const given of junk)
    try {
      f(
        1,
        processors,
        () => {},
        () => given,
      )
    } catch (error) {
      assert.match(error.code ?? '', /^ERR_/)
    }
  const thrown = new Error('from the giver')
  const throwing = () => {
    throw thrown
  }
  for (let i = 0; i < 10; i++) assert.throws(() => f(1, processors, never, throwing), thrown)
}

// The shared memory of short calls: whatever its first words say, no other memory is touched.
const { call, scaling, x, other, compute, functions } = short
const numbers = [...Object.values(functions), 8, 2 ** 31, 2 ** 32 - 1]
for (const number of numbers)
  for (const count of [0, 1, x.length, x.length + 1, 2 ** 31, 2 ** 32 - 1])
    for (const way of [0, 1, 2, 3, 2 ** 32 - 1])
      for (const beta of [0, 1, Number.NaN]) {
        call.set([number, count, way])
        scaling.set([beta, beta])
        x.fill(Number.NaN)
        other.fill(1e-45)
        const isRefused = count > x.length || (count > 0 && number > functions.withDerivative)
        const fixed = [functions.relu, functions.reluDerivative].includes(number)
        if (isRefused || (count > 0 && fixed && (way === 1 || way === 2)))
          assert.throws(() => compute(), { code: 'ERR_OUT_OF_RANGE' })
        else compute()
      }

// `this`, `new` and `apply` change nothing.
for (const f of Object.values(others)) {
  assert.throws(() => f.call(new Float32Array(8)), { code: /^ERR_/ })
  try {
    new f(floats(8), floats(8), floats(8))
  } catch (error) {
    assert.ok(error instanceof TypeError || error instanceof RangeError)
  }
}

// As many threads as a number holds, of a job of few pieces; more than it holds is refused or wraps.
const jobs = [2 ** 32 - 1, 2 ** 31, 65536, 1024].map(
  (threads) =>
    new Promise((resolve) =>
      launch.softplus(threads, processors, resolve, new Float32Array(9 * block)),
    ),
)
await Promise.all(jobs)
for (const threads of [0, -0, 2 ** 32, Number.NaN, 0.5])
  assert.throws(() => launch.softplus(threads, processors, never, new Float32Array(8)), TypeError)

// stop: at once, again and again, long after the end, and as a function of anything.
const stops = []
for (let i = 0; i < 50; i++) {
  await new Promise((resolve) => {
    const stop = launch.softplus(4, processors, resolve, new Float32Array(4 * block))
    stop()
    stop.call(null, ...junk)
    stops.push(stop)
  })
}
globalThis.gc?.()
for (const stop of stops) stop()

// done that throws is an exception nobody caught, as from any callback.
const thrown = new Error('from done')
const caught = new Promise((resolve) => process.once('uncaughtException', resolve))
launch.softplus(
  1,
  processors,
  () => {
    throw thrown
  },
  new Float32Array(8),
)
assert.equal(await caught, thrown)
console.log('survived')
