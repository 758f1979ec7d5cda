// Random calls of an addon's functions: any backend, any lengths, offsets, options, memory and mistakes. Every result
// is compared with the scalar backend's, and everything around it with what it was.
//
//   node random-calls.mjs <addon> [calls] [seed]
//
// Meant for an addon built with sanitizers. Arrays end where their memory does: that of an ArrayBuffer, where
// AddressSanitizer watches, and that of a resizable one, whose next page nobody may touch, whatever the instruction.
// Prints what was called; exit code 1 if a result differs or memory was touched that should not be.
import { createRequire } from 'node:module'

const [path, calls = '1000000', seed = '1'] = process.argv.slice(2)
const addon = createRequire(import.meta.url)(path)
const names = ['softplus', 'derivative', 'secondDerivative', 'inverse', 'relu', 'reluDerivative']
const fixed = new Set(['relu', 'reluDerivative'])
const backends = addon.available.map((name) => ({ name, kernels: addon.kernels(name) }))
const scalar = addon.kernels('scalar')

// xorshift32: the same calls for the same seed.
let state = Number(seed) | 1
function random(below) {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) % below
}
const pick = (list) => list[random(list.length)]

const counts = { calls: 0, elements: 0, jobs: 0, refused: 0 }
let what = ''
function fail(reason) {
  throw new Error(`${reason}: call ${counts.calls} of seed ${seed}, ${what}`)
}

// Mostly a few vectors, sometimes none, rarely more than a block of a job.
function randomLength() {
  const kind = random(1000)
  if (kind === 0) return 65536 + random(70000)
  return kind < 700 ? random(100) : random(300)
}

const page = 16384
const margin = 0x7fc12345

/** An array of this length within memory of its own: behind it nothing, or words that must stay. */
function allocate(length) {
  const before = pick([0, 0, 1, 2, 3, 7])
  const behind = pick([0, 0, 0, 1, 5])
  const bytes = 4 * (before + length + behind)
  const kind = random(8)
  let buffer
  let start = before
  if (kind === 0 && length < 4096) {
    buffer = new ArrayBuffer(page, { maxByteLength: 4 * page })
    start = page / 4 - length
  } else if (kind === 1) {
    buffer = new SharedArrayBuffer(bytes)
  } else {
    buffer = new ArrayBuffer(bytes)
  }
  const words = new Uint32Array(buffer).fill(margin)
  return { array: new Float32Array(buffer, 4 * start, length), words, start }
}

const isMargin = (words, from, to) => {
  for (let i = from; i < to; i++) if (words[i] !== margin) return false
  return true
}
function checkMargins({ array, words, start }) {
  if (!isMargin(words, 0, start) || !isMargin(words, start + array.length, words.length))
    fail('memory beside an array was written')
}

function fill({ array, words, start }) {
  const kind = random(4)
  for (let i = 0; i < array.length; i++) {
    if (kind === 0) words[start + i] = (random(65536) << 16) | random(65536)
    else array[i] = (random(2 ** 20) / 2 ** 20 - 0.5) * (kind === 1 ? 10 : kind === 2 ? 60 : 250)
  }
  return array
}

const isSame = (a, b) => {
  const [p, q] = [a, b].map((y) => new Uint32Array(y.buffer, y.byteOffset, y.length))
  for (let i = 0; i < p.length; i++)
    if (p[i] !== q[i] && !(Number.isNaN(a[i]) && Number.isNaN(b[i]))) return false
  return true
}

// The last of either no caller of the package can pass: the addon may return anything, but must not touch other memory.
const betas = [2, -0.5, 1e-38, -3e38, 1e-45, 1, Number.NaN, Infinity]
const thresholds = [Infinity, 20, 3, 0, -5, -Infinity, 1e-45, Number.NaN]
const isPassable = ([threshold = 0, beta = 1]) => !Number.isNaN(threshold) && Number.isFinite(beta)
function randomOptions(name) {
  const kind = fixed.has(name) ? 0 : random(4)
  if (kind < 2) return []
  return kind === 2 ? [pick(thresholds)] : [pick(thresholds), pick(betas)]
}

function callOne(backend, name) {
  const x = allocate(randomLength())
  fill(x)
  const options = randomOptions(name)
  const want = new Float32Array(x.array.length)
  scalar[name](x.array, want, ...options)
  const y = random(2) ? x : allocate(x.array.length)
  what = `${backend.name} ${name}, ${x.array.length} elements, options ${options}`
  if (y === x && options.length === 0) backend.kernels[name](x.array)
  else backend.kernels[name](x.array, y.array, ...options)
  if (isPassable(options) && !isSame(y.array, want)) fail('other bits')
  checkMargins(x)
  checkMargins(y)
  return x.array.length
}

function callBackward(backend) {
  const length = randomLength()
  const [x, grad] = [allocate(length), allocate(length)]
  fill(x)
  fill(grad)
  const options = randomOptions('derivative')
  const want = new Float32Array(length)
  scalar.backward(x.array, grad.array, want, ...options)
  const y = pick([x, grad, allocate(length)])
  what = `${backend.name} backward, ${length} elements, options ${options}`
  backend.kernels.backward(x.array, grad.array, y.array, ...options)
  if (isPassable(options) && !isSame(y.array, want)) fail('other bits')
  for (const each of [x, grad, y]) checkMargins(each)
  return length
}

