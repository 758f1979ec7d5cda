// npm run bench -- load: how long it takes to load the package, and WebAssembly up to the first result. Half a minute.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { spreadOf } from './measure'
import { keep, machine } from './results'
import { atMost, report } from './targets'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = (script: string) => execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })

function milliseconds(script: string): number {
  const started = performance.now()
  run(script)
  return performance.now() - started
}

// Reads softplus/js, compiles and instantiates a module, and computes, in a process of its own.
const firstCall = `
const started = performance.now()
const { backend, softplus } = require(${JSON.stringify(`${root}dist/js.cjs`)})
softplus(new Float32Array(16))
if (backend.name !== 'wasm') throw new Error(backend.name)
console.log(performance.now() - started)`

const median = (readings: () => number, count: number) =>
  spreadOf(Array.from({ length: count }, readings)).median

export function main(): void {
  const load = `require(${JSON.stringify(root)})`
  const figures = report(machine().cpu, [
    atMost(
      'a process that loads the package over an empty one, median of 100, ms',
      10,
      median(() => milliseconds(load) - milliseconds('0'), 100),
    ),
    atMost(
      'softplus/js, read, compiled and called for the first time, median of 100, ms',
      10,
      median(() => Number(run(firstCall)), 100),
    ),
  ])
  keep('load', { timings: [], about: {}, missing: {}, figures })
}
