// Runs a bundle without anything that browsers do not have.
//
//   node browser.mjs FILE [script]     as a module, or as a script
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const [file, kind] = process.argv.slice(2)
for (const name of ['Buffer', 'clearImmediate', 'global', 'process', 'setImmediate'])
  delete globalThis[name]
// As in a script of a page: neither require nor module is in scope.
if (kind === 'script') globalThis.eval(readFileSync(file, 'utf8'))
else await import(pathToFileURL(file))
