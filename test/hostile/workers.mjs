// Workers that are ended in the middle of their jobs, in the way they are at: loading, starting, working, done.
//
//   node workers.mjs <count>
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { assert, block, floats, softplus } from './expect.mjs'

const atOnce = 8

/** Starts a Worker and ends it after so many messages; of the last ones some are never sent. */
async function useAndEnd(place) {
  const worker = new Worker(fileURLToPath(import.meta.url))
  const failed = new Promise((_, reject) => worker.once('error', reject))
  failed.catch(() => {})
  if (place % 4 > 0) await Promise.race([failed, new Promise((r) => worker.once('message', r))])
  if (place % 4 === 2) await new Promise((resolve) => setTimeout(resolve, place % 5))
  await Promise.race([failed, worker.terminate()])
}

async function main(count) {
  let next = 0
  const one = async () => {
    while (next < count) await useAndEnd(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, one))
  // The pool of threads, which all of them shared, is as good as new.
  const x = floats(9 * block)
  const want = softplus(x)
  for (let i = 0; i < 10; i++) assert.deepEqual(await softplus.async(x), want)
  console.error(`${count} Workers were ended`)
  console.log('survived')
}

function work() {
  const again = (y) => softplus.async(y, { transfer: true }).then(again)
  for (let i = 0; i < 4; i++) again(new Float32Array(8 * block))
  softplus(floats(1000))
  parentPort.postMessage('working')
}

if (isMainThread) await main(Number(process.argv[2] ?? 60))
else work()
