// What `npm run bench -- check` compares, and the process that measures two builds side by side, each pair of readings within
// milliseconds. Started by check.ts; its argument is a Job as JSON. Prints Readings.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { activationsOf } from '../src/api/byName'
import type { SoftplusOptions } from '../src/index'
import { type FunctionName, functionNames, functions } from '../src/math/functions'
import { everyInput, uniform, usual } from './inputs'
import { type Contestant, roundsOf } from './measure'
import { power } from './table'

type Package = typeof import('../dist/index.js')

export interface Job {
  /** The folders of the builds. */
  folders: [before: string, after: string]
  /** SOFTPLUS_BACKEND; empty: what the package chooses. */
  backend: string
  /** The names of the questions; default: all. */
  names?: string[]
  /** How often each build answers a question. */
  pairs: number
}

/** Nanoseconds per element of both builds, by the names of the questions. */
export type Readings = Record<string, [before: number, after: number][]>

export interface Question {
  name: string
  length: number
  readonly source: Float32Array
  contestant(build: Package): Omit<Contestant, 'name'>
}

/** Loads a build for one backend. */
export function load(folder: string, backend: string): Package {
  const require = createRequire(import.meta.url)
  const entry = join(folder, 'dist', 'index.cjs')
  delete require.cache[entry]
  if (backend) process.env.SOFTPLUS_BACKEND = backend
  const loaded: Package = require(entry)
  delete process.env.SOFTPLUS_BACKEND
  return loaded
}

const optionSets: SoftplusOptions[] = [{}, { beta: 0.7 }, { beta: 100 }]
const isSlow = (backend: string) => ['scalar', 'wasm', 'js'].includes(backend)
const label = (options: SoftplusOptions) =>
  Object.entries(options).map(([name, value]) => `${name} ${value}`)

type Run = (build: Package, length: number, options?: SoftplusOptions) => Contestant['run']

// In place where that can be, else into arrays that exist.
const runs: Record<string, Run> = {
  ...Object.fromEntries(
    functionNames.map((name): [string, Run] => [
      functions[name].publicName.replace('softplus.', ''),
      (build, _, options) => {
        const { inPlace } = activationsOf(build)[name as FunctionName]
        return options ? (x) => inPlace(x, options) : (x) => inPlace(x)
      },
    ]),
  ),
  withDerivative({ softplus }, length, options) {
    const out = { value: new Float32Array(length), derivative: new Float32Array(length) }
    return (x) => void softplus.withDerivative(x, { ...options, out })
  },
  backward({ softplus }, length, options) {
    const grad = uniform(length, 8)
    return (x) => void softplus.backward(x, grad, { ...options, out: x })
  },
}
const takesNoOptions = (of: string) => of.startsWith('relu')

// Of every backend: how fast its arithmetic is.
function* kernelQuestions(backend: string): Generator<Question> {
  for (const [of, run] of Object.entries(runs)) {
    const ask = (input: string, n: number, options?: SoftplusOptions): Question => {
      const length = 2 ** n
      return {
        name: [backend, of, ...label(options ?? {}), input, power(length)].join(', '),
        length,
        // The inverse is defined for positive numbers.
        get source() {
          const x = everyInput[input](length)
          return of === 'inverse' ? x.map(Math.abs) : x
        },
        contestant: (build) => ({ run: run(build, length, options) }),
      }
    }
    for (const n of [2, 4, 12, 17]) yield ask(usual, n)
    if (!isSlow(backend) && ['softplus', 'derivative', 'withDerivative'].includes(of))
      yield ask(usual, 24)
    for (const input of Object.keys(everyInput))
      for (const options of takesNoOptions(of) ? [undefined] : [undefined, ...optionSets.slice(1)])
        yield ask(input, 14, options)
    if (!takesNoOptions(of)) yield ask(usual, 14, { threshold: 5 })
  }
}

// Where no backend is forced: what the calls around the arithmetic cost.
function* callQuestions(): Generator<Question> {
  const ask = (
    what: string,
    n: number,
    contestant: (build: Package, length: number) => Omit<Contestant, 'name'>,
  ): Question => ({
    name: `default, ${what}, ${power(2 ** n)}`,
    length: 2 ** n,
    get source() {
      return uniform(2 ** n, 8)
    },
    contestant: (build) => contestant(build, 2 ** n),
  })
  for (const [of, run] of Object.entries(runs))
    for (const n of [2, 4, 6])
      yield ask(`${of} in place`, n, (build, length) => ({ run: run(build, length) }))
  for (const n of [2, 4])
    yield ask('softplus, beta 2, in place', n, (build, length) => ({
      run: runs.softplus(build, length, { beta: 2 }),
    }))
  for (const n of [2, 4, 6])
    yield ask('softplus into out', n, ({ softplus }, length) => {
      const out = new Float32Array(length)
      return { run: (x) => void softplus(x, { out }) }
    })
  // Memory that an earlier result has left must not be what decides.
  const after = () => globalThis.gc?.()
  for (const n of [2, 4, 6, 10, 14, 20, 24])
    yield ask('softplus, a new array', n, ({ softplus }) => ({
      run: (x) => void softplus(x),
      after: n >= 20 ? after : undefined,
    }))
  for (const n of [4, 22]) {
    yield ask('withDerivative, new arrays', n, ({ softplus }) => ({
      run: (x) => void softplus.withDerivative(x),
      after: n >= 20 ? after : undefined,
    }))
    yield ask('backward, a new array', n, ({ softplus }) => ({
      run: (x) => void softplus.backward(x, x),
      after: n >= 20 ? after : undefined,
    }))
  }
  for (const n of [4, 14, 20, 24]) {
    yield ask('async, until it returns', n, ({ softplus }) => {
      let pending: Promise<unknown>[] = []
      return {
        run: (x) => void pending.push(softplus.async(x)),
        async after() {
          await Promise.all(pending)
          pending = []
          if (n >= 20) after()
        },
      }
    })
    yield ask('async, until it is done', n, ({ softplus }) => ({
      run: async (x) => {
        await softplus.async(x)
        return x
      },
      after: n >= 20 ? after : undefined,
    }))
  }
}

/** The questions of one backend, in the order in which they are asked. */
export const questionsOf = (backend: string): Generator<Question> =>
  backend === '' ? callQuestions() : kernelQuestions(backend)

// undefined where a build does not have the function.
function tried<Value>(get: () => Value): Value | undefined {
  try {
    return get()
  } catch {
    return undefined
  }
}

async function measure({ folders, backend, names, pairs }: Job): Promise<Readings> {
  const builds = folders.map((folder) => load(folder, backend))
  const readings: Readings = {}
  // The first pass lets V8 see all inputs before it optimises.
  for (const isWarming of [true, false])
    for (const { name, length, source, contestant } of questionsOf(backend)) {
      if (names && !names.includes(name)) continue
      if (isWarming && length > 2 ** 14) continue
      const contestants = tried(() => builds.map((build) => ({ name, ...contestant(build) })))
      if (!contestants) continue
      const copies = isSlow(backend) && length >= 2 ** 12 ? 1 : undefined
      const round = roundsOf(contestants, source, copies)
      // V8 optimises what was called thousands of times, in the background.
      const patience = length <= 2 ** 6 ? 50 : 2
      const warm = performance.now() + (isWarming ? 0 : patience)
      do await round()
      while (performance.now() < warm)
      if (isWarming) continue
      readings[name] = []
      for (let pair = 0; pair < pairs; pair++)
        readings[name].push((await round()) as [number, number])
    }
  return readings
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(JSON.stringify(await measure(JSON.parse(process.argv[2]))))
