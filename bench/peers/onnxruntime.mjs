// ONNX Runtime, its CPU provider in one thread, on a model of one node.
import { createRequire } from 'node:module'
import ort from 'onnxruntime-node'
import { softplusModel } from './onnx-model.mjs'
import { serve } from './serve.mjs'

const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json')
const session = await ort.InferenceSession.create(softplusModel, {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
})
await serve(`onnxruntime-node ${version}, session.run of a model of one Softplus node`, (x) => {
  const feeds = { x: new ort.Tensor('float32', x, [x.length]) }
  let results
  return {
    refresh() {},
    run: async () => {
      results = await session.run(feeds)
    },
    result: () => results.y.data,
  }
})
