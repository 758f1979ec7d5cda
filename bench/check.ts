// npm run bench -- check [COMMIT] [--margin PERCENT] [--processes N] [--only WORD...]: did a change make something slower, or
// faster? Compares this tree with a build of COMMIT. Six minutes, and the first time half a minute to build it.
//
// Default of COMMIT: the last release; without one, where this branch left main; on main, the commit before. `--margin`: by how
// much a ratio must differ from 1 to count, 5 by default. `--processes`: how many measure each backend, 4 by default, with
// `--only` 8. `--only`, the last option: what has all these words in its name, as in `--only avx2 derivative`; prints every
// ratio of it.
//
// Each process loads both builds and lets them answer a question in turns, so other load on the machine slows both alike. Every
// second process loads them in the other order, as V8 may favour either. A ratio is the median of several processes. Where it is
// beyond the margin, it is measured again in others, and printed if it is beyond it again and all these agree which build is
// slower. Exit code 0: nothing is slower; 1: something is; 2: the builds cannot be compared.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Build, buildOf, thisTree } from './builds'
import { spreadOf } from './measure'
import { type Job, load, questionsOf, type Readings } from './pairs'
import { machine, machineLine } from './results'
import { figure, markdown } from './table'

interface Ratio {
  name: string
  /** Medians, ns per element. */
  before: number
  after: number
  /** Of the time after over the time before: a ratio for each process. */
  ratios: number[]
}

const median = (values: number[]) => spreadOf(values).median

function readingsOf(job: Job): Readings {
  const child = fileURLToPath(new URL('pairs.ts', import.meta.url))
  const { status, stdout } = spawnSync(
    process.execPath,
    [...process.execArgv, child, JSON.stringify(job)],
    { encoding: 'utf8', maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  if (status !== 0) throw new Error(`a process that measures must exit with 0; got ${status}`)
  return JSON.parse(stdout)
}

interface Plan {
  folders: Job['folders']
  /** The names of the questions of each backend. */
  asked: Map<string, string[]>
  processes: number
  pairs: number
}

function measure({ folders, asked, processes, pairs }: Plan): Ratio[] {
  const found = new Map<string, Ratio[]>()
  for (let process = 1; process <= processes; process++)
    for (const [backend, names] of asked) {
      if (names.length === 0) continue
      console.error(
        `bench: ${backend || 'default'}, ${names.length} questions, ${process} of ${processes}`,
      )
      const isSwapped = process % 2 === 0
      const loaded: Job['folders'] = isSwapped ? [folders[1], folders[0]] : folders
      const readings = readingsOf({ folders: loaded, backend, names, pairs })
      for (const [name, measured] of Object.entries(readings)) {
        const all = isSwapped ? measured.map(([after, before]) => [before, after]) : measured
        const [before, after] = [0, 1].map((build) => median(all.map((pair) => pair[build])))
        const ratios = [median(all.map(([before, after]) => after / before))]
        found.set(name, [...(found.get(name) ?? []), { name, before, after, ratios }])
      }
    }
  return [...found].map(([name, all]) => ({
    name,
    before: median(all.map(({ before }) => before)),
    after: median(all.map(({ after }) => after)),
    ratios: all.flatMap(({ ratios }) => ratios),
  }))
}

const isBeyond = ({ ratios }: Ratio, margin: number) => Math.abs(median(ratios) - 1) > margin

const areUnanimous = ({ ratios }: Ratio) =>
  ratios.every((ratio) => ratio > 1) || ratios.every((ratio) => ratio < 1)

function print(title: string, found: Ratio[]): void {
  const rows = found.map(({ name, before, after, ratios }) => {
    const { least, median } = spreadOf(ratios)
    const range = [least, Math.max(...ratios)].map((ratio) => ratio.toFixed(3)).join(' to ')
    return [name, figure(before), figure(after), median.toFixed(3), range]
  })
  const head = ['', 'before, ns', 'after, ns', 'after / before', 'by process']
  console.log(`\n${markdown({ title, head, rows })}`)
}

function backendsOf(builds: Build[]): string[] {
  const [before, after] = builds.map(({ folder }) => load(folder, '').backend.available)
  return ['', ...after.filter((name) => before.includes(name))]
}

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    options: {
      margin: { type: 'string', default: '5' },
      processes: { type: 'string' },
      only: { type: 'boolean' },
    },
    allowPositionals: true,
  })
  const only = args.indexOf('--only')
  const words = only === -1 ? [] : args.slice(only + 1)
  const [commit] = positionals.filter((word) => !words.includes(word))
  const margin = Number(values.margin) / 100
  if (!(margin > 0)) throw new Error(`--margin must be above 0; got ${values.margin}`)
  const isAll = words.length === 0
  const processes = Number(values.processes ?? (isAll ? 4 : 8))
  if (!(Number.isInteger(processes) && processes > 0))
    throw new Error(`--processes must be a whole number above 0; got ${values.processes}`)
  const before = buildOf(commit)
  const folders: Job['folders'] = [before.folder, thisTree.folder]
  const asked = new Map(
    backendsOf([before, thisTree]).map((backend) => [
      backend,
      [...questionsOf(backend)]
        .map(({ name }) => name)
        .filter((name) => words.every((word) => name.includes(word))),
    ]),
  )
  const count = [...asked.values()].flat().length
  if (count === 0) throw new Error(`--only must be words of names; got ${words.join(' ')}`)
  console.log(`${machineLine(machine())}; before: ${before.name}, after: ${thisTree.name}`)

  const first = measure({ folders, asked, processes, pairs: isAll ? 5 : 9 })
  if (!isAll) print('All that was asked', first)
  const candidates = first.filter((ratio) => isBeyond(ratio, margin)).map(({ name }) => name)
  const again = new Map(
    [...asked].map(([backend, names]) => [
      backend,
      names.filter((name) => candidates.includes(name)),
    ]),
  )
  const moved = measure({ folders, asked: again, processes: 6, pairs: 9 }).filter(
    (ratio) => isBeyond(ratio, margin) && areUnanimous(ratio),
  )
  const [slower, faster] = [1, -1].map((sign) =>
    moved.filter(({ ratios }) => (median(ratios) - 1) * sign > 0),
  )
  if (slower.length > 0) print('Slower', slower)
  if (faster.length > 0) print('Faster', faster)
  if (first.length < count)
    console.log(`\n${count - first.length} are not compared: ${before.name} cannot answer them`)
  const counts = `${slower.length} slower and ${faster.length} faster`
  console.log(`\nOf ${first.length}, ${counts} by more than ${values.margin} % than ${before.name}`)
  process.exitCode = slower.length === 0 ? 0 : 1
}
