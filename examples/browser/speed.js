// The table of times. speed-worker.js measures, so that the page stays free.

const element = (/** @type {string} */ id) => document.getElementById(id)
const button = element('measure')
const state = element('measure-state')

/** Three digits, as in the documents of the package. */
const figure = (/** @type {number} */ ns) =>
  ns >= 100 ? ns.toFixed(0) : ns.toFixed(Math.min(3, 2 - Math.floor(Math.log10(ns))))

function show(times) {
  const most = Math.max(...Object.values(times))
  for (const row of element('times').rows) {
    const ns = times[row.dataset.contestant]
    row.hidden = ns === undefined
    if (ns === undefined) continue
    row.querySelector('.ns').textContent = figure(ns)
    row.querySelector('.bar').style.width = `${Math.max(0.5, (100 * ns) / most)}%`
  }
}

function sentence({ 'softplus wasm': wasm, 'softplus js': js, 'softplus loop': loop, ...relu }) {
  if (wasm === undefined)
    return `WebAssembly cannot run here. The package then takes ${figure(js / loop)} times as long as the plain loop.`
  return (
    `In WebAssembly softplus is ${figure(loop / wasm)} times as fast as the plain loop, ` +
    `and takes ${figure(wasm / relu['relu wasm'])} times as long as ReLU.`
  )
}

function measure() {
  button.disabled = true
  state.textContent = 'Measuring …'
  const worker = new Worker(new URL('speed-worker.js', import.meta.url), { type: 'module' })
  const end = (text) => {
    worker.terminate()
    state.textContent = text
    button.disabled = false
  }
  worker.onmessage = ({ data: { times, isLast } }) => {
    show(times)
    if (isLast) end(sentence(times))
  }
  worker.onerror = ({ message }) => end(`The measurement failed: ${message || 'see the console'}`)
}

button.addEventListener('click', measure)
measure()
