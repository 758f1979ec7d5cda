// npm run bench -- report: writes the charts in docs/ and the tables of README.md and docs/performance.md from bench/results/.
//
// A table stands between <!-- bench: NAME --> and <!-- /bench -->. The rest of those documents is written by hand.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { speedAndError, timeAgainstSize } from './charts'
import { usual } from './inputs'
import { articleTable, peerTables } from './peers'
import { benchTables, ns, size } from './questions'
import { plainLoop } from './races'
import {
  type Kind,
  kept,
  keptFiles,
  machineLine,
  nodeOf,
  nsOf,
  type Results,
  type Timing,
  timingOf,
} from './results'
import { figure, markdown, pivot, type Table } from './table'
import { nameOf } from './targets'

/** The results of each machine with its oldest Node, and of `npm run bench` with every Node. */
type Found = Record<Kind | 'everyNode', Results[]>

const commandOf = (kind: Kind) => (kind === 'bench' ? 'npm run bench' : `npm run bench -- ${kind}`)

function machines({ everyNode, peers, bulk, load }: Found): string {
  const lines = [...everyNode, ...peers, ...bulk, ...load].map(
    ({ kind, date, machine, softplus }) => {
      const of = `\`${commandOf(kind)}\`, ${date.slice(0, 10)}, commit ${softplus.commit}`
      return `- ${of}: ${machineLine(machine)}`
    },
  )
  return lines.join('\n')
}

// One table for each machine that has such timings.
function tables(all: Results[], table: (timings: Timing[]) => Table): string {
  const made = all.map(({ machine, timings }) => {
    const { title, ...rest } = table(timings)
    return { title: `${nameOf(machine.cpu)}: ${title}`, ...rest }
  })
  return made
    .filter(({ rows }) => rows.length > 0)
    .map(markdown)
    .join('\n\n')
}

// A few sizes.
function readme({ bench }: Found): string {
  const lengths = [4, 10, 14, 20, 26].map((n) => 2 ** n)
  return tables(bench, (timings) => {
    const table = benchTables.softplus(timings.filter(({ length }) => lengths.includes(length)))
    return { ...table, title: `ns per element, one thread, in place, ${usual}` }
  })
}

// What holds on every machine that has these contestants.
function fast({ peers }: Found): string {
  const at = ({ timings }: Results, who: string) =>
    nsOf(timingOf(timings, { who, length: 2 ** 20, input: usual }))
  const both = ['avx512', 'avx2']
  const times = (machine: Results) => both.map((who) => figure(at(machine, who))).join(' and ')
  const over = (...others: string[]) =>
    both.map((who, i) => {
      const other = others[i] ?? others[0]
      const least = Math.min(...peers.map((machine) => at(machine, other) / at(machine, who)))
      // Rounded down.
      return String(least < 10 ? Math.floor(least * 10) / 10 : Math.floor(least))
    })
  const on = peers.map((machine) => `${times(machine)} on ${nameOf(machine.machine.cpu)}`)
  const [loop, torch, oneDnn] = [
    over(plainLoop),
    over('PyTorch avx512', 'PyTorch'),
    over('oneDNN', 'oneDNN avx2'),
  ].map((least) => least.join(' and '))
  return [
    '- **Fast.** Nanoseconds per element with AVX-512 and AVX2, on one thread:',
    `  ${on.join(', ')}.`,
    `  On each of them at least ${loop} times as fast as a plain JavaScript loop, ${torch} times as fast as`,
    `  PyTorch, and ${oneDnn} times as fast as oneDNN with the same instructions`,
    '  ([performance](docs/performance.md), `npm run bench -- peers`).',
  ].join('\n')
}

// WebAssembly in each version of Node: relaxed SIMD came with Node 22.
function wasm({ everyNode }: Found): string {
  const [newest] = everyNode
  const lengths = [4, 10, 14, 20].map((n) => 2 ** n)
  const timings = everyNode
    .filter(({ machine }) => machine.cpu === newest.machine.cpu)
    .toReversed()
    .flatMap(({ machine, timings }) =>
      timings
        .filter(({ way, who }) => way === 'in place' && ['wasm', 'js', plainLoop].includes(who))
        .filter((timing) => timing.function === 'softplus' && lengths.includes(timing.length))
        .map((timing) => ({ ...timing, who: `${timing.who}, ${nodeOf(machine)}` })),
    )
  const title = `${nameOf(newest.machine.cpu)}: softplus in place, ns per element`
  return markdown(pivot(title, timings, ({ who }) => who, size, ns))
}

function article({ peers }: Found): string {
  const [found] = peers.flatMap(({ article }) => article ?? [])
  return found ? markdown(articleTable(found)) : ''
}

function about({ peers }: Found): string {
  const of = peers.map(({ machine, about, missing }) => [
    `**${nameOf(machine.cpu)}**\n`,
    ...Object.entries(about).map(([who, text]) => `- ${who}: ${text}`),
    ...Object.entries(missing).map(([who, why]) => `- ${who} is missing: ${why}`),
  ])
  return of.map((lines) => lines.join('\n')).join('\n\n')
}

function figures(all: Results[]): string {
  const made = all.map(({ machine, figures = [] }) => {
    const rows = figures.map((row) => row.slice(0, 3))
    return markdown({ title: nameOf(machine.cpu), head: ['', 'target', 'measured'], rows })
  })
  return made.join('\n\n')
}

const blocks: Record<string, (found: Found) => string> = {
  machines,
  bulk: ({ bulk }) => figures(bulk),
  load: ({ load }) => figures(load),
  'readme softplus': readme,
  'readme fast': fast,
  wasm,
  article,
  'peers about': about,
}
for (const [name, table] of Object.entries(benchTables))
  blocks[name] = ({ bench }) => tables(bench, table)
for (const [name, table] of Object.entries(peerTables))
  blocks[name] = ({ peers }) => tables(peers, table)

const filled = (document: string, found: Found): string =>
  document.replace(/<!-- bench: (.+?) -->\n[\s\S]*?<!-- \/bench -->/g, (_, name: string) => {
    if (!(name in blocks))
      throw new Error(`a block must be one of ${Object.keys(blocks).join(', ')}; got ${name}`)
    return `<!-- bench: ${name} -->\n\n${blocks[name](found)}\n\n<!-- /bench -->`
  })

const withOldestNode = (all: Results[]): Results[] =>
  all.filter(
    ({ machine }) =>
      !all.some(
        (other) => other.machine.cpu === machine.cpu && nodeOf(other.machine) < nodeOf(machine),
      ),
  )

/** Every file that is made of these files in bench/results/, by its path. `read` gives a document's present text. */
export function made(names: string[], read: (path: string) => string): Record<string, string> {
  const of = (kind: Kind) => withOldestNode(kept(kind, names))
  const found = {
    ...{ bench: of('bench'), peers: of('peers'), bulk: of('bulk'), load: of('load') },
    everyNode: kept('bench', names),
  }
  for (const kind of ['bench', 'peers'] as const)
    if (found[kind].length === 0)
      throw new Error(`bench/results/ must have a ${kind}-*.json; got none`)
  return {
    'docs/time-against-size.svg': timeAgainstSize(found.bench[0], found.peers[0]),
    'docs/speed-and-error.svg': speedAndError(found.peers[0]),
    'README.md': filled(read('README.md'), found),
    'docs/performance.md': filled(read('docs/performance.md'), found),
  }
}

export function main(): void {
  const files = made(keptFiles(), (path) => {
    return readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8')
  })
  for (const [path, content] of Object.entries(files)) {
    writeFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), content)
    console.error(`bench: wrote ${path}`)
  }
}
