// npm run bench -- report: writes the charts in docs/ and the tables of README.md and docs/performance.md from bench/results/.
//
// A table stands between <!-- bench: NAME --> and <!-- /bench -->. The rest of those documents is written by hand.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { speedAndError, timeAgainstSize } from './charts'
import { usual } from './inputs'
import { peerTables } from './peers'
import { benchTables } from './questions'
import { kept, keptFiles, machineLine, type Results, type Timing } from './results'
import { markdown, type Table } from './table'

type Found = Record<'bench' | 'peers', Results[]>

const commands = { bench: 'npm run bench', peers: 'npm run bench -- peers' }

function machines({ bench, peers }: Found): string {
  const lines = [...bench, ...peers].map(({ kind, date, machine, softplus }) => {
    const of = `\`${commands[kind]}\`, ${date.slice(0, 10)}, commit ${softplus.commit}`
    return `- ${of}: ${machineLine(machine)}`
  })
  return lines.join('\n')
}

// One table for each machine that has such timings.
function tables(all: Results[], table: (timings: Timing[]) => Table): string {
  const made = all.map(({ machine, timings }) => {
    const { title, ...rest } = table(timings)
    return { title: `${machine.cpu}: ${title}`, ...rest }
  })
  return made
    .filter(({ rows }) => rows.length > 0)
    .map(markdown)
    .join('\n\n')
}

// A few sizes on the fastest machine.
function readme({ bench: [{ timings }] }: Found): string {
  const lengths = [4, 10, 14, 20, 26].map((n) => 2 ** n)
  const table = benchTables.softplus(timings.filter(({ length }) => lengths.includes(length)))
  return markdown({ ...table, title: `ns per element, one thread, in place, ${usual}` })
}

function about({ peers }: Found): string {
  const of = peers.map(({ machine, about, missing }) => [
    `**${machine.cpu}**\n`,
    ...Object.entries(about).map(([who, text]) => `- ${who}: ${text}`),
    ...Object.entries(missing).map(([who, why]) => `- ${who} is missing: ${why}`),
  ])
  return of.map((lines) => lines.join('\n')).join('\n\n')
}

const blocks: Record<string, (found: Found) => string> = {
  machines,
  'readme softplus': readme,
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

/** Every file that is made of these files in bench/results/, by its path. `read` gives a document's present text. */
export function made(names: string[], read: (path: string) => string): Record<string, string> {
  const found = { bench: kept('bench', names), peers: kept('peers', names) }
  for (const [kind, results] of Object.entries(found))
    if (results.length === 0) throw new Error(`bench/results/ must have a ${kind}-*.json; got none`)
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
