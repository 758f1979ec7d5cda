// Measures ns per element of softplus and ReLU in each backend of the package and in a plain loop. Posts the medians after
// each round.
import { load } from './load.js'

const rounds = 9
// Browsers round their clocks to a millisecond or less, so each reading takes many of these.
const millisecondsPerReading = 20

const x = Float32Array.from({ length: 1 << 14 }, () => Math.random() * 16 - 8)
const out = new Float32Array(x.length)

// The same loops as in the benchmark of the package, bench/races.ts.
const contestants = {
  'softplus loop'() {
    for (let i = 0; i < x.length; i++) {
      const v = x[i]
      out[i] = Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)))
    }
  },
  'relu loop'() {
    for (let i = 0; i < x.length; i++) out[i] = Math.max(0, x[i])
  },
}

const { backend } = await load('')
for (const name of backend.available) {
  const { relu, softplus } = await load(name)
  contestants[`softplus ${name}`] = () => softplus(x, { out })
  contestants[`relu ${name}`] = () => relu(x, { out })
}

function nsPerElement(/** @type {() => void} */ run) {
  const start = performance.now()
  let calls = 0
  let elapsed = 0
  do {
    for (let i = 0; i < 4; i++) run()
    calls += 4
    elapsed = performance.now() - start
  } while (elapsed < millisecondsPerReading)
  return (elapsed * 1e6) / (calls * x.length)
}

const median = (/** @type {number[]} */ values) =>
  values.toSorted((a, b) => a - b)[values.length >> 1]

// The first round is for the compiler.
for (const run of Object.values(contestants)) nsPerElement(run)

const readings = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]))
for (let round = 1; round <= rounds; round++) {
  for (const [name, run] of Object.entries(contestants)) readings[name].push(nsPerElement(run))
  const times = Object.entries(readings).map(([name, ns]) => [name, median(ns)])
  postMessage({ times: Object.fromEntries(times), isLast: round === rounds })
}
