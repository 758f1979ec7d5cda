// What core.mjs and runtime-core.mjs test with: functions, options, inputs and comparisons.
import assert from 'node:assert/strict'

/** The functions of the package, by the names of its list. */
export const functionsOf = ({ softplus, relu }) => ({
  softplus,
  derivative: softplus.derivative,
  secondDerivative: softplus.secondDerivative,
  inverse: softplus.inverse,
  relu,
  reluDerivative: relu.derivative,
})

/** What a function is called with. */
export const optionsOf = (name) =>
  name.startsWith('relu')
    ? [{}]
    : [{}, { threshold: 3 }, { beta: 2 }, { beta: -0.3, threshold: 1 }, { beta: 1000 }]

// Every NaN counts as the same: its payload depends on the processor.
function bits(x) {
  const found = new Uint32Array(Float32Array.from(x).buffer)
  for (const [i, v] of x.entries()) if (v !== v) found[i] = 0x7fc00000
  return found
}

/** Fails unless two arrays have the same bits. */
export function same(got, want, where) {
  assert.equal(got.length, want.length, where)
  const [a, b] = [bits(got), bits(want)]
  for (let i = 0; i < a.length; i++)
    if (a[i] !== b[i]) assert.fail(`${where}: element ${i} is ${got[i]}, not ${want[i]}`)
}

// 1 in 9973 of all bit patterns, and the neighbours of the values where the arithmetic changes.
const edges = [0, 1, 8.40334, 14.5, 14.75, 20, 88, 88.72284, 103.97208, 1e-38, 1e38]
const around = edges.flatMap((v) =>
  [v, -v].flatMap((value) => {
    const [center] = new Uint32Array(Float32Array.of(value).buffer)
    return Array.from({ length: 41 }, (_, i) => center + i - 20)
  }),
)
const strided = Array.from({ length: Math.floor(2 ** 32 / 9973) }, (_, i) => i * 9973)
export const inputs = new Float32Array(Uint32Array.from([...strided, ...around]).buffer)
