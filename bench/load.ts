// npm run bench:load: how much longer a process takes that loads the package, than one that does nothing. Half a minute.
//
// Prints medians to stdout. Exit code 1 if it is more than what is promised.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { spreadOf } from './measure'
import { atMost, conclude } from './promises'

const root = fileURLToPath(new URL('..', import.meta.url))

function milliseconds(script: string): number {
  const started = performance.now()
  const { status } = spawnSync(process.execPath, ['-e', script], { cwd: root })
  if (status !== 0) throw new Error(`node -e "${script}" ended with ${status}`)
  return performance.now() - started
}

const load = `require(${JSON.stringify(root)})`
const pairs = Array.from({ length: 100 }, () => [milliseconds('0'), milliseconds(load)])
const { median } = spreadOf(pairs.map(([empty, loaded]) => loaded - empty))
console.log(
  `an empty process ${spreadOf(pairs.map(([empty]) => empty)).median.toFixed(1)} ms, ` +
    `one that loads softplus ${median.toFixed(1)} ms more (medians of ${pairs.length})`,
)
atMost('loading the package, ms', 10, median)
conclude()
