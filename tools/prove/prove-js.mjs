// One worker of the proof: a part of all bit patterns through the TypeScript and the native
// backend, as they ship.
import { parentPort, workerData } from 'node:worker_threads'
import * as native from '../../dist/index.js'

// Set so that js.js does not warn that the addon is missing.
process.env.SOFTPLUS_BACKEND = 'js'
const js = await import('../../dist/js.js')

if (native.backend.name === 'js')
  throw new Error('the native addon is not in use: nothing to compare with')

const functions = {
  softplus: (api) => api.softplus,
  derivative: (api) => api.softplus.derivative,
  secondDerivative: (api) => api.softplus.secondDerivative,
  inverse: (api) => api.softplus.inverse,
  relu: (api) => api.relu,
  reluDerivative: (api) => api.relu.derivative,
}

const bits = new Uint32Array(1 << 18)
const x = new Float32Array(bits.buffer)
const y = new Float32Array(bits.length)
const z = new Float32Array(bits.length)

// NaN is NaN, whatever its payload.
function countDifferences(a, b) {
  if (
    Buffer.compare(
      Buffer.from(a.buffer, 0, a.byteLength),
      Buffer.from(b.buffer, 0, b.byteLength),
    ) === 0
  )
    return 0
  let count = 0
  for (let i = 0; i < a.length; i++) count += Object.is(a[i], b[i]) ? 0 : 1
  return count
}

function compare(of) {
  const { from, to, stride } = workerData
  let inputs = 0
  let mismatches = 0
  for (let at = from; at < to; ) {
    let n = 0
    for (; n < bits.length && at < to; at += stride) bits[n++] = at
    const [xs, ys, zs] = [x.subarray(0, n), y.subarray(0, n), z.subarray(0, n)]
    of(native)(xs, { out: ys })
    of(js)(xs, { out: zs })
    inputs += n
    mismatches += countDifferences(ys, zs)
  }
  return { inputs, mismatches }
}

parentPort.postMessage(Object.entries(functions).map(([name, of]) => ({ name, ...compare(of) })))
