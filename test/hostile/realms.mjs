// Arrays of other realms, and the package in many Workers and vm contexts at once.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { assert, block, detach, floats, isOneOf, relu, softplus } from './expect.mjs'

const require = createRequire(import.meta.url)

async function useArraysOf(context) {
  const foreign = (code) => vm.runInContext(code, context)
  const make = foreign(`(values) => Float32Array.from(values)`)
  const x = make([-2, 0, 2])
  assert.ok(!(x instanceof Float32Array))
  for (const f of [softplus, softplus.derivative, softplus.inverse, relu]) {
    const want = [...f(Float32Array.of(-2, 0, 2))]
    const out = make([0, 0, 0])
    assert.equal(f(x, { out }), out)
    assert.deepEqual([...out], want)
    assert.deepEqual([...f(x)], want)
    assert.deepEqual([...(await f.async(x))], want)
    assert.deepEqual([...(await f.async(x, { out })).values()], want)
    assert.deepEqual([...(await f.async(make([-2, 0, 2]), { transfer: true }))], want)
    assert.deepEqual([...f.inPlace(make([-2, 0, 2]))], want)
  }
  const options = foreign(`({ beta: 2 })`)
  assert.deepEqual(softplus(x, options), softplus(x, { beta: 2 }))
  assert.throws(() => softplus(detach(make([1]))), isOneOf('ERR_INVALID_STATE'))
  assert.throws(() => softplus(foreign(`[1, 2]`)), isOneOf('ERR_INVALID_ARG_TYPE'))
  assert.throws(() => softplus(foreign(`new Proxy(new Float32Array(3), {})`)), TypeError)
  // Memory that another realm shares stays where it is.
  const shared = foreign(`new Float32Array(new SharedArrayBuffer(12))`)
  assert.equal(await softplus.async(shared, { transfer: true }), shared)
  assert.equal(shared[2], Math.fround(Math.LN2))
}

/** The package itself, evaluated in a realm of its own: its Float32Array is another one, its addon the same. */
async function loadInto(context) {
  const file = require.resolve('../../dist/index.cjs')
  const source = require('node:fs').readFileSync(file, 'utf8')
  const wrapped = `(function (exports, require, module, __filename, __dirname) { ${source}\n})`
  const module = { filename: file, exports: {} }
  const evaluate = vm.runInContext(wrapped, context, { filename: file })
  evaluate(
    module.exports,
    createRequire(file),
    module,
    file,
    fileURLToPath(new URL('../../dist', import.meta.url)),
  )
  const x = floats(1000)
  const y = module.exports.softplus(x)
  assert.ok(!(y instanceof Float32Array))
  assert.deepEqual([...y], [...softplus(x)])
  assert.deepEqual([...(await module.exports.softplus.async(x))], [...y])
}

async function useRealms(count) {
  const makeContext = () =>
    vm.createContext({
      process,
      AbortSignal,
      structuredClone,
      Buffer,
      URL,
      performance,
      setImmediate,
      setTimeout,
      atob,
    })
  const contexts = Array.from({ length: count }, makeContext)
  await Promise.all(contexts.map(useArraysOf))
  await Promise.all(contexts.map(loadInto))
}

async function main() {
  await useRealms(10)
  const start = () =>
    new Promise((resolve, reject) => {
      const worker = new Worker(fileURLToPath(import.meta.url))
      worker.once('error', reject)
      worker.once('message', resolve)
    })
  const x = floats(9 * block)
  const results = await Promise.all(Array.from({ length: 12 }, start))
  for (const y of results) assert.deepEqual(y, softplus(x))
  console.log('survived')
}

async function work() {
  await useRealms(2)
  parentPort.postMessage(await softplus.async(floats(9 * block)))
}

await (isMainThread ? main() : work())
