// The proof: hashes all results of a function in Web Workers, and compares with the hash that is published.
//
// ?stride=4099 in the address takes 1 in 4,099 inputs. There is no published hash for these; the tests know it.
import { countOf, sumOf, textOf } from './hash.js'
import { hashes } from './hashes.js'
import { backend } from './output/js.js'

const element = (/** @type {string} */ id) => document.getElementById(id)
const [functionList, backendList] = [element('function'), element('computed-by')]
const [start, cancel] = [element('prove'), element('cancel')]
const [progress, state, result] = [element('progress'), element('proof-state'), element('result')]

const stride = Math.max(
  1,
  Math.floor(Number(new URLSearchParams(location.search).get('stride')) || 1),
)
const inputs = countOf(stride)
// Each takes a fraction of a second, so that the bar moves and all workers end at about the same time.
const inputsPerPiece = 2 ** 22
const languages = { wasm: 'WebAssembly', js: 'JavaScript' }
const processors = navigator.hardwareConcurrency || 2

const count = (/** @type {number} */ n) => n.toLocaleString('en-US')

function timeOf(/** @type {number} */ seconds) {
  if (seconds < 1) return 'less than a second'
  const whole = Math.round(seconds)
  return whole < 100 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** Hashes all inputs. Rejects if a worker fails, or with the signal's reason. */
function hashAll(name, by, signal, onProgress) {
  const workers = []
  const { promise, resolve, reject } = Promise.withResolvers()
  let next = 0
  let done = 0
  let hash = 0n
  const address = new URL('proof-worker.js', import.meta.url)
  address.search = new URLSearchParams({ function: name, backend: by })
  for (let i = 0; i < processors; i++) {
    const worker = new Worker(address, { type: 'module' })
    workers.push(worker)
    // Each message of a worker asks for the next piece; all but the first bring the hash of one.
    worker.onmessage = ({ data }) => {
      done += data.inputs
      hash = sumOf(hash, data.hash)
      if (done > 0) onProgress(done)
      if (done === inputs) resolve(hash)
      if (next >= inputs) return
      const from = next
      next = Math.min(inputs, from + inputsPerPiece)
      worker.postMessage({ from, to: next, stride })
    }
    worker.onerror = ({ message }) => reject(new Error(message || 'a worker cannot start'))
  }
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  return promise.finally(() => {
    for (const worker of workers) worker.terminate()
  })
}

let running

async function prove() {
  const [name, by] = [functionList.value, backendList.value]
  running = new AbortController()
  for (const field of [functionList, backendList, start]) field.disabled = true
  cancel.disabled = false
  cancel.focus()
  progress.value = 0
  result.textContent = ''
  delete result.dataset.hash
  delete result.dataset.outcome
  state.textContent = `Starting ${processors} workers …`
  const begin = performance.now()
  const seconds = () => (performance.now() - begin) / 1000
  try {
    const hash = await hashAll(name, by, running.signal, (done) => {
      progress.value = done / inputs
      const left = seconds() * (inputs / done - 1)
      state.textContent =
        `${Math.floor((100 * done) / inputs)} %: ${timeOf(seconds())} so far, ` +
        `about ${timeOf(left)} left, ${processors} ${processors === 1 ? 'worker' : 'workers'}`
    })
    state.textContent = `${count(inputs)} results of ${name} in ${timeOf(seconds())}, computed in ${languages[by]}.`
    showHash(name, textOf(hash))
    result.dataset.seconds = seconds().toFixed(1)
  } catch (error) {
    const { aborted } = running.signal
    state.textContent = `${aborted ? 'Cancelled' : 'Failed'} after ${timeOf(seconds())}. Nothing was compared.`
    if (!aborted) result.textContent = `A worker failed: ${error.message}`
    result.dataset.outcome = aborted ? 'cancelled' : 'failed'
  }
  for (const field of [functionList, backendList, start]) field.disabled = false
  // The keyboard stays where it is, unless its button cannot be pressed any more.
  if (document.activeElement === cancel) start.focus()
  cancel.disabled = true
}

function showHash(name, hash) {
  const isSame = hash === hashes[name]
  result.dataset.hash = hash
  result.dataset.outcome = stride > 1 ? 'part' : isSame ? 'same' : 'different'
  const outcome = {
    part: `The hash of 1 in ${count(stride)} inputs is ${hash}. The published hash is that of all inputs.`,
    same: `The hash is ${hash}, as published. All results have the same bits here as everywhere.`,
    different: `The hash is ${hash}, but ${hashes[name]} is published. Some results differ here: please report it.`,
  }
  result.textContent = outcome[result.dataset.outcome]
}

functionList.replaceChildren(...Object.keys(hashes).map((name) => new Option(name)))
backendList.replaceChildren(...backend.available.map((name) => new Option(languages[name], name)))
for (const field of [functionList, backendList, start]) field.disabled = false
element('inputs').textContent = stride === 1 ? `all ${count(inputs)}` : `${count(inputs)}`
start.addEventListener('click', prove)
cancel.addEventListener('click', () => running.abort())
