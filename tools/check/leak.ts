// Checks that memory does not grow: a million calls and a hundred thousand jobs of every kind, wrong ones among them.
//
//   npm run tool -- leak [CALLS] [JOBS]
//
// A heap grows until it finds its size, so up to four rounds are run. A leak shows in every round: one round that grows by less than
// 5 MB of resident memory proves that nothing leaks. The tool runs with a young generation of 2 MB, which keeps the garbage
// collector's own growth small. Prints every round to stdout.
import { setTimeout as sleep } from 'node:timers/promises'
import { backend, relu, softplus } from '../../src/index'

const limit = 5e6
const rounds = 4
const lengths = [0, 1, 7, 16, 100, 1000, 4097, 20000]
const jobLengths = [0, 1, 100, 1000, 4097, 70000]
const optionsOfAll = [undefined, { beta: 2 }, { threshold: 3 }, { beta: -0.5, threshold: 1 }]
const functions = [softplus, softplus.derivative, softplus.secondDerivative, softplus.inverse]

// The inputs are made once, so that the calls themselves are all that allocates.
const inputs = new Map(
  [...lengths, ...jobLengths].map((length) => [length, new Float32Array(length).fill(0.5)]),
)
const input = (length: number) => inputs.get(length) as Float32Array
const other = new Float32Array(20000)

function mustThrow(call: () => unknown): void {
  try {
    call()
  } catch {
    return
  }
  throw new Error('a wrong call must throw; nothing was thrown')
}

const wrongCalls: (() => unknown)[] = [
  () => softplus([1] as never),
  () => softplus(input(16), { beta: 0 }),
  () => softplus(input(16), { out: input(7) }),
  () => relu(input(16), { beta: 2 } as never),
  () => softplus(other.subarray(0, 8), { out: other.subarray(3, 11) }),
  () => softplus.withDerivative(input(16), { out: { derivative: input(16) } }),
]

function callSync(i: number): void {
  const x = input(lengths[i % lengths.length])
  const options = optionsOfAll[(i >> 3) % optionsOfAll.length]
  const f = functions[(i >> 5) % functions.length]
  const kind = (i >> 2) % 8
  if (kind < 2) f(x, options)
  else if (kind === 2) f(x, { ...options, out: other.subarray(0, x.length) })
  else if (kind === 3) f.inPlace(other.subarray(0, x.length), options)
  else if (kind === 4) softplus.backward(x, x, options)
  else if (kind === 5) softplus.withDerivative(x, options)
  else if (kind === 6) relu.derivative(x)
  else mustThrow(wrongCalls[i % wrongCalls.length])
}

function callAsync(i: number): Promise<unknown> {
  const x = input(jobLengths[i % jobLengths.length])
  const options = { ...optionsOfAll[(i >> 3) % optionsOfAll.length], threads: 1 + (i % 4) }
  const f = functions[(i >> 5) % functions.length]
  const kind = (i >> 2) % 6
  if (kind < 2) return f.async(x, options)
  if (kind === 2) return f.async(x.slice(), { ...options, transfer: true })
  if (kind === 3) return f.async(x, { ...options, out: new Float32Array(x.length) })
  if (kind === 4) return f.async(x, { threads: 0 }).catch(() => {})
  const controller = new AbortController()
  const job = f.async(x, { ...options, signal: controller.signal }).catch(() => {})
  if (i % 2) controller.abort()
  return job
}

async function runSync(count: number): Promise<void> {
  for (let i = 0; i < count; i++) callSync(i)
}

async function runAsync(count: number): Promise<void> {
  const atOnce = 50
  for (let i = 0; i < count; i += atOnce)
    await Promise.all(Array.from({ length: atOnce }, (_, j) => callAsync(i + j)))
}

// The smallest of several readings: finalizers run in later turns of the event loop, and the allocator returns pages with a delay.
async function resident(): Promise<number> {
  const sizes: number[] = []
  for (let round = 0; round < 12; round++) {
    globalThis.gc?.()
    await sleep(25)
    sizes.push(process.memoryUsage.rss())
  }
  return Math.min(...sizes)
}

const mb = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`

async function measure(
  what: string,
  run: (count: number) => Promise<void>,
  count: number,
): Promise<boolean> {
  console.error(`${what}: warming up`)
  await run(count)
  let before = await resident()
  for (let round = 1; round <= rounds; round++) {
    await run(count)
    const after = await resident()
    const grown = after - before
    console.log(
      `${count.toLocaleString('en')} ${what}, ${backend.name}, round ${round}: ` +
        `${mb(before)} resident before, ${mb(after)} after, grown by ${mb(grown)}`,
    )
    if (grown < limit) return true
    before = after
  }
  console.log(`${what} lose memory: every round grew by ${mb(limit)} or more`)
  return false
}

export async function main(args: string[]): Promise<boolean> {
  const [calls = 1e6, jobs = 1e5] = args.map(Number)
  if (!(calls > 0 && jobs > 0))
    throw new Error(`CALLS and JOBS must be numbers above 0; got ${args.join(' ')}`)
  const holds = [await measure('calls', runSync, calls), await measure('jobs', runAsync, jobs)]
  return holds.every(Boolean)
}
