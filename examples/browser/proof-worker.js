// Hashes pieces of the results of one function. Asks for a piece by a message, which brings the hash of the one before.
import { functionOf, hashOf } from './hash.js'
import { load } from './load.js'

const parameters = new URLSearchParams(location.search)
const compute = functionOf(await load(parameters.get('backend')), parameters.get('function'))

addEventListener('message', ({ data: { from, to, stride } }) => {
  const hash = hashOf((x, y) => compute(x, { out: y }), from, to, stride)
  postMessage({ inputs: to - from, hash })
})
postMessage({ inputs: 0, hash: 0n })
