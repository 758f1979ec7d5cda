// The core of the tests, by Node's own test runner, for systems that Vitest does not run on: all backends must give the same bits,
// for every way of calling. arm64.ts, musl.ts and windows.ts run it.
//
//   node core.mjs FOLDER PLATFORM BACKEND NATIVE     FOLDER has the package; BACKEND must be the one in use; NATIVE are the
//                                                    addon's backends, joined by commas
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { functionsOf, inputs, optionsOf, same } from './cases.mjs'

const [folder, platform, expected, natives] = process.argv.slice(2)
const native = natives.split(',')
const file = (name) => resolve(folder, 'dist', name)
const load = (name) => import(pathToFileURL(file(name)))
const { backend, relu, softplus } = await load('index.js')
// Without this js.js would compute in WebAssembly.
const forced = process.env.SOFTPLUS_BACKEND
process.env.SOFTPLUS_BACKEND = 'js'
const fallback = await load('js.js')
process.env.SOFTPLUS_BACKEND = forced ?? ''

const tested = functionsOf({ softplus, relu })
const fallbacks = functionsOf(fallback)
const names = Object.keys(tested)
/** The arguments of a kernel: beta is left out if it is 1. */
function argumentsOf({ threshold = Infinity, beta }) {
  if (beta !== undefined) return [threshold, Math.fround(beta)]
  return threshold === Infinity ? [] : [threshold]
}

const mixed = Float32Array.from({ length: 200 }, (_, i) =>
  i % 7 === 0 ? inputs[i * 283] : Math.sin(i * 12.9898) * (i % 3 ? 12 : 60),
)

const addon = resolve(folder, 'prebuilds', `${platform}.node`)

test(`the addon of ${platform} is in use, and ${expected}`, () => {
  assert.equal(`${process.platform}-${process.arch}`, platform)
  assert.equal(backend.name, expected)
  assert.deepEqual(backend.available, [...native, 'wasm', 'js'])
  assert.equal(backend.addon, native.includes(expected) ? addon : null)
  assert.equal(backend.error, null)
})

describe(`${expected}, the fallback, and ${natives} of the addon`, () => {
  const kernels = new Map()
  before(() => {
    const { kernels: kernelsOf } = createRequire(import.meta.url)(addon)
    for (const name of native) kernels.set(name, kernelsOf(name))
  })

  for (const name of names)
    for (const options of optionsOf(name))
      test(`${name} ${JSON.stringify(options)}: ${inputs.length} inputs`, () => {
        const got = tested[name](inputs, options)
        same(got, fallbacks[name](inputs, options), 'fallback')
        for (const [each, functions] of kernels) {
          const want = new Float32Array(inputs.length)
          functions[name](inputs, want, ...argumentsOf(options))
          same(got, want, each)
        }
      })
})

describe('every length, offset and way of calling', () => {
  for (const name of names)
    test(name, () => {
      for (let length = 0; length <= 70; length++) {
        const offset = length % 9
        const whole = mixed.slice()
        const x = whole.subarray(offset, offset + length)
        const want = mixed.slice()
        want.set(fallbacks[name](x), offset)
        const out = new Float32Array(length + 2).fill(7)
        assert.equal(tested[name](x, { out: out.subarray(1, length + 1) }).length, length)
        same(out, [7, ...want.subarray(offset, offset + length), 7], `out, ${length}`)
        same(whole, mixed, `x, ${length}`)
        assert.equal(tested[name].inPlace(x), x)
        same(whole, want, `in place, ${length}`)
      }
    })

  test('withDerivative and backward are the separate calls', () => {
    for (const options of optionsOf('softplus'))
      for (let length = 0; length <= 70; length++) {
        const x = mixed.subarray(length % 5, (length % 5) + length)
        const grad = mixed.subarray(100, 100 + length)
        const wanted = fallback.softplus.derivative(x, options)
        const { value, derivative } = softplus.withDerivative(x, options)
        same(value, fallback.softplus(x, options), 'value')
        same(derivative, wanted, 'derivative')
        const product = wanted.map((d, i) => d * grad[i])
        same(softplus.backward(x, grad, options), product, 'backward')
      }
  })
})

describe('jobs, streams and worker threads', () => {
  test('async, in any number of threads', async () => {
    for (const name of names)
      for (const length of [0, 1, 65535, 65536, 65537, 150000])
        for (const threads of [undefined, 1, 3]) {
          const x = Float32Array.from({ length }, (_, i) => inputs[(i * 7) % inputs.length])
          const want = tested[name](x)
          same(await tested[name].async(x, { threads }), want, `${name}, ${length}`)
          same(await tested[name].async(x, { threads, transfer: true }), want, `${name}, in place`)
        }
  })

  test('an abort ends a job', async () => {
    const signal = AbortSignal.abort(new Error('no longer wanted'))
    await assert.rejects(softplus.async(mixed, { signal }), /no longer wanted/)
  })

  test('a stream', async () => {
    const stream = softplus.stream()
    const bytes = Buffer.from(mixed.slice().buffer)
    stream.write(bytes.subarray(0, 33))
    stream.end(bytes.subarray(33))
    const found = Buffer.concat(await stream.toArray())
    same(new Float32Array(new Uint8Array(found).buffer), softplus(mixed), 'stream')
  })

  test(`a worker thread has ${expected} too`, async () => {
    const module = file('index.cjs')
    const worker = new Worker(
      `const { parentPort, workerData: { module, x } } = require('node:worker_threads')
       const { backend, softplus } = require(module)
       parentPort.postMessage({ name: backend.name, y: softplus(x) })`,
      { eval: true, workerData: { module, x: mixed } },
    )
    const { name, y } = await new Promise((resolve, reject) => {
      worker.once('message', resolve).once('error', reject)
    })
    assert.equal(name, expected)
    same(y, softplus(mixed), 'worker')
  })
})

test('a call that throws has written nothing', () => {
  const x = mixed.slice()
  const wrong = [
    [() => softplus([1]), TypeError, 'ERR_INVALID_ARG_TYPE'],
    [() => softplus.inPlace(x, { beta: 0 }), RangeError, 'ERR_OUT_OF_RANGE'],
    [() => softplus.inPlace(x, { threshold: Number.NaN }), RangeError, 'ERR_OUT_OF_RANGE'],
    [() => softplus(x, { out: new Float32Array(3) }), RangeError, 'ERR_OUT_OF_RANGE'],
    [() => softplus(x.subarray(1), { out: x.subarray(0, 199) }), RangeError, 'ERR_OUT_OF_RANGE'],
  ]
  for (const [call, { name }, code] of wrong) assert.throws(call, { name, code })
  same(x, mixed, 'x')
})
