// Does memory grow? A million calls and a hundred thousand jobs, of every kind, errors among them: what the process
// holds afterwards, beyond what it held after as many before.
//
//   tsx --expose-gc --max-semi-space-size=2 tools/check/leak.ts [calls] [jobs]
//
// Heaps grow by themselves before they find their size: up to four such rounds are run, and one that grows by less
// than 5 MB of resident memory shows that nothing is lost, as a leak would show in all of them. The option keeps the
// collector's own growth small. Prints every round to stdout. Exit code 1 if all of them grew, 2 for wrong usage.
import { setTimeout as sleep } from 'node:timers/promises'
import { backend, relu, softplus } from '../../src/index'

const limit = 5e6
const rounds = 4
const lengths = [0, 1, 7, 16, 100, 1000, 4097, 20000]
const jobLengths = [0, 1, 100, 1000, 4097, 70000]
const optionsOfAll = [undefined, { beta: 2 }, { threshold: 3 }, { beta: -0.5, threshold: 1 }]
const functions = [softplus, softplus.derivative, softplus.secondDerivative, softplus.inverse]

// No call makes memory that another would not: what differs is who keeps it.
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
  throw new Error('nothing was thrown')
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

// The least of several looks: finalizers take turns of the event loop, and the allocator gives pages back when it likes.
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

const [calls = 1e6, jobs = 1e5] = process.argv.slice(2).map(Number)
if (!globalThis.gc || !(calls > 0 && jobs > 0)) {
  console.error('usage: tsx --expose-gc tools/check/leak.ts [calls] [jobs]')
  process.exit(2)
}
const holds = [await measure('calls', runSync, calls), await measure('jobs', runAsync, jobs)]
process.exitCode = holds.every(Boolean) ? 0 : 1
