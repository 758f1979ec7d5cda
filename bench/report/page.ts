// The report: one page with every chart and table, which opens without a network.

import { machineLine, type Results } from '../results'
import {
  againstSize,
  gigabyteLines,
  nsLines,
  speedAndError,
  timeAgainstSize,
  timeByInput,
} from './charts'
import type { Found } from './documents'
import { escaped, html } from './table'
import { benchTables, peerTables } from './tables'

const style = `
:root { color-scheme: light dark; --page: #ffffff; --text: #1f2328; --line: #d1d9e0; }
@media (prefers-color-scheme: dark) { :root { --page: #0d1117; --text: #e6edf3; --line: #3d444d; } }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
figure { margin: 2rem 0; overflow-x: auto; }
figcaption, caption { font-weight: 600; text-align: left; padding-bottom: 0.5rem; }
div.table { overflow-x: auto; margin: 1.5rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.875rem; }
th, td { border-bottom: 1px solid var(--line); padding: 0.2rem 0.6rem; text-align: right; white-space: nowrap; }
th:first-child { text-align: left; font-weight: 400; }
thead th { font-weight: 600; }`

const figureOf = (caption: string, svg: string): string =>
  `<figure><figcaption>${escaped(caption)}</figcaption>${svg}</figure>`

const made = ({ command, date, softplus, machine }: Results): string =>
  `<p><code>${escaped(command)}</code>, ${escaped(date)}, softplus ${escaped(softplus.version)} ` +
  `(commit ${escaped(softplus.commit)}). ${escaped(machineLine(machine))}.</p>`

const list = (entries: Record<string, string>): string =>
  `<ul>${Object.entries(entries)
    .map(([name, text]) => `<li>${escaped(name)}: ${escaped(text)}</li>`)
    .join('')}</ul>`

function chartsOf(bench: Results, peers: Results): string {
  const rowsOf = (name: string) =>
    bench.rows.filter(
      (row) => row.function === name && (row.way === 'in place' || row.way === 'into out'),
    )
  const others = ['derivative', 'withDerivative', 'inverse'].map((name) =>
    figureOf(
      `${name}: time per element against size`,
      againstSize(name, 'ns per element, one thread', nsLines(rowsOf(name)), bench.machine),
    ),
  )
  return [
    figureOf('softplus: time per element against size', timeAgainstSize(bench, peers)),
    figureOf('Time and largest error', speedAndError(peers)),
    figureOf(
      'Read and written per second against size',
      againstSize(
        'softplus and ReLU',
        'GB/s, one thread',
        gigabyteLines(bench.rows),
        bench.machine,
      ),
    ),
    figureOf('Time by input', timeByInput(bench)),
    ...others,
  ].join('\n')
}

export const pageOf = ({ bench, peers }: Found): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>softplus: benchmarks</title>
<style>${style}</style>
</head>
<body>
<h1>softplus: benchmarks</h1>
${made(bench)}
${made(peers)}
${chartsOf(bench, peers)}
<h2>Every backend, ReLU and the plain loop</h2>
${benchTables(bench)
  .map((table) => `<div class="table">${html(table)}</div>`)
  .join('\n')}
<h2>Other libraries</h2>
${peerTables(peers)
  .map((table) => `<div class="table">${html(table)}</div>`)
  .join('\n')}
${list(peers.about)}
${Object.keys(peers.missing).length === 0 ? '<p>None was missing.</p>' : `<p>Missing:</p>${list(peers.missing)}`}
</body>
</html>
`
