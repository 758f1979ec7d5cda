// Bare threads: Workers that each work on a part of one array, all at once, while the main thread waits. What `async` is
// compared with.
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Contestant } from './measure'

const entry = fileURLToPath(new URL('../dist/index.cjs', import.meta.url))

// state: how many jobs have been given, and how many parts are done.
const program = `
const { workerData } = require('node:worker_threads')
const { state, x, y, job, entry } = workerData
const { softplus } = require(entry)
const run = job === 'softplus' ? () => softplus.inPlace(x) : () => y.set(x)
for (let jobs = 0; ; jobs++) {
  Atomics.add(state, 1, 1)
  Atomics.notify(state, 1)
  Atomics.wait(state, 0, jobs)
  run()
}`

/** A contestant with its own array, of which `count` threads take equal parts. */
export function bareThreads(
  count: number,
  length: number,
  job: 'softplus' | 'copy',
): Omit<Contestant, 'name'> {
  const shared = () => new Float32Array(new SharedArrayBuffer(4 * length))
  const [array, copy] = [shared(), shared()]
  const state = new Int32Array(new SharedArrayBuffer(8))
  for (let i = 0; i < count; i++) {
    const part = (whole: Float32Array) =>
      whole.subarray((length / count) * i, (length / count) * (i + 1))
    const workerData = { state, x: part(array), y: part(copy), job, entry }
    new Worker(program, { eval: true, workerData }).unref()
  }
  const untilDone = () => {
    for (let done = 0; done < count; done = Atomics.load(state, 1)) Atomics.wait(state, 1, done)
  }
  untilDone()
  return {
    array,
    run() {
      Atomics.store(state, 1, 0)
      Atomics.add(state, 0, 1)
      Atomics.notify(state, 0)
      untilDone()
    },
  }
}
