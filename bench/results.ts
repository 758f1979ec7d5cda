// What the benchmarks measured, kept in bench/results/: one file for each machine and kind.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Spread } from './measure'

export type Machine = ReturnType<typeof machine>

/** One contestant on one input. Times are nanoseconds per element. */
export interface Timing {
  function: string
  /** Who was timed, such as 'avx512' or 'plain loop'. */
  who: string
  way: string
  input: string
  length: number
  ns: Spread
  /** The largest error in ULP on this input, where it was measured. null: not finite. */
  maxUlp?: number | null
}

/** What the two programs of the article in bench/peers/article.py compute. */
export interface Article {
  /** The library and its version. */
  who: string
  programs: { x: number[]; y: number[] }[]
}

export type Kind = 'bench' | 'peers' | 'bulk' | 'load'

export interface Results {
  kind: Kind
  date: string
  softplus: { version: string; commit: string }
  machine: Machine
  timings: Timing[]
  /** More about each contestant: version, threads, instruction set. */
  about: Record<string, string>
  /** Contestants that could not be timed here, and why. */
  missing: Record<string, string>
  article?: Article
  /** Rows of figures that are no timings: what, the target, and what was measured. */
  figures?: string[][]
}

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'bench', 'results')

// The name "AMD EPYC" stands for six generations of processors. Family and model tell which.
function cpuName(): string {
  const name = cpus()[0]?.model.trim() || 'unknown CPU'
  const info = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : ''
  const [, family, model] = /^cpu family\s*: (\d+)\nmodel\s*: (\d+)/m.exec(info) ?? []
  return family ? `${name}, family ${family} model ${model}` : name
}

function caches(): Record<string, string> {
  const of = '/sys/devices/system/cpu/cpu0/cache'
  const read = (index: string, name: string) => readFileSync(join(of, index, name), 'utf8').trim()
  const all = existsSync(of) ? readdirSync(of).filter((name) => name.startsWith('index')) : []
  const data = all.filter((index) => read(index, 'type') !== 'Instruction')
  const nameOf = (index: string) =>
    `L${read(index, 'level')}${read(index, 'type') === 'Data' ? 'd' : ''}`
  return Object.fromEntries(data.map((index) => [nameOf(index), read(index, 'size')]))
}

export const machine = () => ({
  cpu: cpuName(),
  cores: availableParallelism(),
  /** The first core's, such as { L1d: '48K' }. Empty where the system is not Linux. */
  caches: caches(),
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  system: `${platform()} ${release()}, ${arch()}`,
  node: process.version,
})

/** Such as 'Node 20'. */
export const nodeOf = ({ node }: Machine): string => `Node ${Number.parseInt(node.slice(1), 10)}`

const slugOf = (machine: Machine): string =>
  `${machine.cpu} ${machine.cores} cores ${nodeOf(machine)}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')

/** The machine in one line. */
export function machineLine({ cpu, cores, caches, memory, system, node }: Machine): string {
  const sizes = Object.entries(caches).map(([name, size]) => `${name} ${size}`)
  const parts = [`${cores} cores of ${cpu}`, sizes.join(', '), memory, system, `Node ${node}`]
  return parts.filter(Boolean).join('; ')
}

function commit(): string {
  try {
    const args = ['describe', '--always', '--dirty', '--exclude=*']
    return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  } catch {
    return 'no git'
  }
}

/** Writes the results of this machine and this major version of Node, over the earlier ones of this kind. */
export function keep(
  kind: Kind,
  { timings, ...rest }: Omit<Results, 'kind' | 'date' | 'softplus' | 'machine'>,
) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const softplus = { version, commit: commit() }
  const here = machine()
  const head = { kind, date: new Date().toISOString(), softplus, machine: here, ...rest }
  const short = (_: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value
  // One timing on a line, so that a diff shows what changed.
  const lines = timings.map((timing) => `    ${JSON.stringify(timing, short)}`).join(',\n')
  const path = join(folder, `${kind}-${slugOf(here)}.json`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    path,
    `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "timings": [\n${lines}\n  ]\n}\n`,
  )
  console.error(`bench: wrote ${path}`)
}

/** The names of the files in bench/results/. */
export const keptFiles = (): string[] => (existsSync(folder) ? readdirSync(folder) : [])

/** The results of every machine and version of Node, the newest first. */
export function kept(kind: Kind, names = keptFiles()): Results[] {
  return names
    .filter((name) => name.startsWith(`${kind}-`) && name.endsWith('.json'))
    .map((name): Results => JSON.parse(readFileSync(join(folder, name), 'utf8')))
    .sort((a, b) => Date.parse(b.date) - Date.parse(a.date))
}

/** The way of timings in bench/peers.ts. */
export const ownProcess = 'in a process of its own'

/**
 * Nanoseconds per element. Contestants of one process take hundreds of turns, and the median counts. Libraries in processes
 * of their own take fifteen, and the least counts: other load on the machine only adds, and not to all alike.
 */
export const nsOf = ({ way, ns }: Timing): number => (way === ownProcess ? ns.least : ns.median)

/** The one timing that has these values. @throws {Error} if there is none or more than one. */
export function timingOf(timings: Timing[], wanted: Partial<Timing>): Timing {
  const found = timings.filter((timing) =>
    Object.entries(wanted).every(([key, value]) => timing[key as keyof Timing] === value),
  )
  if (found.length !== 1)
    throw new Error(`one timing must be ${JSON.stringify(wanted)}; got ${found.length}`)
  return found[0]
}

export const medianOf = (timings: Timing[], wanted: Partial<Timing>): number =>
  timingOf(timings, wanted).ns.median
