// The races: every backend, the fallback, ReLU, and the loops that JavaScript users would write.
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { activationsOf } from '../src/api/byName'
import type { SoftplusOptions } from '../src/index'
import { type FunctionName, functionNames, functions as list } from '../src/math/functions'
import { everyInput, inputs, uniform, usual } from './inputs'
import { type Contestant, race } from './measure'
import type { Timing } from './results'
import { power } from './table'
import { bareThreads } from './threads'

type Package = typeof import('../dist/index.js')
type Named = Package & { name: string }

const require = createRequire(import.meta.url)

// Every backend has a copy of the package, so that V8 optimises each for itself.
function load(name: string): Named {
  const entry = require.resolve('../dist/index.cjs')
  delete require.cache[entry]
  process.env.SOFTPLUS_BACKEND = name
  const loaded: Package = require(entry)
  delete process.env.SOFTPLUS_BACKEND
  return { ...loaded, name }
}

let unforced: Named | undefined

/** The package as users get it, where no backend is forced. */
export function asUsed(): Named {
  unforced ??= load('')
  return { ...unforced, name: unforced.backend.name }
}

let loaded: Named[] | undefined

/** The backends of this machine, the best one first, WebAssembly and the fallback ('js') last. */
export function backends(): Named[] {
  loaded ??= asUsed().backend.available.map(load)
  return loaded
}
const best = (): Named => backends()[0]
const fallback = (): Named => backends().at(-1) as Named

/** The contestant with which others are compared. */
export const plainLoop = 'plain loop'

const loops = {
  softplus(x: Float32Array): void {
    for (let i = 0; i < x.length; i++) {
      const v = x[i]
      x[i] = Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)))
    }
  },
  derivative(x: Float32Array): void {
    for (let i = 0; i < x.length; i++) x[i] = 1 / (1 + Math.exp(-x[i]))
  },
  inverse(x: Float32Array): void {
    for (let i = 0; i < x.length; i++) x[i] = Math.log(Math.expm1(x[i]))
  },
  relu(x: Float32Array): void {
    for (let i = 0; i < x.length; i++) x[i] = Math.max(0, x[i])
  },
  withDerivative(x: Float32Array, value: Float32Array, derivative: Float32Array): void {
    for (let i = 0; i < x.length; i++) {
      const v = x[i]
      const u = Math.exp(-Math.abs(v))
      value[i] = Math.max(v, 0) + Math.log1p(u)
      derivative[i] = (v > 0 ? 1 : u) / (1 + u)
    }
  },
}

const functions = {
  softplus: ({ softplus }: Package) => softplus.inPlace,
  derivative: ({ softplus }: Package) => softplus.derivative.inPlace,
  inverse: ({ softplus }: Package) => softplus.inverse.inPlace,
}

const inPlace = (of: keyof typeof functions, source?: Float32Array): Contestant[] => [
  ...backends().map((backend) => ({ name: backend.name, run: functions[of](backend), source })),
  { name: plainLoop, run: loops[of], source },
]

const relus = (): Contestant[] => [
  ...[...new Set([best(), fallback()])].map(({ name, relu }) => {
    return { name: `relu ${name}`, run: relu.inPlace }
  }),
  { name: `relu ${plainLoop}`, run: loops.relu },
]

// The inverse is defined for positive numbers.
const positive = (length: number) => uniform(length, 8).map(Math.abs)

function withDerivative(length: number): Contestant[] {
  const [value, derivative] = [new Float32Array(length), new Float32Array(length)]
  const twoCalls = (x: Float32Array, { softplus }: Package) => {
    softplus(x, { out: value })
    softplus.derivative(x, { out: derivative })
  }
  return [
    ...backends().flatMap((backend): Contestant[] => {
      const { withDerivative } = backend.softplus
      return [
        { name: backend.name, run: (x) => void withDerivative(x, { out: { value, derivative } }) },
        { name: `${backend.name}, two calls`, run: (x) => twoCalls(x, backend) },
      ]
    }),
    { name: plainLoop, run: (x) => loops.withDerivative(x, value, derivative) },
  ]
}

// The options that the race of every function tries besides none.
const variants: Partial<Record<FunctionName, SoftplusOptions[]>> = {
  softplus: [{ threshold: 5 }, { beta: 2 }, { beta: 2, threshold: 5 }],
  derivative: [{ beta: 2 }],
}

function everyFunction(length: number): Contestant[] {
  const { softplus } = best()
  const grad = positive(length)
  const listed = functionNames.flatMap((name) => {
    const { publicName } = list[name]
    const { inPlace } = activationsOf(best())[name]
    const label = publicName.replace(/^softplus\./, '')
    const source = name === 'inverse' ? grad : undefined
    return [undefined, ...(variants[name] ?? [])].map((options): Contestant => {
      const taken = Object.entries(options ?? {}).map(([option, value]) => `, ${option} ${value}`)
      return { name: [label, ...taken].join(''), run: (x) => inPlace(x, options), source }
    })
  })
  return [
    ...listed,
    { name: 'backward, out is x', run: (x) => void softplus.backward(x, grad, { out: x }) },
  ]
}

