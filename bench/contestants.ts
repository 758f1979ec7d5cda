// Who is timed: every backend, the fallback, ReLU, and the loops that JavaScript users would write.
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { backend } from '../dist/index.js'
import { type Api, createApi } from '../src/api/api'
import type { Addon } from '../src/backend/addon'
import { node } from '../src/backend/node'
import type { Activation } from '../src/types'
import { uniform } from './inputs'
import type { Contestant } from './measure'

if (backend.addon === null) {
  console.error(
    'bench: no native addon is in use, so there is nothing to compare; unset SOFTPLUS_BACKEND',
  )
  process.exit(2)
}
// Set so that js.js does not warn that the addon is missing.
process.env.SOFTPLUS_BACKEND = 'js'
const portable = await import('../dist/js.js')
delete process.env.SOFTPLUS_BACKEND

const addon: Addon = createRequire(import.meta.url)(backend.addon)

/** The native backends of this machine, best first, and what they give their users. */
export const native: { name: string; api: Api }[] = addon.available.map((name) => ({
  name,
  api: createApi(addon.kernels(name), node),
}))
export const best = native[0]
export const js = { name: 'js', api: portable as unknown as Api }
export const everyBackend = [...native, js]

/** The contestant that others are compared with. */
export const plainLoop = 'plain loop'
export const relu = `relu ${best.name}`

// Each of its own, so that none shares another's optimised code.
function softplusLoop(x: Float32Array): void {
  for (let i = 0; i < x.length; i++) {
    const v = x[i]
    x[i] = Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)))
  }
}

function reluLoop(x: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = Math.max(0, x[i])
}

function sigmoidLoop(x: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = 1 / (1 + Math.exp(-x[i]))
}

function inverseLoop(x: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = Math.log(Math.expm1(x[i]))
}

function stepLoop(x: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = x[i] > 0 ? 1 : 0
}

function bothLoop(x: Float32Array, value: Float32Array, slope: Float32Array): void {
  for (let i = 0; i < x.length; i++) {
    const v = x[i]
    const u = Math.exp(-Math.abs(v))
    value[i] = Math.max(v, 0) + Math.log1p(u)
    slope[i] = (v > 0 ? 1 : u) / (1 + u)
  }
}

interface Family {
  of: (api: Api) => Activation<object>
  loop: (x: Float32Array) => void
  reluOf: (api: Api) => Activation<object>
  reluLoop: (x: Float32Array) => void
}

const family = {
  softplus: {
    of: ({ softplus }) => softplus,
    loop: softplusLoop,
    reluOf: ({ relu }) => relu,
    reluLoop,
  },
  derivative: {
    of: ({ softplus }) => softplus.derivative,
    loop: sigmoidLoop,
    reluOf: ({ relu }) => relu.derivative,
    reluLoop: stepLoop,
  },
  inverse: {
    of: ({ softplus }) => softplus.inverse,
    loop: inverseLoop,
    reluOf: ({ relu }) => relu,
    reluLoop,
  },
} satisfies Record<string, Family>

/** A function in place: every backend and the plain loop, and ReLU, or its derivative, as they run it. */
export function inPlace(name: keyof typeof family): Contestant[] {
  const { of, loop, reluOf, reluLoop }: Family = family[name]
  const run = (f: Activation<object>) => (x: Float32Array) => f.inPlace(x)
  return [
    ...everyBackend.map(({ name, api }) => ({ name, run: run(of(api)) })),
    { name: plainLoop, run: loop },
    { name: relu, run: run(reluOf(best.api)) },
    { name: 'relu js', run: run(reluOf(js.api)) },
    { name: 'relu plain loop', run: reluLoop },
  ]
}

/** Value and derivative into arrays of their own: in one pass, in two calls, and in a loop with one exponential. */
export function together(length: number): Contestant[] {
  const out = { value: new Float32Array(length), derivative: new Float32Array(length) }
  return [
    ...everyBackend.flatMap(({ name, api: { softplus } }) => [
      { name, run: (x: Float32Array) => void softplus.withDerivative(x, { out }) },
      {
        name: `${name}, two calls`,
        run: (x: Float32Array) => {
          softplus(x, { out: out.value })
          softplus.derivative(x, { out: out.derivative })
        },
      },
    ]),
    { name: plainLoop, run: (x) => bothLoop(x, out.value, out.derivative) },
  ]
}

/** The best backend at once, and off the main thread, where x's memory is moved. */
export const offThread = (): Contestant[] => {
  const { inPlace, async } = best.api.softplus
  const threads = Array.from({ length: availableParallelism() }, (_, i) => i + 1)
  return [
    { name: 'sync', run: (x) => inPlace(x) },
    ...threads
      .filter((n) => Number.isInteger(Math.log2(n)))
      .map((n) => ({
        name: `async, ${n} ${n === 1 ? 'thread' : 'threads'}`,
        run: (x: Float32Array) => async(x, { threads: n, transfer: true }),
      })),
  ]
}

/** What the best backend computes, each in place; the inverse of positive numbers. */
export function everyFunction(length: number): Contestant[] {
  const { softplus, relu } = best.api
  const positive = uniform(length, 8).map(Math.abs)
  return [
    { name: 'relu', run: (x) => relu.inPlace(x) },
    { name: 'softplus', run: (x) => softplus.inPlace(x) },
    { name: 'softplus, beta 2', run: (x) => softplus.inPlace(x, { beta: 2 }) },
    { name: 'derivative', run: (x) => softplus.derivative.inPlace(x) },
    { name: 'secondDerivative', run: (x) => softplus.secondDerivative.inPlace(x) },
    { name: 'inverse', run: (x) => softplus.inverse.inPlace(x), source: positive },
    { name: 'backward, out is x', run: (x) => void softplus.backward(x, positive, { out: x }) },
  ]
}

/** Calls on short arrays: the best backend's over x, into another array and into a new one, and the others' over x. */
export function calls(length: number): Contestant[] {
  const { softplus } = best.api
  const out = new Float32Array(length)
  return [
    { name: `${best.name}, in place`, run: (x) => softplus.inPlace(x) },
    { name: `${best.name}, into out`, run: (x) => void softplus(x, { out }) },
    { name: `${best.name}, a new array`, run: (x) => void softplus(x) },
    { name: 'js, in place', run: (x) => js.api.softplus.inPlace(x) },
    { name: plainLoop, run: softplusLoop },
  ]
}
