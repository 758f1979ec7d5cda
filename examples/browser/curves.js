// The curves, and their values at one x: computed by the package whenever a slider moves.
import { backend, relu, softplus } from './output/js.js'

const element = (/** @type {string} */ id) => document.getElementById(id)

const functions = {
  softplus: (x, beta) => softplus(x, { beta }),
  derivative: (x, beta) => softplus.derivative(x, { beta }),
  'second-derivative': (x, beta) => softplus.secondDerivative(x, { beta }),
  relu: (x) => relu(x),
}

const range = { left: -4, right: 4, bottom: -0.25, top: 4.5 }
const margin = { left: 26, right: 10, top: 8, bottom: 24 }
const x = Float32Array.from(
  { length: 401 },
  (_, i) => range.left + ((range.right - range.left) * i) / 400,
)

const chart = element('chart')
const [beta, at] = [element('beta'), element('at')]

function draw() {
  // In pixels of the page, so that letters and lines have the same size on every screen.
  const { width } = chart.getBoundingClientRect()
  const height = Math.round(Math.min(400, Math.max(240, width * 0.6)))
  chart.setAttribute('viewBox', `0 0 ${width} ${height}`)
  chart.setAttribute('height', height)
  const across = (value) =>
    margin.left +
    ((value - range.left) / (range.right - range.left)) * (width - margin.left - margin.right)
  const down = (value) =>
    margin.top +
    ((range.top - value) / (range.top - range.bottom)) * (height - margin.top - margin.bottom)

  drawGrid(across, down)
  const b = Number(beta.value)
  for (const [name, compute] of Object.entries(functions)) {
    const y = compute(x, b)
    const points = Array.from(
      x,
      (value, i) => `${across(value).toFixed(1)} ${down(y[i]).toFixed(1)}`,
    )
    element(`${name}-curve`).setAttribute('d', `M${points.join('L')}`)
    const [value] = compute(Float32Array.of(Number(at.value)), b)
    element(`${name}-value`).textContent = value.toFixed(4).replace('-', '−')
  }
  element('marker').setAttribute(
    'd',
    `M${across(Number(at.value))} ${margin.top}V${down(range.bottom)}`,
  )
  element('beta-value').textContent = b.toFixed(1)
  for (const id of ['at-value', 'at-heading'])
    element(id).textContent = Number(at.value).toFixed(1).replace('-', '−')
}

function drawGrid(across, down) {
  let lines = ''
  const texts = []
  for (let value = -4; value <= 4; value += 2) {
    lines += `M${across(value)} ${down(range.top)}V${down(range.bottom)}`
    texts.push(textAt(across(value), down(range.bottom) + 17, 'middle', value))
  }
  for (let value = 0; value <= 4; value++) {
    lines += `M${across(range.left)} ${down(value)}H${across(range.right)}`
    texts.push(textAt(across(range.left) - 8, down(value) + 4, 'end', value))
  }
  element('grid').setAttribute('d', lines)
  element('axis').setAttribute('d', `M${across(range.left)} ${down(0)}H${across(range.right)}`)
  element('numbers').replaceChildren(...texts)
}

function textAt(left, top, anchor, value) {
  const text = document.createElementNS('http://www.w3.org/2000/svg', 'text')
  text.setAttribute('x', left)
  text.setAttribute('y', top)
  text.setAttribute('text-anchor', anchor)
  text.textContent = String(value).replace('-', '−')
  return text
}

const languages = { wasm: 'WebAssembly', js: 'JavaScript, because WebAssembly cannot run here' }
element('backend').textContent = languages[backend.name]
document.documentElement.dataset.backend = backend.name

beta.addEventListener('input', draw)
at.addEventListener('input', draw)
window.addEventListener('resize', draw)
draw()
