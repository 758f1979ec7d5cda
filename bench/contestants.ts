// The contestants: every backend, the fallback, ReLU, and the loops that JavaScript users would write.
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { uniform } from './inputs'
import type { Contestant } from './measure'

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

let loaded: Named[] | undefined

/** The backends of this machine, the best one first, the fallback ('js') last. */
export function backends(): Named[] {
  loaded ??= load('').backend.available.map(load)
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

/** A function in place, on every backend and as a plain loop. */
export const inPlace = (of: keyof typeof functions): Contestant[] => [
  ...backends().map((backend) => ({ name: backend.name, run: functions[of](backend) })),
  { name: plainLoop, run: loops[of] },
]

/** ReLU in place: on the best backend, in the fallback, and as a plain loop. */
export const relus = (): Contestant[] => [
  ...[...new Set([best(), fallback()])].map(({ name, relu }) => {
    return { name: `relu ${name}`, run: relu.inPlace }
  }),
  { name: `relu ${plainLoop}`, run: loops.relu },
]

/** Value and derivative into two arrays: in one call, in two calls, and in one loop. */
export function together(length: number): Contestant[] {
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

/** The best backend in place, and `async` with 1, 2, 4, ... threads, which moves the memory of x. */
export function offThread(): Contestant[] {
  const { inPlace, async } = best().softplus
  const counts = [1, 2, 4, 8, 16].filter((threads) => threads <= availableParallelism())
  return [
    { name: 'sync', run: (x) => inPlace(x) },
    ...counts.map((threads) => ({
      name: `async, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      run: (x: Float32Array) => async(x, { threads, transfer: true }),
    })),
  ]
}

/** Every function and option on the best backend, in place. */
export function everyFunction(length: number): Contestant[] {
  const { softplus, relu } = best()
  const both = { beta: 2, threshold: 5 }
  // The inverse is defined for positive numbers.
  const positive = uniform(length, 8).map(Math.abs)
  return [
    { name: 'relu', run: (x) => relu.inPlace(x) },
    { name: 'relu.derivative', run: (x) => relu.derivative.inPlace(x) },
    { name: 'softplus', run: (x) => softplus.inPlace(x) },
    { name: 'softplus, threshold 5', run: (x) => softplus.inPlace(x, { threshold: 5 }) },
    { name: 'softplus, beta 2', run: (x) => softplus.inPlace(x, { beta: 2 }) },
    { name: 'softplus, beta 2, threshold 5', run: (x) => softplus.inPlace(x, both) },
    { name: 'derivative', run: (x) => softplus.derivative.inPlace(x) },
    { name: 'derivative, beta 2', run: (x) => softplus.derivative.inPlace(x, { beta: 2 }) },
    { name: 'secondDerivative', run: (x) => softplus.secondDerivative.inPlace(x) },
    { name: 'inverse', run: (x) => softplus.inverse.inPlace(x), source: positive },
    { name: 'backward, out is x', run: (x) => void softplus.backward(x, positive, { out: x }) },
  ]
}

/** Calls on short arrays, with the result in x, in another array, and in a new one. */
export function calls(length: number): Contestant[] {
  const { name, softplus } = best()
  const out = new Float32Array(length)
  return [
    { name: `${name}, in place`, run: (x) => softplus.inPlace(x) },
    { name: `${name}, into out`, run: (x) => void softplus(x, { out }) },
    { name: `${name}, a new array`, run: (x) => void softplus(x) },
    { name: 'js, in place', run: (x) => fallback().softplus.inPlace(x) },
    { name: plainLoop, run: loops.softplus },
  ]
}
