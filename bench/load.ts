// npm run bench -- load: how much longer a process takes that loads the package. Half a minute.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { spreadOf } from './measure'
import { machine } from './results'
import { atMost, report } from './targets'

function milliseconds(script: string): number {
  const started = performance.now()
  execFileSync(process.execPath, ['-e', script])
  return performance.now() - started
}

export function main(): void {
  const load = `require(${JSON.stringify(fileURLToPath(new URL('..', import.meta.url)))})`
  const differences = Array.from({ length: 100 }, () => milliseconds(load) - milliseconds('0'))
  const what = 'a process that loads the package over an empty one, median of 100, ms'
  report(machine().cpu, [atMost(what, 10, spreadOf(differences).median)])
}
