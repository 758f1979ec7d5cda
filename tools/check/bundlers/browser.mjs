// Runs a bundle without anything that browsers do not have, until it has printed a line.
//
//   node browser.mjs FILE [script]     as a module, or as a script
import { readFileSync, writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { runInThisContext } from 'node:vm'

const [file, kind] = process.argv.slice(2)
const { exit } = process
// A page stays, and so would the channel by which async takes turns.
console.log = (line) => {
  writeSync(1, `${line}\n`)
  exit()
}
for (const name of ['Buffer', 'clearImmediate', 'global', 'process', 'setImmediate'])
  delete globalThis[name]
// In a script of a page neither require nor module is in scope.
if (kind === 'script') runInThisContext(readFileSync(file, 'utf8'))
else await import(pathToFileURL(file))
