// Runs inside a browser, on the page of examples/browser/: what tools/check/browser.ts asks the page. Names of elements are
// those of index.html.

const element = (id) => document.getElementById(id)

async function until(holds) {
  const end = Date.now() + 600_000
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited ten minutes for ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const curves = ['softplus', 'derivative', 'second-derivative', 'relu']
const drawn = () =>
  Object.fromEntries(curves.map((name) => [name, element(`${name}-curve`).getAttribute('d')]))
const values = () => curves.map((name) => element(`${name}-value`).textContent)

/** Moves a slider, as a user does. */
function move(id, value) {
  element(id).value = value
  element(id).dispatchEvent(new Event('input', { bubbles: true }))
}

/** How many points the curves have, which of them follow beta, and what the table says. */
export function curvesOnPage() {
  const before = drawn()
  const points = curves.map((name) => before[name].split('L').length)
  const lengths = curves.map((name) => element(`${name}-curve`).getTotalLength())
  move('beta', 4)
  move('at', 1)
  const after = drawn()
  const moved = curves.filter((name) => after[name] !== before[name])
  const shown = values()
  move('beta', 1)
  move('at', 0)
  const isBack = curves.every((name) => drawn()[name] === before[name])
  return {
    backend: document.documentElement.dataset.backend,
    points,
    lengths,
    moved,
    shown,
    isBack,
  }
}

/** The table of times, once it has been measured: at load, or anew. */
export async function timesOnPage(isAnew) {
  const button = element('measure')
  await until(() => !button.disabled)
  if (isAnew) button.click()
  const isBusy = button.disabled
  await until(() => !button.disabled)
  const rows = [...element('times').rows].filter((row) => !row.hidden)
  return {
    isBusy,
    sentence: element('measure-state').textContent,
    rows: rows.map((row) => ({
      name: row.dataset.contestant,
      ns: Number(row.querySelector('.ns').textContent),
      bar: row.querySelector('.bar').getBoundingClientRect().width,
    })),
  }
}

function startProof(name, by) {
  element('function').value = name
  element('computed-by').value = by
  element('prove').click()
}

/** Which functions and backends can be chosen. */
export const choices = () => ({
  functions: [...element('function').options].map(({ value }) => value),
  backends: [...element('computed-by').options].map(({ value }) => value),
})

/** What the button for the proof leads to. */
export async function proof(name, by) {
  startProof(name, by)
  await until(() => !element('prove').disabled)
  return outcome()
}

/** What the page says when a proof has ended. */
export function outcome() {
  const { hash, outcome, seconds } = element('result').dataset
  return { hash, outcome, seconds, text: element('result').textContent }
}

/** Begins a proof, and returns what the page says when some of it is done. */
export async function begunProof(name, by) {
  startProof(name, by)
  await until(() => element('progress').value > 0 || !element('prove').disabled)
  return element('proof-state').textContent
}

/** Cancels it. Returns how far the bar moved on afterwards. */
export async function cancelled() {
  element('cancel').click()
  await until(() => !element('prove').disabled)
  const { value } = element('progress')
  await new Promise((resolve) => setTimeout(resolve, 300))
  const { outcome } = element('result').dataset
  return {
    outcome,
    state: element('proof-state').textContent,
    on: element('progress').value - value,
  }
}

export const progressOnPage = () => ({
  isDone: !element('prove').disabled,
  state: element('proof-state').textContent,
})

/** The page's width beyond the window's, and the texts whose contrast is below 4.5, as WCAG defines it. */
export function layout() {
  const { scrollWidth, clientWidth } = document.documentElement
  const faint = []
  for (const each of document.querySelectorAll('body, body *')) {
    const hasText = [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
    if (!hasText || each.closest('script, noscript, :disabled, option')) continue
    const style = getComputedStyle(each)
    const ratio = contrast(each instanceof SVGElement ? style.fill : style.color, paperOf(each))
    if (ratio < 4.5) faint.push(`${each.textContent.trim()}: ${ratio.toFixed(2)}`)
  }
  const unnamed = [...document.querySelectorAll('input, select, button, progress')].filter(
    (each) => !(each.labels?.length || each.ariaLabel || each.textContent.trim()),
  )
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches
  return { over: scrollWidth - clientWidth, faint, unnamed: unnamed.map(({ id }) => id), isDark }
}

function paperOf(of) {
  for (let each = of; each; each = each.parentElement) {
    const { backgroundColor } = getComputedStyle(each)
    if (!/^(transparent|rgba\(.*, 0\))$/.test(backgroundColor)) return backgroundColor
  }
  return 'rgb(255, 255, 255)'
}

function luminance(color) {
  const [r, g, b] = color.match(/[\d.]+/g).map((part) => {
    const share = Number(part) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (high + 0.05) / (low + 0.05)
}

/** Sends floats through softplus.stream() and through a Response's body. Returns how many results differ from the call's. */
export async function stream() {
  const { softplus } = await import('./output/js.js')
  const x = Float32Array.from({ length: 300_001 }, (_, i) => Math.sin(i) * 30)
  const want = new Uint32Array(softplus(x).buffer)
  const transform = softplus.stream()
  // A Blob's chunks are what the browser likes; these end inside of floats.
  const chunks = new TransformStream({
    transform(chunk, controller) {
      for (let i = 0; i < chunk.length; i += 10_007) controller.enqueue(chunk.slice(i, i + 10_007))
    },
  })
  const body = new Blob([x]).stream().pipeThrough(chunks).pipeThrough(transform)
  const got = new Uint32Array(await new Response(body).arrayBuffer())
  const fetched = await fetch(URL.createObjectURL(new Blob([x])))
  const direct = fetched.body.pipeThrough(softplus.stream())
  const second = new Uint32Array(await new Response(direct).arrayBuffer())
  const differing = want.filter((bits, i) => bits !== got[i] || bits !== second[i]).length
  const isWhole = got.length === want.length && second.length === want.length
  return { isTransformStream: transform instanceof TransformStream, isWhole, differing }
}

/** A job of many turns, against the same work at once: both in milliseconds, the fastest of five tries. */
export async function turns() {
  const { softplus } = await import('./output/js.js')
  // 256 MiB: about 50 turns of 2 ms.
  let array = new Float32Array(2 ** 26).fill(1)

  // Jobs go on by messages (src/later.ts). Nothing else here sends any.
  const { postMessage } = MessagePort.prototype
  let messages = 0
  MessagePort.prototype.postMessage = function (...args) {
    messages++
    return postMessage.apply(this, args)
  }
  const atOnce = []
  const inTurns = []
  let ticks = 0
  try {
    for (let i = 0; i < 5; i++) {
      const start = performance.now()
      softplus.inPlace(array)
      const middle = performance.now()
      const ticking = setInterval(() => ticks++, 1)
      array = await softplus.async(array, { transfer: true })
      clearInterval(ticking)
      atOnce.push(middle - start)
      inTurns.push(performance.now() - middle)
    }
  } finally {
    MessagePort.prototype.postMessage = postMessage
  }
  return {
    atOnce: Math.min(...atOnce),
    inTurns: Math.min(...inTurns),
    turns: messages / inTurns.length,
    ticks: ticks / inTurns.length,
  }
}
