// Compares a backend of softplus/js with the best native backend, both as they ship, in worker threads. Which WebAssembly
// module runs depends on the version of Node.
//
//   node tools/prove/compare.mjs KIND STRIDE NAME...     KIND is relaxed, strict (the WebAssembly modules) or js
//
// Each function of the list runs 1 in STRIDE of all inputs with beta 1. With each beta and threshold below it runs 1 in 257,
// or fewer with a larger STRIDE, in pieces of any length and offset; so do withDerivative and backward.
//
// Prints for each way of calling a line of JSON: way, inputs, mismatches. NaN is NaN, whatever its payload.
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { functionOf } from '../../examples/browser/hash.js'

const coarse = 257
const scalings = [
  { beta: 2 },
  { threshold: 3 },
  { beta: -0.3, threshold: 1 },
  { beta: 2 ** -140 },
  { beta: -(2 ** 100), threshold: -5 },
]

/** Whether two arrays have the same bits, or NaN in the same places. */
function countDifferences(a, b) {
  const bytes = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength)
  if (Buffer.compare(bytes(a), bytes(b)) === 0) return 0
  let count = 0
  for (let i = 0; i < a.length; i++) count += Object.is(a[i], b[i]) ? 0 : 1
  return count
}

/** Every way of calling: its name, its stride, and a call that returns the results for x. */
function waysOf(names, stride) {
  const plain = names.map((name) => ({
    way: name,
    stride,
    call: (api, x, out) => [functionOf(api, name)(x, { out })],
  }))
  const scaled = names.filter((name) => name.startsWith('softplus'))
  const pieces = scalings.flatMap((options) => [
    ...scaled.map((name) => ({
      way: `${name} ${JSON.stringify(options)}`,
      call: (api, x, out) => [functionOf(api, name)(x, { ...options, out })],
    })),
    {
      way: `softplus.withDerivative ${JSON.stringify(options)}`,
      call: ({ softplus }, x, out) =>
        Object.values(softplus.withDerivative(x, { ...options, out: { value: out } })),
    },
    {
      way: `softplus.backward ${JSON.stringify(options)}`,
      call: ({ softplus }, x, out) => [softplus.backward(x, x, { ...options, out })],
    },
  ])
  return [
    ...plain,
    ...pieces.map((way) => ({ ...way, stride: Math.max(stride, coarse), isCut: true })),
  ]
}

const capacity = 1 << 18

/** Compares one way over a part of all bit patterns. */
function compare({ stride, call, isCut }, apis, { part, parts }) {
  const bits = new Uint32Array(capacity)
  const x = new Float32Array(bits.buffer)
  // The results begin at another offset than x.
  const outs = apis.map(() => new Float32Array(capacity + 1).subarray(1))
  const to = (2 ** 32 / parts) * (part + 1)
  let seed = 1
  let mismatches = 0
  let inputs = 0
  for (let at = Math.ceil(((2 ** 32 / parts) * part) / stride) * stride; at < to; ) {
    let n = 0
    for (; n < capacity && at < to; at += stride) bits[n++] = at
    for (let from = 0; from < n; ) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      const length = isCut ? 1 + ((seed >>> 8) % (seed & 1 ? 100 : 20000)) : n
      const end = Math.min(n, from + length)
      const [one, other] = apis.map((api, i) =>
        call(api, x.subarray(from, end), outs[i].subarray(from, end)),
      )
      one.forEach((results, i) => {
        mismatches += countDifferences(results, other[i])
      })
      inputs += end - from
      from = end
    }
  }
  return { inputs, mismatches }
}

async function work({ kind, stride, names, ...part }) {
  process.env.SOFTPLUS_BACKEND = ''
  const native = await import('../../dist/index.js')
  if (['wasm', 'js'].includes(native.backend.name))
    throw new Error(`the addon is missing; got backend ${native.backend.name}. Run npm run build`)
  process.env.SOFTPLUS_BACKEND = kind === 'js' ? 'js' : 'wasm'
  const other = await import('../../dist/js.js')
  for (const way of waysOf(names, stride)) {
    const counts = compare(way, [native, other], part)
    parentPort.postMessage({ way: way.way, ...counts })
  }
}

// V8 rounds relaxed_madd once wherever it has relaxed SIMD and the processor has an fma.
function kindHere() {
  const { relaxed } = createRequire(import.meta.url)('../../dist/modules.cjs')
  try {
    const module = new WebAssembly.Module(Buffer.from(relaxed, 'base64'))
    const { fma } = new WebAssembly.Instance(module).exports
    return fma(1 + 2 ** -12, 1 + 2 ** -12, -(1 + 2 ** -11)) === 2 ** -24 ? 'relaxed' : 'strict'
  } catch {
    return 'strict'
  }
}

const runWorker = (data, take) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: data })
    worker.on('message', take).once('error', reject).once('exit', resolve)
  })

async function main([kind, stride, ...names]) {
  if (kind !== 'js' && kind !== kindHere())
    throw new Error(`this Node must run the ${kind} module; got ${kindHere()}`)
  const totals = new Map()
  const take = ({ way, inputs, mismatches }) => {
    const total = totals.get(way) ?? { way, inputs: 0, mismatches: 0 }
    totals.set(way, total)
    total.inputs += inputs
    total.mismatches += mismatches
  }
  const parts = availableParallelism()
  const data = { kind, stride: Number(stride), names, parts }
  await Promise.all(Array.from({ length: parts }, (_, part) => runWorker({ ...data, part }, take)))
  for (const total of totals.values()) console.log(JSON.stringify(total))
}

await (isMainThread ? main(process.argv.slice(2)) : work(workerData))