const betas = [1, 0.7, 100]

// All in one race, so that their ratios come from the same rounds.
function byBeta(length: number): Contestant[] {
  const out = { value: new Float32Array(length), derivative: new Float32Array(length) }
  const grad = uniform(length, 8)
  return backends().flatMap(({ name: backend, softplus }) => {
    const runs: Record<string, (beta: number) => Contestant['run']> = {
      softplus: (beta) => (x) => softplus.inPlace(x, { beta }),
      derivative: (beta) => (x) => softplus.derivative.inPlace(x, { beta }),
      secondDerivative: (beta) => (x) => softplus.secondDerivative.inPlace(x, { beta }),
      withDerivative: (beta) => (x) => void softplus.withDerivative(x, { beta, out }),
      backward: (beta) => (x) => void softplus.backward(x, grad, { beta, out: x }),
    }
    return Object.entries(runs).flatMap(([name, run]) =>
      betas.map((beta) => ({ name: `${backend}, ${name}, beta ${beta}`, run: run(beta) })),
    )
  })
}

// All kinds of input run in one race, so that their ratios come from the same rounds.
function byInput(length: number): Contestant[] {
  const sources = Object.entries(everyInput).map(([input, of]) => ({ input, source: of(length) }))
  const runs: [name: string, run: Contestant['run']][] = [
    ...backends().map(({ name, softplus: { inPlace } }): [string, Contestant['run']] => [
      name,
      (x) => inPlace(x),
    ]),
    [plainLoop, loops.softplus],
  ]
  return runs.flatMap(([name, run]) =>
    sources.map(({ input, source }) => ({ name: `${name}|${input}`, run, source })),
  )
}

function offThread(length: number): Contestant[] {
  const { inPlace, async } = best().softplus
  const counts = [1, 2, 4, 8, 16].filter((threads) => threads <= availableParallelism())
  return [
    { name: 'sync', run: (x) => inPlace(x) },
    ...counts.map((threads) => ({
      name: `async, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      run: (x: Float32Array) => async(x, { threads, transfer: true }),
    })),
    // Below, what counts is how long threads take to start. What they reach is the limit for `async`, and copying that of memory.
    ...(length < 2 ** 20
      ? []
      : [
          { name: '2 bare threads', ...bareThreads(2, length, 'softplus') },
          { name: '2 bare threads, copying', ...bareThreads(2, length, 'copy') },
        ]),
  ]
}

function calls(length: number): Contestant[] {
  const { name, softplus } = asUsed()
  const out = new Float32Array(length)
  return [
    { name: `${name}, in place`, run: (x) => softplus.inPlace(x) },
    { name: `${name}, into out`, run: (x) => void softplus(x, { out }) },
    { name: `${name}, a new array`, run: (x) => void softplus(x) },
    { name: 'js, in place', run: (x) => fallback().softplus.inPlace(x) },
    { name: plainLoop, run: loops.softplus },
  ]
}

type Race = [name: string, way: string, of: (length: number) => Contestant[], input?: string]

const races = {
  softplus: ['softplus', 'in place', () => [...inPlace('softplus'), ...relus()]],
  derivative: ['derivative', 'in place', () => inPlace('derivative')],
  inverse: ['inverse', 'in place', (n) => inPlace('inverse', positive(n)), 'uniform in [0, 8]'],
  withDerivative: ['withDerivative', 'into out', withDerivative],
  everyFunction: ['every function', 'in place', everyFunction],
  byBeta: ['every function', 'by beta', byBeta],
  byInput: ['softplus', 'by input', byInput],
  async: ['softplus', 'off the main thread', offThread],
  calls: ['softplus', 'one call', calls],
} satisfies Record<string, Race>

export type RaceName = keyof typeof races

/** Whether a timing came from this race. */
export const isOf = (name: RaceName, timing: Timing): boolean =>
  races[name][0] === timing.function && races[name][1] === timing.way

// These take a second and more for 2^26 elements, where they are left out.
const slow = /^(scalar|wasm|js|plain loop|relu js|relu plain loop)/

/** Runs a race for about `seconds`. */
export async function run(name: RaceName, length: number, seconds: number): Promise<Timing[]> {
  console.error(`bench: ${name}, ${power(length)} elements`)
  const [of, way, contestants, ofRace = usual]: Race = races[name]
  const all = contestants(length).filter(({ name }) => length <= 2 ** 24 || !slow.test(name))
  const measured = await race(all, inputs[usual](length), seconds)
  return measured.map(({ name, ns }) => {
    const [who, input = ofRace] = name.split('|')
    return { function: of, who, way, input, length, ns }
  })
}
