// npm run bench -- peers [--install]: softplus beside other libraries, in speed and in accuracy. Each runs in a process and one
// thread of its own; for every input they take turns, three times. About four minutes; the first run installs npm packages into
// bench/peers/.
//
// `--install` first makes a virtual environment in bench/peers/venv/ for each file in bench/peers/requirements/. It needs
// Python 3.11 with venv, and up to 10 GB of disk.
//
// A library that cannot run is listed with the reason. Exit code 1 if a target of this processor was missed.
import { type SpawnSyncOptions, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createInstance } from '../src/backend/wasm/instance'
import { inputs, usual } from './inputs'
import { spreadOf } from './measure'
import { type Peer, type StartedPeer, startPeer, type Task } from './peer'
import { ns, size, who } from './questions'
import { backends, plainLoop } from './races'
import { type Article, keep, machine, machineLine, nsOf, ownProcess, type Timing } from './results'
import { figure, markdown, pivot, power, type Table } from './table'
import { atLeast, type Bound, report, type Target } from './targets'

const here = fileURLToPath(new URL('peers/', import.meta.url))
const build = join(here, 'build')
const tabled = 2 ** 20

const rounds = 3

const tasks: Task[] = [
  ...Object.keys(inputs).map((input) => ({ input, length: tabled })),
  ...[10, 14, 24].map((n) => ({ input: usual, length: 2 ** n })),
].map((task, i) => ({ ...task, file: join(build, `${i}.f32`), out: join(build, `${i}-out.f32`) }))

const requirements = join(here, 'requirements')
const pythonOf = (environment: string) => join(here, 'venv', environment, 'bin', 'python')

/** The version in a file of requirements, such as '2.19'. */
function pinned(environment: string): string {
  const text = readFileSync(join(requirements, `${environment}.txt`), 'utf8')
  return /^[\w-]+==(\d+\.\d+)/m.exec(text)?.[1] ?? ''
}

function peers(): Record<string, Peer> {
  const own = backends().map(({ name }) => name)
  const script = (file: string, ...name: string[]) => ({
    command: [process.execPath, join(here, file), ...name],
  })
  // Debian's packages belong to Debian's Python, which need not be the first on the path.
  const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
  const debian = (library: string, name: string) => ({
    command: [python, join(here, 'arrays.py'), library],
    needs: `Debian: python3-${name}`,
  })
  const installed = (library: string, environment: string) => ({
    command: [pythonOf(environment), join(here, 'arrays.py'), library],
    needs: 'npm run bench -- peers --install',
  })
  const oneDnn = { command: [join(build, 'onednn')], needs: 'Debian: g++ and libdnnl-dev' }
  const torch = installed('torch', 'torch')
  const torchName = `PyTorch ${pinned('torch')}`
  const numpyName = `NumPy ${pinned('numpy')}`
  return {
    ...Object.fromEntries([...own, plainLoop].map((name) => [name, script('own.mjs', name)])),
    oneDNN: oneDnn,
    PyTorch: debian('torch', 'torch'),
    [torchName]: torch,
    // Where the processor has both, these take AVX-512 by default, but PyTorch 1.13 AVX2.
    ...(own.includes('avx512') && {
      'oneDNN avx2': { ...oneDnn, env: { ONEDNN_MAX_CPU_ISA: 'AVX2' } },
      'PyTorch avx512': {
        ...debian('torch', 'torch'),
        env: { ATEN_CPU_CAPABILITY: 'avx512' },
      },
      [`${torchName} avx2`]: { ...torch, env: { ATEN_CPU_CAPABILITY: 'avx2' } },
    }),
    [`JAX ${pinned('jax')}`]: installed('jax', 'jax'),
    ...Object.fromEntries(
      ['tensorflow-2.19', 'tensorflow'].map((environment) => [
        `TensorFlow ${pinned(environment)}`,
        installed('tensorflow', environment),
      ]),
    ),
    [`OpenVINO ${pinned('openvino')}`]: installed('openvino', 'openvino'),
    NumPy: debian('logaddexp', 'numpy'),
    [numpyName]: installed('logaddexp', 'numpy'),
    [`${numpyName} log1p`]: installed('log1p', 'numpy'),
    'onnxruntime-node': script('onnxruntime.mjs'),
    'tfjs wasm': script('tfjs.mjs', 'wasm'),
    'tfjs cpu': script('tfjs.mjs', 'cpu'),
  }
}

