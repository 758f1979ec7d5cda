// npm run bench:report: what npm run bench and npm run bench:peers found last, as bench/report.html, as charts in docs/,
// and as the tables of README.md and docs/performance.md. A second.
//
// Exit code 2 if nothing was found yet.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { speedAndError, timeAgainstSize } from './report/charts'
import { type Found, filled } from './report/documents'
import { pageOf } from './report/page'
import { newest } from './results'

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

function found(): Found {
  const [bench, peers] = [newest('bench'), newest('peers')]
  if (bench && peers) return { bench, peers }
  console.error(
    `bench:report: bench/results/ has nothing of ${bench ? 'npm run bench:peers' : 'npm run bench'} yet`,
  )
  process.exit(2)
}

const all = found()
const files: Record<string, string> = {
  'bench/report.html': pageOf(all),
  'docs/time-against-size.svg': `${timeAgainstSize(all.bench, all.peers)}\n`,
  'docs/speed-and-error.svg': `${speedAndError(all.peers)}\n`,
  'README.md': filled(readFileSync(at('README.md'), 'utf8'), all),
  'docs/performance.md': filled(readFileSync(at('docs/performance.md'), 'utf8'), all),
}
for (const [path, content] of Object.entries(files)) {
  writeFileSync(at(path), content)
  console.error(`bench:report: ${path}`)
}
