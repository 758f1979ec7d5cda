// Prints the hashes of every function's results on one backend, that of SOFTPLUS_BACKEND. bits.ts runs it on every host.
//
//   bits-host.mjs PACKAGE STRIDE NAMES     PACKAGE is the URL of the package's entry; 1 in STRIDE inputs is computed; NAMES are the
//                                          functions, as softplus.derivative,relu
//
// Prints one object in JSON: the backend in use, those available, and the hashes in the order of NAMES.
import { countOf, functionOf, hashOf, textOf } from '../../examples/browser/hash.js'

const [entry, strideText, names] = process.argv.slice(2)
const api = await import(entry)
const stride = Number(strideText)

const hashes = names.split(',').map((name) => {
  const compute = functionOf(api, name)
  return textOf(hashOf((x, out) => compute(x, { out }), 0, countOf(stride), stride))
})
const { name: backend, available } = api.backend
console.log(JSON.stringify({ backend, available, hashes }))