/** The largest error of results for softplus(x), in units in the last place of the true values; Infinity for NaN. */
export function largestError(x: Float32Array, y: Float32Array): number {
  let largest = 0
  for (let i = 0; i < x.length; i++) {
    // Binary64's own error is a billionth of a float32's unit.
    const want = Math.max(x[i], 0) + Math.log1p(Math.exp(-Math.abs(x[i])))
    if (y[i] === want) continue
    const exponent = Math.max(-126, Math.floor(Math.log2(Math.max(want, 2 ** -149))))
    const error = Math.abs(y[i] - want) / 2 ** (exponent - 23)
    if (!(error <= largest)) largest = Number.isFinite(error) ? error : Infinity
  }
  return largest
}

const floatsIn = (path: string) => new Float32Array(new Uint8Array(readFileSync(path)).buffer)

/** Readings of one library on one task. */
interface Found {
  ns: number[]
  maxUlp?: number
}

/** A library that runs, with what it found for each task. */
interface Running extends StartedPeer {
  who: string
  needs?: string
  found: Found[]
}

async function measure() {
  const running: Running[] = []
  const about: Record<string, string> = {}
  const missing: Record<string, string> = {}

  // Tries one library on one task. From the first failure on it is missing.
  async function attempt({ who, needs, found, ask }: Running, i: number): Promise<void> {
    const { length, file, out } = tasks[i]
    if (who in missing) return
    rmSync(out, { force: true })
    try {
      const answer = await ask(tasks[i])
      about[who] = answer.about
      found[i].ns.push(...answer.ns)
      if (length === tabled) found[i].maxUlp ??= largestError(floatsIn(file), floatsIn(out))
    } catch (error) {
      const { message } = error as Error
      missing[who] = message.replaceAll(here, '') + (needs ? ` (${needs})` : '')
      delete about[who]
      console.error(`bench: ${who} is missing: ${missing[who]}`)
    }
  }

  try {
    // One after the other: each has been loaded, and has computed, before anything is timed.
    for (const [who, { needs, ...peer }] of Object.entries(peers())) {
      console.error(`bench: starting ${who}`)
      const found = tasks.map((): Found => ({ ns: [] }))
      const each = { who, needs, found, ...startPeer(peer) }
      running.push(each)
      await attempt(each, 0)
      found[0].ns = []
    }
    // All libraries do one task before any does the next, in turns forwards and backwards. So a change of the machine's pace
    // is everybody's.
    for (let round = 1; round <= rounds; round++)
      for (const [i, { input, length }] of tasks.entries()) {
        console.error(`bench: ${input}, ${power(length)} elements, round ${round} of ${rounds}`)
        for (const each of round % 2 ? running : running.toReversed()) await attempt(each, i)
      }
  } finally {
    for (const { end } of running) end()
  }
  const timings = running.filter(({ who }) => who in about).flatMap(timingsOf)
  return { timings, about, missing }
}

const timingsOf = ({ who, found }: Running): Timing[] =>
  found.map(({ ns, maxUlp }, i) => {
    const { input, length } = tasks[i]
    return { function: 'softplus', way: ownProcess, who, input, length, ns: spreadOf(ns), maxUlp }
  })

// One environment for each library: they want different versions of others.
function install(): void {
  for (const file of readdirSync(requirements)) {
    const environment = file.replace('.txt', '')
    const options = { cwd: here, stdio: ['ignore', 2, 2] } satisfies SpawnSyncOptions
    console.error(`bench: installing ${environment}`)
    spawnSync('python3', ['-m', 'venv', join(here, 'venv', environment)], options)
    const pip = ['-m', 'pip', 'install', '--no-cache-dir', '--quiet']
    spawnSync(pythonOf(environment), [...pip, '-r', join(requirements, file)], options)
  }
}

/** What the article's programs compute with its version of TensorFlow. undefined if that is not installed. */
function article(): Article | undefined {
  const command = [pythonOf('tensorflow-2.19'), join(here, 'article.py')]
  const { status, stdout } = spawnSync(command[0], command.slice(1), { encoding: 'utf8' })
  return status === 0 ? JSON.parse(stdout) : undefined
}

function prepare(): void {
  mkdirSync(build, { recursive: true })
  for (const { input, length, file } of tasks)
    writeFileSync(file, new Uint8Array(inputs[input](length).buffer))
  // If one of these fails, its libraries are listed as missing later.
  const options = { cwd: here, stdio: ['ignore', 2, 2] } satisfies SpawnSyncOptions
  spawnSync('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit'], options)
  spawnSync('g++', ['-O2', '-std=c++17', 'onednn.cc', '-ldnnl', '-o', 'build/onednn'], options)
}

const ulp = ({ maxUlp }: Timing) =>
  Number.isFinite(maxUlp) ? figure(maxUlp as number) : 'not finite'
const inputOf = (timing: Timing) => timing.input

