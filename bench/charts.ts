// The charts of the results: time against size, and time and error beside other libraries.
import * as Plot from '@observablehq/plot'
import { type Colour, colour, draw } from './draw'
import { usual } from './inputs'
import { nsOf, type Results, type Timing } from './results'
import { figure } from './table'
import { nameOf } from './targets'

// softplus is solid, ReLU dotted, other libraries dashed.
const styles: [who: RegExp, Colour, dash?: string][] = [
  [/^(avx512|neon)/, 'blue'],
  [/^avx2/, 'violet'],
  [/^scalar/, 'teal'],
  [/^wasm/, 'green'],
  [/^js/, 'orange'],
  [/^plain loop$/, 'red'],
  [/^relu plain/, 'red', '2 3'],
  [/^relu js/, 'orange', '2 3'],
  [/^relu/, 'green', '2 3'],
  [/./, 'faint', '6 3'],
]
const styleOf = (who: string) => styles.find(([pattern]) => pattern.test(who)) ?? styles[0]
const fill = ({ who }: { who: string }) => colour(styleOf(who)[1])

const distinct = <T>(values: T[]): T[] => [...new Set(values)]
const superscript = (n: number) => String(n).replace(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)])

// Ticks at powers of ten, and at 2 and 5 times these, which Plot's own logarithmic axes leave out.
const decades = [-2, -1, 0, 1, 2, 3].flatMap((n) => [1, 2, 5].map((step) => step * 10 ** n))
const text = (tick: number) => tick.toLocaleString('en-US', { maximumSignificantDigits: 1 })
function logarithmic(values: number[]) {
  const domain = [Math.min(...values) * 0.8, Math.max(...values) * 1.25]
  const ticks = decades.filter((tick) => tick > domain[0] && tick < domain[1])
  return { domain, ticks }
}

/** The positions of labels, moved downwards until each is `gap` below the one above. */
export function apart(positions: number[], gap: number): number[] {
  const moved = [...positions]
  const order = positions.map((_, i) => i).sort((a, b) => positions[a] - positions[b])
  for (const [n, i] of order.entries())
    if (n > 0) moved[i] = Math.max(moved[i], moved[order[n - 1]] + gap)
  return moved
}

/** A line of time against size for every backend, ReLU, and other libraries where they were measured. */
export function timeAgainstSize({ timings: all, machine }: Results, peers?: Results): string {
  const own = all.filter((timing) => timing.function === 'softplus' && timing.way === 'in place')
  const ownNames = new Set(own.map(({ who }) => who))
  const others =
    peers?.timings.filter(({ who, input }) => input === usual && !ownNames.has(who)) ?? []
  const timings = [...own, ...others].toSorted((a, b) => a.length - b.length)
  const lengths = distinct(timings.map(({ length }) => length))
  const whos = distinct([...own, ...others].map(({ who }) => who))
  const [first, last] = [lengths[0], lengths[lengths.length - 1]]

  const frame = { width: 860, height: 520, marginTop: 40, marginBottom: 44, marginLeft: 50 }
  const { domain, ticks } = logarithmic(timings.map(nsOf))
  const range = [frame.height - frame.marginBottom, frame.marginTop]
  const y = { type: 'log', domain, range, axis: null } as const
  const scale = Plot.scale({ y })
  const ends = whos.map((who) => nsOf(timings.findLast((timing) => timing.who === who) as Timing))
  const positions = apart(ends.map(scale.apply), 14)
  const labels = whos.map((who, i) => ({ who, ns: scale.invert?.(positions[i]) }))
  const caches = Object.entries(machine.caches)
    .map(([name, size]) => ({
      name: `${name} ${size}`,
      length: Number.parseInt(size, 10) * (size.endsWith('M') ? 2 ** 18 : 2 ** 8),
    }))
    .filter(({ length }) => length > first && length < last)

  const at = { x: 'length', y: nsOf }
  const faint = { stroke: colour('faint'), strokeOpacity: 0.5 }
  const title = 'softplus: time per element against size'
  const what = `ns per element against the number of float32 elements, both logarithmic, ${nameOf(machine.cpu)}`
  return draw(title, `${what}: ${whos.join(', ')}.`, {
    ...frame,
    marginRight: 150,
    x: {
      type: 'log',
      base: 2,
      domain: [first, last],
      ticks: lengths,
      tickFormat: (n: number) => `2${superscript(Math.log2(n))}`,
      label: 'float32 elements →',
    },
    y,
    marks: [
      Plot.gridY(ticks),
      Plot.axisY(ticks, { text, label: `↑ ns per element, one thread, ${nameOf(machine.cpu)}` }),
      Plot.ruleX(caches, { x: 'length', ...faint }),
      Plot.text(caches, { x: 'length', text: 'name', frameAnchor: 'top', dy: -8 }),
      ...whos.map((who) => {
        const [, , strokeDasharray] = styleOf(who)
        const line = { ...at, stroke: fill({ who }), strokeDasharray, strokeWidth: 2 }
        return Plot.line(
          timings.filter((timing) => timing.who === who),
          line,
        )
      }),
      Plot.dot(timings, { ...at, r: 3, fill }),
      Plot.text(labels, { x: () => last, y: 'ns', text: 'who', dx: 10, textAnchor: 'start', fill }),
    ],
  })
}

/** A line for everyone, the fastest first: the time as a dot, the largest error as a number. */
export function speedAndError({ timings, machine }: Results): string {
  const points = timings
    .filter(({ input, length }) => input === usual && length === 2 ** 20)
    .map((timing) => {
      return { who: timing.who, ns: nsOf(timing), error: figure(timing.maxUlp ?? Infinity) }
    })
    .sort((a, b) => a.ns - b.ns)
  const { domain, ticks } = logarithmic(points.map(({ ns }) => ns))
  const title = 'Time and largest error of softplus beside other libraries'
  const of = points.map(({ who, ns, error }) => `${who} ${figure(ns)} ns, ${error} ULP`)
  const right = { dx: 80, textAnchor: 'end' } as const
  return draw(title, `${of.join('; ')}.`, {
    width: 860,
    height: 80 + 26 * points.length,
    marginTop: 36,
    marginBottom: 44,
    marginLeft: 170,
    marginRight: 130,
    x: { type: 'log', domain, axis: null },
    y: { type: 'point', domain: points.map(({ who }) => who), label: null, tickSize: 0 },
    marks: [
      Plot.gridX(ticks),
      Plot.axisX(ticks, {
        text,
        label: `ns per element, 2²⁰ elements, one thread, ${nameOf(machine.cpu)} →`,
      }),
      Plot.gridY(points, { y: 'who' }),
      Plot.dot(points, { x: 'ns', y: 'who', r: 5, fill }),
      Plot.text(points, { ...right, y: 'who', text: 'error', frameAnchor: 'right' }),
      Plot.text(['largest error, ULP'], { ...right, frameAnchor: 'top-right', dy: -18 }),
    ],
  })
}
