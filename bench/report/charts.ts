// The charts of what was found: time against size, and speed against error.
import * as Plot from '@observablehq/plot'
import { usual } from '../inputs'
import type { Machine, Results, Row } from '../results'
import { apart, type Colour, colour, draw } from './figure'
import { figure } from './tables'

interface Style {
  colour: Colour
  dash?: string
}

// What is compared has one colour and style on every chart; softplus solid, ReLU dotted, peers dashed.
const styles: [RegExp, Style][] = [
  [/^(avx512|neon)/, { colour: 'blue' }],
  [/^avx2/, { colour: 'violet' }],
  [/^scalar/, { colour: 'teal' }],
  [/^js/, { colour: 'orange' }],
  [/^plain loop$/, { colour: 'red' }],
  [/^relu plain/, { colour: 'red', dash: '2 3' }],
  [/^relu js/, { colour: 'orange', dash: '2 3' }],
  [/^relu/, { colour: 'green', dash: '2 3' }],
  [/./, { colour: 'faint', dash: '6 3' }],
]
const styleOf = (who: string): Style =>
  styles.find(([pattern]) => pattern.test(who))?.[1] ?? { colour: 'ink' }

const superscript = (n: number): string =>
  [...String(n)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')

const bytesOf = (size: string): number =>
  Number.parseInt(size, 10) * (size.endsWith('M') ? 2 ** 20 : 2 ** 10)

const distinct = <T>(values: T[]): T[] => [...new Set(values)]

interface Axis {
  scale: Plot.ScaleOptions
  /** Ticks at the powers of ten, on short axes at 2 and 5 times these too, which Plot's own axes would thin out. */
  ticks: number[]
  text: (tick: number) => string
}

function logarithmic(values: number[], below: number, above: number): Axis {
  const domain = [Math.min(...values) * below, Math.max(...values) * above]
  const steps = domain[1] / domain[0] > 1e4 ? [1] : [1, 2, 5]
  const ticks = Array.from({ length: 20 }, (_, i) => i - 6).flatMap((n) =>
    steps.map((step) => Number(`${step}e${n}`)),
  )
  return {
    scale: { type: 'log', domain, axis: null },
    ticks: ticks.filter((tick) => tick >= domain[0] && tick <= domain[1]),
    text: (tick) => tick.toLocaleString('en-US', { maximumSignificantDigits: 1 }),
  }
}

const verticalAxis = ({ ticks, text }: Axis, label: string): Plot.Markish[] => [
  Plot.gridY(ticks),
  Plot.axisY(ticks, { text, label }),
]
const horizontalAxis = ({ ticks, text }: Axis, label: string): Plot.Markish[] => [
  Plot.gridX(ticks),
  Plot.axisX(ticks, { text, label }),
]

/** What a chart against size is made of. */
export interface Line {
  who: string
  length: number
  value: number
}

export const nsLines = (rows: Row[]): Line[] =>
  rows.map(({ who, length, ns }) => ({ who, length, value: ns.median }))

/** A line for everyone over the number of elements, on logarithmic scales; labels stand at the lines' ends. */
export function againstSize(
  title: string,
  unit: string,
  unsorted: Line[],
  { caches }: Machine,
): string {
  const lines = unsorted.toSorted((a, b) => a.length - b.length)
  const lengths = lines.map(({ length }) => length)
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)]
  const levels = Object.entries(caches)
    .map(([name, size]) => ({ name: `${name} ${size}`, length: bytesOf(size) / 4 }))
    .filter(({ length }) => length > least && length < most)
  const whos = distinct(lines.map(({ who }) => who))
  const ends = whos.map((who) => {
    const own = lines.filter((line) => line.who === who)
    return own.reduce((last, line) => (line.length > last.length ? line : last))
  })
  const vertical = logarithmic(
    lines.map(({ value }) => value),
    0.85,
    1.15,
  )
  const options = (labels: Plot.Markish[]): Plot.PlotOptions => ({
    width: 860,
    height: 520,
    marginRight: 150,
    marginLeft: 50,
    marginTop: 40,
    marginBottom: 44,
    x: {
      type: 'log',
      base: 2,
      domain: [least, most],
      ticks: distinct(lengths),
      tickFormat: (n: number) => `2${superscript(Math.round(Math.log2(n)))}`,
      label: 'float32 elements →',
    },
    y: vertical.scale,
    marks: [
      ...verticalAxis(vertical, `↑ ${unit}`),
      Plot.ruleX(levels, { x: 'length', stroke: colour('faint'), strokeOpacity: 0.5 }),
      Plot.text(levels, {
        x: 'length',
        text: 'name',
        frameAnchor: 'top',
        dy: -8,
        fill: colour('faint'),
      }),
      ...whos.flatMap((who) => {
        const own = lines.filter((line) => line.who === who)
        const at = { x: 'length', y: 'value' }
        const { colour: name, dash } = styleOf(who)
        return [
          Plot.line(own, { ...at, stroke: colour(name), strokeDasharray: dash, strokeWidth: 2 }),
          Plot.dot(own, { ...at, fill: colour(name), r: 3 }),
        ]
      }),
      ...labels,
    ],
  })
  const description = `${unit} against the number of float32 elements, both logarithmic: ${whos.join(', ')}.`
  const { yOf } = draw(title, description, options([]))
  // Lines that end early would have their labels inside the chart: all stand in the margin, in the order of their ends.
  const moved = apart(
    ends.map(({ value }) => yOf(value)),
    14,
  )
  const labels = ends.map(({ who, value }, i) =>
    Plot.text([{ who }], {
      x: () => most,
      y: () => value,
      text: () => who,
      dx: 10,
      dy: moved[i],
      textAnchor: 'start',
      fill: colour(styleOf(who).colour),
    }),
  )
  return draw(title, description, options(labels)).svg
}

