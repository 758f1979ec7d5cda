// The questions that `npm run bench` answers: what each measures, its table, and its targets.
import { createInstance } from '../src/backend/wasm/instance'
import { everyInput, usual } from './inputs'
import { backends, isOf, plainLoop, type RaceName } from './races'
import { medianOf, nsOf, type Timing, timingOf } from './results'
import { figure, pivot, power, type Table } from './table'
import { atLeast, atMost, type Bound, type Target, withoutTarget } from './targets'

interface Question {
  /** The name of its block in the documents. */
  name: string
  /** The title of its table. */
  title: string
  races: RaceName[]
  /** Binary logarithms of the numbers of elements. */
  sizes: number[]
  seconds: number
  /** Default: one line per contestant, a column for every size, and nanoseconds per element. */
  down?(timing: Timing): string
  across?(timing: Timing): string
  cell?(timing: Timing): string
  targets?(timings: Timing[]): Target[]
}

const both = (bound: number): Bound => ({ zen5: bound, xeon: bound })

export const who = (timing: Timing): string => timing.who
export const size = (timing: Timing): string => power(timing.length)
export const ns = (timing: Timing): string => figure(nsOf(timing))

export const questions: Question[] = [
  {
    name: 'softplus',
    title: 'softplus in place, ns per element',
    races: ['softplus'],
    sizes: [4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26],
    seconds: 1,
    targets(timings) {
      const at = (who: string, n: number) => medianOf(timings, { who, length: 2 ** n })
      const [{ name }] = backends()
      const overRelu = at(name, 26) / at(`relu ${name}`, 26)
      const bounds: Record<string, Bound> = {
        avx512: { zen5: 115, xeon: 65 },
        avx2: { zen5: 38, xeon: 22 },
        wasm: { xeon: 2.5 },
        js: { zen5: 0.77, xeon: 0.77 },
      }
      const overLoop = backends().map(({ name }) => {
        const ratios = [14, 16, 18, 20, 22].map((n) => at(plainLoop, n) / at(name, n))
        const what = `${name}, 2^14 to 2^22 elements, times as fast as the plain loop`
        return atLeast(what, bounds[name] ?? 1, Math.min(...ratios))
      })
      // Node 20 has the strict module only.
      const { kind } = createInstance()
      const overJs = at('js', 14) / at('wasm', 14)
      return [
        atMost(`${name}, 2^26 elements, time over ReLU's`, { zen5: 1.15, xeon: 1.5 }, overRelu),
        ...overLoop,
        atLeast(
          `wasm, ${kind}, 2^14 elements, times as fast as js`,
          { xeon: kind === 'relaxed' ? 8 : 2.5 },
          overJs,
        ),
      ]
    },
  },
  {
    name: 'functions',
    title: 'best backend, in place, ns per element',
    races: ['everyFunction'],
    sizes: [14, 20, 24],
    seconds: 0.8,
  },
  {
    name: 'backends',
    title: 'in place, 2^14 elements, ns per element',
    races: ['derivative', 'inverse'],
    sizes: [14],
    seconds: 0.8,
    down: (timing) => timing.function,
    across: who,
    targets(timings) {
      const at = (name: string, of: string) => medianOf(timings, { function: of, who: name })
      const [{ name }] = backends()
      const overDerivative = at(name, 'inverse') / at(name, 'derivative')
      const overLoop = at('js', 'inverse') / at(plainLoop, 'inverse')
      return [
        atMost(`${name}, 2^14 elements, inverse over derivative`, both(12), overDerivative),
        atMost('js, 2^14 elements, inverse over the plain loop', both(3), overLoop),
      ]
    },
  },
  {
    name: 'betas',
    title: 'in place or into arrays that exist, 2^14 elements, ns per element',
    races: ['byBeta'],
    sizes: [14],
    seconds: 6,
    down: ({ who }) => who.split(', ').slice(1).join(', '),
    across: ({ who }) => who.split(', ')[0],
    targets(timings) {
      const most = (start: string) => {
        const ratios = timings
          .filter(({ who }) => who.startsWith(start))
          .map(({ who }) => {
            const without = who.replace(/beta .*/, 'beta 1')
            return { who, over: medianOf(timings, { who }) / medianOf(timings, { who: without }) }
          })
        const [{ who, over }] = ratios.toSorted((a, b) => b.over - a.over)
        return withoutTarget(`${who}, time over beta 1, the most of all functions`, over)
      }
      // Without a target: branches that depend on random lanes make the ratio differ by a fifth from run to run.
      return backends()
        .filter(({ name }) => /^avx/.test(name))
        .map(({ name }) => most(`${name}, `))
    },
  },
  {
    name: 'inputs',
    title: 'softplus in place, 2^16 elements, ns per element',
    races: ['byInput'],
    sizes: [16],
    seconds: 8,
    down: (timing) => timing.input,
    across: who,
    targets(timings) {
      const at = (name: string, input: string) => medianOf(timings, { who: name, input })
      const others = Object.keys(everyInput).filter((input) => input !== usual)
      const vectors = backends().filter(({ name }) => name !== 'scalar')
      const slowest = vectors.map(({ name }) => {
        const [input] = others.toSorted((a, b) => at(name, b) - at(name, a))
        const what = `${name}, the slowest, ${input}, time over ${usual}`
        return atMost(what, { xeon: 3 }, at(name, input) / at(name, usual))
      })
      const overLoop = (input: string, bound: number) => {
        const what = `js, ${input}, time over the plain loop`
        return atMost(what, { xeon: bound }, at('js', input) / at(plainLoop, input))
      }
      const wasm = backends().some(({ name }) => name === 'wasm')
        ? [
            atMost(
              `wasm, all -1e9, time over ${usual}`,
              { xeon: 1 },
              at('wasm', 'all -1e9') / at('wasm', usual),
            ),
          ]
        : []
      return [...slowest, ...wasm, overLoop('all -1e9', 2), overLoop('uniform in [-100, 100]', 1.5)]
    },
  },
  {
    name: 'withDerivative',
    title: 'into two arrays, ns per element',
    races: ['withDerivative'],
    sizes: [4, 10, 14, 18, 22, 26],
    seconds: 0.7,
    targets(timings) {
      const [{ name }] = backends()
      const at = (who: string, length: number) => medianOf(timings, { who, length })
      const over = (length: number) => at(name, length) / at(`${name}, two calls`, length)
      return [
        atMost(`${name}, 2^14 elements, withDerivative over two calls`, both(1), over(2 ** 14)),
        atMost(`${name}, 2^26 elements, withDerivative over two calls`, both(0.8), over(2 ** 26)),
      ]
    },
  },
  {
    name: 'async',
    title: 'softplus on the best backend, transfer: true, ns per element',
    races: ['async'],
    sizes: [14, 16, 18, 20, 22, 24, 26],
    seconds: 0.5,
    targets(timings) {
      const at = (who: string, n: number) => medianOf(timings, { who, length: 2 ** n })
      return [20, 24, 26].map((n) => {
        const what = `async, 2 threads, ${power(2 ** n)} elements, time over 2 bare threads`
        const over = at('async, 2 threads', n) / at('2 bare threads', n)
        // V8 collects garbage when it moves an array of 2^26 elements.
        if (n === 26) return withoutTarget(what, over)
        return atMost(what, { xeon: n === 20 ? 2 : 1.5 }, over)
      })
    },
  },
  {
    name: 'calls',
    title: 'one call by number of elements, ns per call',
    races: ['calls'],
    sizes: [0, 1, 2, 3, 4, 6, 8],
    seconds: 0.3,
    across: ({ length }) => String(length),
    cell: ({ ns, length }) => (ns.median * length).toFixed(0),
    targets: (timings) =>
      ['in place', 'into out'].map((way) => {
        const who = `${backends()[0].name}, ${way}`
        // No ratio, so other load on the machine shows: the least of all rounds.
        const ns = timingOf(timings, { who, length: 16 }).ns.least * 16
        return atMost(`${who}, one call on 16 elements, the least, ns`, both(150), ns)
      }),
  },
]

/** Their tables, by the names of their blocks in the documents. */
export const benchTables: Record<string, (timings: Timing[]) => Table> = {}
for (const { name, title, races, sizes, down = who, across = size, cell = ns } of questions)
  benchTables[name] = (timings) => {
    const own = timings
      .filter((timing) => races.some((race) => isOf(race, timing)))
      .filter(({ length }) => sizes.includes(Math.log2(length)))
      // Older results also have ReLU rows in the other races.
      .filter((timing) => name === 'softplus' || !timing.who.startsWith('relu '))
    return pivot(title, own, down, across, cell)
  }
