// Prints a hash of every function's results on one backend: the hash of native/test/prove.cc, which is the same on every machine.
//
//   node hash.mjs FOLDER STRIDE BACKEND NAMES     FOLDER has the package; 1 in STRIDE of all inputs is computed; BACKEND must be
//                                                 the one in use; NAMES are the functions, as softplus.derivative,relu
//
// Prints the hashes in the order of NAMES, one a line.
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { countOf, hashOf, textOf } from '../../examples/browser/hash.js'

const [folder, strideText, expected, names] = process.argv.slice(2)
const stride = Number(strideText)
const api = await import(pathToFileURL(resolve(folder, 'dist/index.js')))
assert.equal(api.backend.name, expected)

/** The function with a public name, such as softplus.derivative. */
const functionOf = (publicName) => publicName.split('.').reduce((object, key) => object[key], api)

for (const name of names.split(',')) {
  const f = functionOf(name)
  console.log(textOf(hashOf((x, out) => f(x, { out }), 0, countOf(stride), stride)))
}
