// The races that npm run bench and npm run bench:check hold, and the rows that come of them.
import {
  calls,
  everyBackend,
  everyFunction,
  inPlace,
  offThread,
  plainLoop,
  relu,
  together,
} from './contestants'
import { inputs, usual } from './inputs'
import { type Contestant, race } from './measure'
import type { Row } from './results'

interface Race {
  function: string
  way: string
  input?: string
  length: number
  contestants: Contestant[]
  source?: Float32Array
  seconds: number
  rounds?: number
}

async function rowsOf(of: Race): Promise<Row[]> {
  const { input = usual, length, contestants, seconds, rounds } = of
  process.stderr.write(`bench: ${of.function} ${of.way}, ${input}, ${length} elements\n`)
  const source = of.source ?? inputs[input](length)
  const timings = await race(contestants, source, seconds, rounds)
  const medianOf = (name: string) => timings.find((timing) => timing.name === name)?.ns.median
  const [yardstick, plain] = [medianOf(relu), medianOf(plainLoop)]
  return timings.map(({ name, ns }) => ({
    function: of.function,
    who: name,
    way: of.way,
    input,
    length,
    ns,
    overRelu: yardstick && ns.median / yardstick,
    timesPlain: plain && plain / ns.median,
  }))
}

// These take a second and more for 2^26 elements; softplus alone waits for them.
const slow = ['scalar', 'js', plainLoop]
const quick = ({ name }: Contestant) => !slow.some((who) => name.startsWith(who))

export const softplusAt = (length: number, seconds: number): Promise<Row[]> =>
  rowsOf({
    function: 'softplus',
    way: 'in place',
    length,
    contestants: inPlace('softplus'),
    seconds,
    rounds: 3,
  })

export const derivativeAt = (length: number, seconds: number): Promise<Row[]> =>
  rowsOf({
    function: 'derivative',
    way: 'in place',
    length,
    contestants: inPlace('derivative').filter((c) => length <= 2 ** 22 || quick(c)),
    seconds,
  })

// The inverse takes positive numbers.
export const inverseAt = (length: number, seconds: number): Promise<Row[]> =>
  rowsOf({
    function: 'inverse',
    way: 'in place',
    input: 'uniform in [0, 8]',
    source: inputs[usual](length).map(Math.abs),
    length,
    contestants: inPlace('inverse').filter((c) => length <= 2 ** 22 || quick(c)),
    seconds,
  })

export const withDerivativeAt = (length: number, seconds: number): Promise<Row[]> =>
  rowsOf({
    function: 'withDerivative',
    way: 'into out',
    length,
    contestants: together(length).filter((c) => length <= 2 ** 22 || quick(c)),
    seconds,
  })

export const asyncAt = (length: number, seconds: number): Promise<Row[]> =>
  rowsOf({
    function: 'softplus',
    way: 'off the main thread',
    length,
    contestants: offThread(),
    seconds,
  })

export const everyFunctionAt = (length: number, seconds: number): Promise<Row[]> =>
  rowsOf({
    function: 'every function',
    way: 'in place',
    length,
    contestants: everyFunction(length),
    seconds,
  })

export const callsOn = (length: number, seconds: number): Promise<Row[]> =>
  rowsOf({ function: 'softplus', way: 'one call', length, contestants: calls(length), seconds })

/** Every kind of input in one race, so that ratios between them are of one run too. */
export async function byInput(length: number, seconds: number): Promise<Row[]> {
  const contestants = everyBackend.flatMap(({ name, api }) =>
    Object.entries(inputs).map(([input, of]) => ({
      name: `${name}|${input}`,
      run: (x: Float32Array) => api.softplus.inPlace(x),
      source: of(length),
    })),
  )
  const rows = await rowsOf({ function: 'softplus', way: 'by input', length, contestants, seconds })
  return rows.map((row) => {
    const [who, input] = row.who.split('|')
    return { ...row, who, input }
  })
}