/** Everyone as a point: the largest error to the right, the time upwards, both logarithmic. */
export function speedAndError({ rows }: Results): string {
  const points = rows
    .filter(({ input, length, maxUlp }) => input === usual && length === 2 ** 20 && maxUlp != null)
    .map(({ who, ns, maxUlp = 0 }) => ({ who, ns: ns.median, maxUlp }))
    .sort((a, b) => a.ns - b.ns)
  const title = 'Time and largest error of softplus'
  const horizontal = logarithmic([0.5, ...points.map(({ maxUlp }) => maxUlp)], 0.9, 1.3)
  const vertical = logarithmic(
    points.map(({ ns }) => ns),
    0.7,
    1.4,
  )
  const options = (labels: Plot.Markish[]): Plot.PlotOptions => ({
    width: 860,
    height: 520,
    marginLeft: 50,
    marginTop: 40,
    marginBottom: 44,
    marginRight: 150,
    x: horizontal.scale,
    y: vertical.scale,
    marks: [
      ...horizontalAxis(horizontal, 'largest error on 2²⁰ inputs, ULP (0.5 is correct rounding) →'),
      ...verticalAxis(vertical, '↑ ns per element, one thread'),
      Plot.ruleX([0.5], { stroke: colour('faint'), strokeDasharray: '2 3' }),
      Plot.dot(points, {
        x: 'maxUlp',
        y: 'ns',
        r: 5,
        fill: ({ who }: { who: string }) => colour(styleOf(who).colour),
      }),
      ...labels,
    ],
  })
  const description = `Largest error in ULP against nanoseconds per element, both logarithmic: ${points
    .map(({ who, ns, maxUlp }) => `${who} ${figure(maxUlp)} ULP, ${figure(ns)} ns`)
    .join('; ')}.`
  const { yOf, valueAt } = draw(title, description, options([]))
  const moved = apart(
    points.map(({ ns }) => yOf(ns)),
    15,
  )
  // Those that are nearly right stand close together: their names form a column, with a line to each.
  const [column, within] = [14, 10]
  const labels = points.flatMap((point, i) => {
    const isApart = point.maxUlp > within
    const text = `${point.who}, ${figure(point.ns)} ns`
    const at = { y: point.ns, fill: colour(styleOf(point.who).colour) }
    if (isApart)
      return [Plot.text([text], { ...at, y: () => at.y, x: () => point.maxUlp, dy: -14 })]
    return [
      Plot.link([point], {
        x1: 'maxUlp',
        y1: 'ns',
        x2: column * 0.93,
        y2: () => valueAt(yOf(point.ns) + moved[i]),
        stroke: at.fill,
        strokeOpacity: 0.5,
      }),
      Plot.text([text], {
        x: () => column,
        y: () => point.ns,
        dy: moved[i],
        textAnchor: 'start',
        fill: at.fill,
      }),
    ]
  })
  return draw(title, description, options(labels)).svg
}

const softplusInPlace = ({ rows }: Results): Row[] =>
  rows.filter((row) => row.function === 'softplus' && row.way === 'in place' && row.input === usual)

/** softplus by backend, ReLU, and peers where they were measured. */
export function timeAgainstSize(bench: Results, peers: Results | undefined): string {
  const own = softplusInPlace(bench)
  const known = new Set(own.map(({ who }) => who))
  const others = (peers?.rows ?? []).filter(({ who, input }) => input === usual && !known.has(who))
  return againstSize(
    'softplus: time per element against size',
    'ns per element, one thread',
    nsLines([...own, ...others]),
    bench.machine,
  )
}

/** What softplus and ReLU move, in GB/s: where the two meet, memory is the limit. */
export const gigabyteLines = (rows: Row[]): Line[] =>
  rows
    .filter((row) => row.function === 'softplus' && row.way === 'in place')
    .map(({ who, length, ns }) => ({ who, length, value: 8 / ns.median }))

/** A row of points for every kind of input. */
export function timeByInput({ rows }: Results): string {
  const of = rows.filter(({ way }) => way === 'by input')
  const kinds = distinct(of.map(({ input }) => input))
  const title = 'softplus: time per element by input'
  const horizontal = logarithmic(
    of.map(({ ns }) => ns.median),
    0.8,
    1.3,
  )
  const whos = distinct(of.map(({ who }) => who))
  return draw(title, `${title}, logarithmic: ${whos.join(', ')}.`, {
    width: 860,
    height: 60 + 44 * kinds.length,
    marginLeft: 230,
    marginTop: 34,
    marginBottom: 44,
    marginRight: 30,
    x: horizontal.scale,
    y: { type: 'point', domain: kinds, label: null, tickSize: 0 },
    marks: [
      ...horizontalAxis(horizontal, 'ns per element, 2¹⁶ elements in place, one thread →'),
      Plot.gridY(kinds),
      ...whos.map((who) =>
        Plot.dot(
          of.filter((row) => row.who === who),
          { x: (row: Row) => row.ns.median, y: 'input', r: 5, fill: colour(styleOf(who).colour) },
        ),
      ),
      Plot.text(
        of.filter(({ input }) => input === kinds[0]),
        {
          x: (row: Row) => row.ns.median,
          y: 'input',
          text: 'who',
          dy: -13,
          fill: (row: Row) => colour(styleOf(row.who).colour),
        },
      ),
    ],
  }).svg
}
