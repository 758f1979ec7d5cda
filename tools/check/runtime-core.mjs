// The core of the tests for every runtime, without a test runner: the functions in every way of calling, jobs, streams, Workers
// and errors, on the backend of SOFTPLUS_BACKEND. runtimes.ts runs it in a project where softplus is installed.
//
// Prints one object in JSON: the backend, and hashes of results that must be the same everywhere. Ends in the middle of a job.
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { backend, relu, softplus } from 'softplus'
import { mixInto, textOf } from '../../examples/browser/hash.js'
import { functionsOf, inputs, optionsOf, same } from './cases.mjs'

const functions = functionsOf({ relu, softplus })
const block = 65_536
const floats = (length) => Float32Array.from({ length }, (_, i) => inputs[(i * 283) % 400_000])
const inputBits = new Uint32Array(inputs.buffer)
const hash = (results) => textOf(mixInto(inputBits, results, 0n))

function hashAll() {
  const hashes = {}
  const forOptions = (name, compute) => {
    for (const each of optionsOf(name)) hashes[`${name} ${JSON.stringify(each)}`] = compute(each)
  }
  for (const [name, f] of Object.entries(functions))
    forOptions(name, (each) => hash(f(inputs, each)))
  const grad = inputs.toReversed()
  forOptions('backward', (each) => hash(softplus.backward(inputs, grad, each)))
  forOptions('withDerivative', (each) => {
    const { value, derivative } = softplus.withDerivative(inputs, each)
    return `${hash(value)} ${hash(derivative)}`
  })
  return hashes
}

/** Every length and offset: into a new array, into out, and in place. */
function checkCalls() {
  const mixed = floats(200)
  for (const [name, f] of Object.entries(functions))
    for (const each of optionsOf(name)) {
      const results = f(mixed, each)
      for (let length = 0; length <= 70; length++) {
        const offset = length % 9
        const whole = mixed.slice()
        const x = whole.subarray(offset, offset + length)
        const want = results.subarray(offset, offset + length)
        const where = `${name}, ${JSON.stringify(each)}, ${length}`
        same(f(x, each), want, where)
        const out = new Float32Array(length + 2).fill(7)
        f(x, { ...each, out: out.subarray(1, length + 1) })
        same(out, [7, ...want, 7], `${where}, out`)
        same(whole, mixed, `${where}, x`)
        assert.equal(f.inPlace(x, each), x)
        const before = mixed.subarray(0, offset)
        same(whole, [...before, ...want, ...mixed.subarray(offset + length)], `${where}, in place`)
      }
    }
}

async function checkJobs() {
  for (const [name, f] of Object.entries(functions))
    for (const length of [0, 1, block - 1, block, block + 1, 150_000]) {
      const x = floats(length)
      const want = f(x)
      const shared = new Float32Array(new SharedArrayBuffer(4 * length))
      shared.set(x)
      const results = await Promise.all([
        f.async(x),
        f.async(x, { threads: 3 }),
        f.async(x, { out: new Float32Array(length) }),
        f.async(x.slice(), { transfer: true }),
        f.async(shared, { transfer: true }),
      ])
      for (const [i, y] of results.entries()) same(y, want, `${name}, ${length}, job ${i}`)
      assert.equal(results[4], shared)
      const moved = x.slice()
      const job = f.async(moved, { transfer: true, threads: 1 })
      assert.equal(moved.length, 0)
      same(await job, want, `${name}, ${length}, moved`)
    }
}

async function checkAborts() {
  const reason = new Error('no longer wanted')
  await assert.rejects(softplus.async(floats(9), { signal: AbortSignal.abort(reason) }), reason)
  const length = 200 * block
  const abort = new AbortController()
  const jobs = [
    softplus.async(new Float32Array(length), { signal: abort.signal }),
    softplus.async(new Float32Array(length), { signal: abort.signal, transfer: true }),
  ]
  abort.abort(reason)
  const [copied, moved] = await Promise.allSettled(jobs)
  assert.equal(copied.reason, reason)
  const { name, code, cause, array } = moved.reason
  assert.deepEqual([name, code, array.length], ['AbortError', 'ABORT_ERR', length])
  assert.equal(cause, reason)
}

async function checkStreams() {
  const mixed = floats(100_000)
  const bytes = new Uint8Array(mixed.slice().buffer)
  const stream = softplus.stream({ beta: 2 })
  const found = []
  stream.on('data', (chunk) => found.push(chunk))
  const ended = new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject))
  for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 3) % 70_001)
    stream.write(bytes.subarray(at, at + size))
  stream.end()
  await ended
  same(
    new Float32Array(new Uint8Array(Buffer.concat(found)).buffer),
    softplus(mixed, { beta: 2 }),
    'stream',
  )

  const cut = softplus.stream()
  const failed = new Promise((resolve) => cut.on('error', resolve))
  cut.end(bytes.subarray(0, 7))
  assert.equal((await failed).code, 'ERR_OUT_OF_RANGE')
}

const startWorker = (role) => new Worker(fileURLToPath(import.meta.url), { workerData: role })
const messageOf = (worker) =>
  new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })

async function checkWorkers() {
  const worker = startWorker('compute')
  const { name, y } = await messageOf(worker)
  assert.equal(name, backend.name)
  same(y, softplus(floats(1000)), 'worker')
  await worker.terminate()

  // Each is ended in the middle of its jobs. Some are still starting them.
  for (let i = 0; i < 20; i++) {
    const busy = startWorker('work')
    await messageOf(busy)
    if (i % 2 === 1) await new Promise((resolve) => setTimeout(resolve, i % 5))
    await busy.terminate()
  }
  const x = floats(9 * block)
  same(await softplus.async(x), softplus(x), 'after Workers ended')
}

function checkErrors() {
  const mixed = floats(200)
  const x = mixed.slice()
  const outOfRange = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }
  const wrong = [
    [() => softplus([1]), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }],
    [() => softplus(x, { betta: 1 }), { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }],
    [() => softplus.inPlace(x, { beta: 0 }), outOfRange],
    [() => softplus.inPlace(x, { threshold: Number.NaN }), outOfRange],
    [() => softplus(x, { out: new Float32Array(3) }), outOfRange],
    [() => softplus(x.subarray(1), { out: x.subarray(0, 199) }), outOfRange],
    [() => softplus.backward(x, x.subarray(1)), outOfRange],
    [() => softplus.withDerivative(x, { out: { derivative: x } }), outOfRange],
  ]
  for (const [call, error] of wrong) assert.throws(call, error)
  const detached = floats(9)
  structuredClone(detached.buffer, { transfer: [detached.buffer] })
  assert.throws(() => softplus(detached), { name: 'TypeError', code: 'ERR_INVALID_STATE' })
  same(x, mixed, 'x')
}

async function main() {
  const hashes = hashAll()
  checkCalls()
  checkErrors()
  await checkJobs()
  await checkAborts()
  await checkStreams()
  await checkWorkers()
  const { name, available, addon, error } = backend
  console.log(JSON.stringify({ name, available, addon, error: error?.message ?? null, hashes }))
  softplus.async(new Float32Array(300 * block))
  process.exit()
}

const roles = {
  compute: () => parentPort.postMessage({ name: backend.name, y: softplus(floats(1000)) }),
  work() {
    const again = (y) => softplus.async(y, { transfer: true }).then(again)
    for (let i = 0; i < 4; i++) again(new Float32Array(8 * block))
    parentPort.postMessage('working')
  },
}

if (isMainThread) await main()
else roles[workerData]()
