// TensorFlow.js, with the backend that the first argument names: cpu or wasm. Results stay in its memory: reading them
// from there takes more time, which is not counted.
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { time } from './time.mjs'

const require = createRequire(import.meta.url)
const backend = process.argv[2]
// It advertises another package on stdout, which is for the results.
const log = console.log
console.log = console.error
const tf = require('@tensorflow/tfjs-core')
const wasm = require(`@tensorflow/tfjs-backend-${backend}`)
if (backend === 'wasm') {
  wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`)
  wasm.setThreadsCount(1)
}
await tf.setBackend(backend)
await tf.ready()
console.log = log

const simd = backend === 'wasm' && (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'))
await time(
  `TensorFlow.js ${tf.version_core}, ${backend}${simd ? ' with SIMD' : ''}, tf.softplus of a tensor, not read back`,
  (x) => {
    const tensor = tf.tensor1d(x)
    let y
    return {
      refresh: () => y?.dispose(),
      run: () => {
        y = tf.softplus(tensor)
      },
      result: () => y.dataSync(),
      close: () => tf.dispose([tensor, y]),
    }
  },
)