function callWithDerivative(backend) {
  const length = randomLength()
  const [x, derivative] = [allocate(length), allocate(length)]
  fill(x)
  const options = randomOptions('softplus')
  const wanted = [new Float32Array(length), new Float32Array(length)]
  scalar.softplus(x.array, wanted[0], ...options)
  scalar.derivative(x.array, wanted[1], ...options)
  const value = random(2) ? x : allocate(length)
  what = `${backend.name} withDerivative, ${length} elements, options ${options}`
  backend.kernels.withDerivative(x.array, value.array, derivative.array, ...options)
  const areSame = isSame(value.array, wanted[0]) && isSame(derivative.array, wanted[1])
  if (isPassable(options) && !areSame) fail('other bits')
  for (const each of [x, value, derivative]) checkMargins(each)
  return length
}

// A job over memory that stays: whether it is stopped or not, nothing beside it is written.
const underWay = new Set()
function startJob(backend, name) {
  const x = allocate(random(16) ? randomLength() : 65536 * random(4) + random(70000))
  fill(x)
  const options = randomOptions(name)
  const want = new Float32Array(x.array.length)
  scalar[name](x.array, want, ...options)
  const isStopped = random(4) === 0
  const said = `${backend.name} launch.${name}, ${x.array.length} elements, options ${options}`
  const job = new Promise((resolve, reject) => {
    const done = () => {
      try {
        what = said
        if (!isStopped && isPassable(options) && !isSame(x.array, want)) fail('other bits')
        checkMargins(x)
        resolve()
      } catch (error) {
        reject(error)
      }
    }
    const threads = pick([1, 2, 5, 1024, 2 ** 32 - 1])
    const stop = backend.kernels.launch[name](
      threads,
      1 + random(4),
      done,
      random(2) ? x.array : () => x.array,
      ...options,
    )
    if (isStopped) stop()
  })
  underWay.add(job)
  job.finally(() => underWay.delete(job)).catch(() => {})
  counts.jobs++
  return x.array.length
}

const nonsense = [
  undefined,
  null,
  1,
  'x',
  {},
  [],
  Symbol.iterator,
  1n,
  new Float64Array(3),
  () => 1,
]
function detached() {
  const array = new Float32Array(3)
  structuredClone(array.buffer, { transfer: [array.buffer] })
  return array
}

// What must throw, and write nothing.
function callWrongly(backend, name) {
  const { kernels } = backend
  const x = allocate(4 + random(60))
  fill(x)
  const before = x.words.slice()
  const longer = new Float32Array(x.array.length + 1)
  const overlapping = [x.array.subarray(0, -1), x.array.subarray(1)]
  const never = () => fail('done was called')
  const wrong = pick([
    () => kernels[name](pick(nonsense)),
    () => kernels[name](),
    () => kernels[name](x.array, pick(nonsense)),
    () => kernels[name](x.array, longer),
    () => kernels[name](x.array, detached()),
    () => kernels[name](...overlapping),
    () => kernels[name](x.array, x.array, {}),
    () => kernels[name](x.array, x.array, 1, 0),
    () => kernels.backward(x.array, longer, x.array),
    () => kernels.backward(x.array, x.array, pick(nonsense)),
    () => kernels.withDerivative(x.array, x.array, x.array),
    () => kernels.withDerivative(...overlapping, longer.subarray(2)),
    () => kernels.launch[name](0, 2, never, x.array),
    () => kernels.launch[name](pick(nonsense.slice(3)), 2, never, pick(nonsense)),
    () => kernels.launch[name](1, 2, pick(nonsense.slice(0, 9)), x.array),
    () => kernels.checkApart(...overlapping),
    () => kernels.checkApart(x.array, longer),
    () => addon.kernels(pick(nonsense)),
  ])
  what = `${backend.name} ${name}, wrongly: ${wrong}`
  let error
  try {
    wrong()
  } catch (thrown) {
    error = thrown
  }
  if (!(error instanceof TypeError || error instanceof RangeError)) fail('nothing was thrown')
  for (let i = 0; i < before.length; i++)
    if (before[i] !== x.words[i]) fail('a call that throws has written')
  counts.refused++
  return 0
}

function callAny() {
  const backend = pick(backends)
  const name = pick(names)
  const kind = random(100)
  if (kind < 60) return callOne(backend, name)
  if (kind < 72) return callBackward(backend)
  if (kind < 84) return callWithDerivative(backend)
  if (kind < 85) return startJob(backend, name)
  return callWrongly(backend, name)
}

for (; counts.calls < Number(calls); counts.calls++) {
  counts.elements += callAny()
  if (counts.calls % 1000 === 0) await Promise.all(underWay)
}
await Promise.all(underWay)
const said = Object.entries(counts).map(([name, count]) => `${count.toLocaleString('en')} ${name}`)
console.log(`random calls of ${addon.available.join(', ')}: ${said.join(', ')}, same bits`)
