// What a benchmark found, as bench/results/ keeps it: on which machine, with which versions, on which inputs.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Spread } from './measure'

export interface Machine {
  cpu: string
  cores: number
  /** Of the first core, as Linux tells it, such as { L1d: '48K' }; empty elsewhere. */
  caches: Record<string, string>
  memory: string
  system: string
  node: string
}

/** One contestant on one input: times are nanoseconds per element. */
export interface Row {
  function: string
  /** Who was timed, such as 'avx512' or 'plain loop'. */
  who: string
  way: string
  input: string
  length: number
  ns: Spread
  /** How long it took over ReLU's time, native, in the same race; where ReLU took part. */
  overRelu?: number
  /** How many times as fast as the plain JavaScript loop it was in the same race, where that took part. */
  timesPlain?: number
  /** The largest error in ULP on this very input, where it was measured. */
  maxUlp?: number
}

export interface Results {
  kind: 'bench' | 'peers'
  command: string
  date: string
  softplus: { version: string; commit: string }
  machine: Machine
  rows: Row[]
  /** What else is known of who was timed: version, threads, instruction set. */
  about: Record<string, string>
  /** Who could not be timed here, and why. */
  missing: Record<string, string>
}

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'bench', 'results')

const firstLine = (path: string, pattern: RegExp): string | undefined =>
  existsSync(path) ? pattern.exec(readFileSync(path, 'utf8'))?.[1] : undefined

// "AMD EPYC" alone may be any of six generations.
function cpuName(): string {
  const model = cpus()[0]?.model.trim() || 'unknown CPU'
  const family = firstLine('/proc/cpuinfo', /^cpu family\s*: (\d+)/m)
  const number = firstLine('/proc/cpuinfo', /^model\s*: (\d+)/m)
  return family && number ? `${model}, family ${family} model ${number}` : model
}

function caches(): Record<string, string> {
  const of = '/sys/devices/system/cpu/cpu0/cache'
  if (!existsSync(of)) return {}
  const read = (index: string, name: string) => readFileSync(join(of, index, name), 'utf8').trim()
  return Object.fromEntries(
    readdirSync(of)
      .filter((name) => name.startsWith('index') && read(name, 'type') !== 'Instruction')
      .map((index) => [
        `L${read(index, 'level')}${read(index, 'type') === 'Data' ? 'd' : ''}`,
        read(index, 'size'),
      ]),
  )
}

export const machine = (): Machine => ({
  cpu: cpuName(),
  cores: availableParallelism(),
  caches: caches(),
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  system: `${platform()} ${release()}, ${arch()}`,
  node: process.version,
})

/** The machine as part of a file's name. */
export const slugOf = ({ cpu, cores }: Machine): string =>
  `${cpu} ${cores} cores`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')

/** In a sentence. */
export const machineLine = ({ cpu, cores, caches, memory, system, node }: Machine): string =>
  [
    `${cores} cores of ${cpu}`,
    Object.entries(caches)
      .map(([name, size]) => `${name} ${size}`)
      .join(', '),
    memory,
    system,
    `Node ${node}`,
  ]
    .filter(Boolean)
    .join('; ')

function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
    return (
      git('rev-parse', '--short', 'HEAD') +
      (git('status', '--porcelain', 'native', 'src') ? ' and changes' : '')
    )
  } catch {
    return 'no git'
  }
}

/** Writes what was found beside what was found on other machines, over what this one found before. Returns the path. */
export function keep(
  kind: Results['kind'],
  command: string,
  found: Pick<Results, 'rows' | 'about' | 'missing'>,
): string {
  const here = machine()
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const results: Results = {
    kind,
    command,
    date: new Date().toISOString(),
    softplus: { version, commit: commit() },
    machine: here,
    ...found,
  }
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${kind}-${slugOf(here)}.json`)
  const short = (_: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value
  // A row a line: a diff shows what changed.
  const { rows, ...rest } = results
  const head = JSON.stringify(rest, short, 2).replace(/\n}$/, '')
  const lines = rows.map((row) => `    ${JSON.stringify(row, short)}`).join(',\n')
  writeFileSync(path, `${head},\n  "rows": [\n${lines}\n  ]\n}\n`)
  return path
}

/** The files that npm run bench and npm run bench:peers have written. */
export const keptFiles = (): string[] => (existsSync(folder) ? readdirSync(folder) : [])

/** What was kept last of a kind, on whichever machine; undefined if nothing was. */
export const newest = (kind: Results['kind'], among = keptFiles()): Results | undefined =>
  among
    .filter((name) => name.startsWith(`${kind}-`) && name.endsWith('.json'))
    .map((name): Results => JSON.parse(readFileSync(join(folder, name), 'utf8')))
    .sort((a, b) => a.date.localeCompare(b.date))
    .at(-1)

/** The one row that has these values. @throws {Error} if there is none or more than one. */
export function rowOf(rows: Row[], wanted: Partial<Row>): Row {
  const found = rows.filter((row) =>
    Object.entries(wanted).every(([key, value]) => row[key as keyof Row] === value),
  )
  if (found.length !== 1)
    throw new Error(`${found.length} rows are ${JSON.stringify(wanted)}; expected one`)
  return found[0]
}
