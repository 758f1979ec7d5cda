// ONNX Runtime, its CPU provider in one thread, on a model of one Softplus node.
import { createRequire } from 'node:module'
import ort from 'onnxruntime-node'
import { time } from './time.mjs'

// y = Softplus(x) on float32 tensors of shape [n]; IR version 8, operator set 14. The model as Protocol Buffers, in base64.
const model = Buffer.from(
  'CAg6QAoQCgF4EgF5IghTb2Z0cGx1cxIIc29mdHBsdXNaEAoBeBILCgkIARIFCgMSAW5iEAoBeRILCgkIARIFCgMSAW5CAhAO',
  'base64',
)

const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json')
const session = await ort.InferenceSession.create(model, {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
})
await time(`onnxruntime-node ${version}, session.run of a model of one Softplus node`, (x) => {
  const feeds = { x: new ort.Tensor('float32', x, [x.length]) }
  let results
  return {
    run: async () => {
      results = await session.run(feeds)
    },
    result: () => results.y.data,
  }
})
