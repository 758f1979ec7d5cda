// One worker thread of the proof: runs a part of all bit patterns through the fallback and the native backend, as they ship.
import { parentPort, workerData } from 'node:worker_threads'
import * as native from '../../dist/index.js'

// Otherwise js.js would warn that the addon is missing.
process.env.SOFTPLUS_BACKEND = 'js'
const js = await import('../../dist/js.js')

if (native.backend.name === 'js')
  throw new Error(
    `backend.name must be that of a native backend; got ${native.backend.name}. Build the addon: npm run setup`,
  )

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

/** The function with a public name, such as softplus.derivative. */
const functionOf = (api, publicName) => publicName.split('.').reduce((f, key) => f[key], api)

function compare(name) {
  const { from, to, stride } = workerData
  const [ofNative, ofFallback] = [functionOf(native, name), functionOf(js, name)]
  let inputs = 0
  let mismatches = 0
  for (let at = from; at < to; ) {
    let n = 0
    for (; n < bits.length && at < to; at += stride) bits[n++] = at
    const [xs, ys, zs] = [x.subarray(0, n), y.subarray(0, n), z.subarray(0, n)]
    ofNative(xs, { out: ys })
    ofFallback(xs, { out: zs })
    inputs += n
    mismatches += countDifferences(ys, zs)
  }
  return { name, inputs, mismatches }
}

parentPort.postMessage(workerData.names.map(compare))
