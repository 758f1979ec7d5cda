// Hashes pieces of the results of one function. Asks for a piece by a message, which brings the hash of the one before.
import { hashOf } from './hash.js'
import { load } from './load.js'

const parameters = new URLSearchParams(location.search)
const { relu, softplus } = await load(parameters.get('backend'))
const functions = {
  softplus,
  'softplus.derivative': softplus.derivative,
  'softplus.secondDerivative': softplus.secondDerivative,
  'softplus.inverse': softplus.inverse,
  relu,
  'relu.derivative': relu.derivative,
}
const compute = functions[parameters.get('function')]

addEventListener('message', ({ data: { from, to, stride } }) => {
  const hash = hashOf((x, y) => compute(x, { out: y }), from, to, stride)
  postMessage({ inputs: to - from, hash })
})
postMessage({ inputs: 0, hash: 0n })
