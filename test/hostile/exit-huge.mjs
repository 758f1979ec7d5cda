// The end of a process or a Worker 100 ms into a job over 2 GiB: at once, whether its memory is shared or was moved.
//
//   node exit-huge.mjs [rounds]      every way as often; needs 3 GiB
//
// Exit code 1 if an end took longer than 200 ms in half of the rounds of a way, or if a process died of it.
import { spawnSync } from 'node:child_process'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { assert, backend, softplus } from './expect.mjs'

const bytes = 2 ** 31
const limit = 200
const path = fileURLToPath(import.meta.url)
const [what, ...rest] = process.argv.slice(2)
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Starts jobs over 2 GiB, one after the other, so that the end comes in the middle of one on any machine. */
function startJobs(kind) {
  const Memory = kind === 'shared' ? SharedArrayBuffer : ArrayBuffer
  const again = (x) => softplus.async(x, { transfer: true }).then(again)
  again(new Float32Array(new Memory(bytes)))
}

const ways = {
  /** Prints when it ends, for its parent to compare. */
  async exit(kind) {
    startJobs(kind)
    await wait(100)
    process.stdout.write(`${Date.now()}`, () => process.exit())
  },
  async terminate(kind) {
    const worker = new Worker(path, { argv: [kind] })
    await new Promise((resolve) => worker.once('message', resolve))
    await wait(100)
    const started = Date.now()
    await worker.terminate()
    process.stdout.write(`${started} ${Date.now()}`, () => process.exit())
  },
}

function measure(way, kind) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [path, way, kind], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  const [from, to = Date.now()] = stdout.split(' ').map(Number)
  return to - from
}

function main(rounds) {
  if (os.freemem() < bytes + 2 ** 30) {
    console.log('skipped: 3 GiB are not free')
    return
  }
  for (const way of Object.keys(ways))
    for (const kind of ['shared', 'moved']) {
      const took = Array.from({ length: rounds }, () => measure(way, kind)).sort((a, b) => a - b)
      console.error(
        `${way}, ${kind}, ${backend.name}, Node ${process.version}: ${took.join(', ')} ms`,
      )
      assert.ok(took[rounds >> 1] <= limit, `${way}, ${kind}: more than ${limit} ms`)
    }
  console.log('survived')
}

if (!isMainThread) {
  startJobs(process.argv[2])
  parentPort.postMessage('started')
} else if (what in ways) await ways[what](...rest)
else main(Number(what ?? 5))