/** The tables of the other libraries, by the names of their blocks in the documents. */
export const peerTables: Record<string, (timings: Timing[]) => Table> = {
  peers(timings) {
    const sorted = timings.toSorted((a, b) => a.length - b.length)
    const own = sorted.filter(({ input }) => input === usual)
    return pivot('softplus, one thread, ns per element', own, who, size, ns)
  },
  'peers by input'(timings) {
    const own = timings.filter(({ length }) => length === tabled)
    const title = 'softplus, one thread, 2^20 elements, ns per element (largest error, ULP)'
    return pivot(title, own, who, inputOf, (timing) => `${ns(timing)} (${ulp(timing)})`)
  },
}

/** The values of the article's programs beside those of this package, and the true ones. */
export function articleTable({ who, programs }: Article): Table {
  const rows = programs.flatMap(({ x, y }, i) =>
    x.map((v, j) => {
      const [ours] = backends()[0].softplus(Float32Array.of(v))
      // To a billionth of a float32's unit.
      const truth = Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)))
      const figures = [y[j], ours, truth].map((value) => value.toPrecision(9))
      return [`${i + 1}`, String(Number(v.toPrecision(8))), ...figures]
    }),
  )
  const title = 'what the programs compute'
  return { title, head: ['program', 'x', who, 'softplus', 'ln(1 + e^x)'], rows }
}

function targets(timings: Timing[]): Target[] {
  const at = (who: string, input = usual) =>
    timings
      .filter((timing) => timing.who === who && timing.input === input)
      .filter(({ length }) => length === tabled)
      .map(nsOf)[0]
  const target = (who: string, peer: string, bound: Bound) => {
    const [own, other] = [at(who), at(peer)]
    const what = `${who}, 2^20 elements, times as fast as ${peer}`
    return own && other ? [atLeast(what, bound, other / own)] : []
  }
  // On each kind of input no library may be faster than the best backend. An array of masks alone is not one that anybody has.
  const [{ name: best }] = backends()
  const own = new Set([...backends().map(({ name }) => name), plainLoop])
  const others = [...new Set(timings.map(who))].filter((who) => !own.has(who))
  const fastest = Object.keys(inputs)
    .filter((input) => input !== 'all -1e9')
    .flatMap((input) => {
      const [peer] = others.toSorted(
        (a, b) => (at(a, input) ?? Infinity) - (at(b, input) ?? Infinity),
      )
      const [ours, theirs] = [at(best, input), peer && at(peer, input)]
      const what = `${best}, ${input}, times as fast as the fastest other, ${peer}`
      const bound = { xeon: 1, ...(input === usual && { zen5: 1 }) }
      return ours && theirs ? [atLeast(what, bound, theirs / ours)] : []
    })
  return [
    ...target('avx512', 'oneDNN', { zen5: 2.4, xeon: 2.5 }),
    ...target('avx512', 'PyTorch avx512', { zen5: 6, xeon: 5 }),
    ...target('avx512', 'PyTorch', { zen5: 11, xeon: 8 }),
    ...target('avx512', 'onnxruntime-node', { zen5: 60, xeon: 40 }),
    ...target('avx512', 'tfjs wasm', { zen5: 85, xeon: 58 }),
    ...target('avx512', plainLoop, { zen5: 110, xeon: 70 }),
    ...target('avx2', 'oneDNN avx2', { zen5: 1.5, xeon: 1.15 }),
    ...target('avx512', `PyTorch ${pinned('torch')}`, { xeon: 5 }),
    ...target('avx2', 'PyTorch', { zen5: 3.7, xeon: 2.8 }),
    ...target('avx2', 'onnxruntime-node', { zen5: 20, xeon: 14 }),
    // On Node 22 and later: Node 20 has no relaxed SIMD, which takes a third of the time.
    ...(createInstance().kind === 'relaxed' ? target('wasm', 'tfjs wasm', { xeon: 8 }) : []),
    ...fastest,
  ]
}

export async function main(isInstalling: boolean): Promise<void> {
  if (isInstalling) install()
  prepare()
  const found = { ...(await measure()), article: article() }
  rmSync(build, { recursive: true })
  const here = machine()
  console.log(machineLine(here))
  for (const [who, text] of Object.entries(found.about)) console.log(`- ${who}: ${text}`)
  for (const [who, why] of Object.entries(found.missing)) console.log(`- ${who} is missing: ${why}`)
  for (const table of Object.values(peerTables)) console.log(`\n${markdown(table(found.timings))}`)
  if (found.article) console.log(`\n${markdown(articleTable(found.article))}`)
  report(here.cpu, targets(found.timings))
  keep('peers', found)
}
