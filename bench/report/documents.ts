// The figures in README.md and docs/performance.md: what stands between <!-- bench: NAME --> and <!-- /bench --> is
// made of what was found, by npm run bench:report.
import { usual } from '../inputs'
import { machineLine, type Results, type Row } from '../results'
import { markdown, type Table } from './table'
import {
  asyncTable,
  benchInputTable,
  callTable,
  everyFunctionTable,
  functionTables,
  peerInputTable,
  peerLengthTable,
  peerTable,
} from './tables'

export interface Found {
  bench: Results
  peers: Results
}

const source = ({ command, date, machine, softplus }: Results): string =>
  `\`${command}\`, ${date.slice(0, 10)}, commit ${softplus.commit}: ${machineLine(machine)}.`

const list = (entries: Record<string, string>): string =>
  Object.entries(entries)
    .map(([name, text]) => `- ${name}: ${text}`)
    .join('\n')

const missing = ({ missing }: Results): string =>
  Object.keys(missing).length === 0 ? 'None was missing.' : `Missing:\n\n${list(missing)}`

const readmeLengths = [4, 10, 14, 20, 26].map((n) => 2 ** n)
const forReadme = (rows: Row[]): Table => ({
  ...functionTables(
    rows.filter(({ length }) => readmeLengths.includes(length)),
    'softplus',
  )[0],
  title: `ns per element, one thread, in place, ${usual}`,
})

const parts: Record<string, (found: Found) => string> = {
  'bench source': ({ bench }) => source(bench),
  'peers source': ({ peers }) => source(peers),
  'readme softplus': ({ bench }) => markdown(forReadme(bench.rows)),
  'every function': ({ bench }) => markdown(everyFunctionTable(bench.rows)),
  inputs: ({ bench }) => markdown(benchInputTable(bench.rows)),
  async: ({ bench }) => markdown(asyncTable(bench.rows)),
  calls: ({ bench }) => markdown(callTable(bench.rows)),
  peers: ({ peers }) => markdown(peerTable(peers)),
  'peers by input': ({ peers }) => markdown(peerInputTable(peers)),
  'peers by length': ({ peers }) => markdown(peerLengthTable(peers)),
  'peers about': ({ peers }) => `${list(peers.about)}\n\n${missing(peers)}`,
  ...Object.fromEntries(
    ['softplus', 'derivative', 'withDerivative', 'inverse'].map((name) => [
      name,
      ({ bench }: Found) => functionTables(bench.rows, name).map(markdown).join('\n\n'),
    ]),
  ),
}

/** The document with its parts made anew. @throws {Error} if it asks for a part that there is none of. */
export const filled = (document: string, found: Found): string =>
  document.replace(/<!-- bench: (.+?) -->\n[\s\S]*?<!-- \/bench -->/g, (_, name: string) => {
    const part = parts[name]
    if (!part)
      throw new Error(`there is no part "${name}"; there are ${Object.keys(parts).join(', ')}`)
    return `<!-- bench: ${name} -->\n\n${part(found)}\n\n<!-- /bench -->`
  })
