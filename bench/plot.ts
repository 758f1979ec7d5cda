// npm run plot: the pictures of softplus in docs/, from values that this package computed. A second.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as Plot from '@observablehq/plot'
import { relu, softplus } from '../dist/index.js'
import { type Colour, colour, draw } from './report/figure'

interface Curve {
  name: string
  colour: Colour
  dash?: string
  of: (x: Float32Array) => Float32Array
  /** Where its name begins, or ends. */
  label: { x: number; y: number; anchor?: 'start' | 'end' }
}

interface Picture {
  file: string
  title: string
  from: number
  to: number
  y: [number, number]
  yTicks: number[]
  curves: Curve[]
}

const pixels = { width: 640, height: 420 }

// Axes through the origin: lines there, and the numbers along them.
function axes({ from, to, y, yTicks }: Picture): Plot.Markish[] {
  const numbers = (values: number[]) => values.filter((n) => n !== 0)
  const whole = Array.from({ length: to - from + 1 }, (_, i) => from + i)
  return [
    Plot.gridX(whole, { stroke: colour('faint'), strokeOpacity: 0.15 }),
    Plot.gridY(yTicks, { stroke: colour('faint'), strokeOpacity: 0.15 }),
    Plot.ruleY([0], { stroke: colour('faint') }),
    Plot.ruleX([0], { stroke: colour('faint'), y1: y[0], y2: y[1] }),
    Plot.text(numbers(whole), { x: (n) => n, y: 0, dy: 11, text: String, fill: colour('faint') }),
    Plot.text(numbers(yTicks), {
      x: 0,
      y: (n) => n,
      dx: -6,
      textAnchor: 'end',
      text: String,
      fill: colour('faint'),
    }),
    Plot.text(['x'], { x: to, y: 0, dx: 12, text: String, fill: colour('faint') }),
  ]
}

function svgOf(picture: Picture): string {
  const { title, from, to, y, curves } = picture
  const steps = 40 * (to - from)
  const x = Float32Array.from({ length: steps + 1 }, (_, i) => from + i / 40)
  const lines = curves.flatMap((curve) => {
    const values = curve.of(x)
    const label = curve.label
    return [
      Plot.line(
        Array.from(x, (v, i) => ({ x: v, y: values[i] })),
        {
          x: 'x',
          y: 'y',
          stroke: colour(curve.colour),
          strokeWidth: 2.25,
          strokeDasharray: curve.dash,
          clip: true,
        },
      ),
      Plot.text([curve.name], {
        x: label.x,
        y: label.y,
        textAnchor: label.anchor ?? 'start',
        text: String,
        fill: colour(curve.colour),
        fontSize: 14,
      }),
    ]
  })
  const description = `${title}, for x from ${from} to ${to}: ${curves.map(({ name }) => name).join(', ')}.`
  return draw(title, description, {
    ...pixels,
    margin: 24,
    x: { domain: [from, to], axis: null },
    y: { domain: y, axis: null },
    marks: [...axes(picture), ...lines],
  }).svg
}

const pictures: Picture[] = [
  {
    file: 'softplus.svg',
    title: 'softplus and its derivative beside ReLU',
    from: -6,
    to: 6,
    y: [-0.5, 6.2],
    yTicks: [1, 2, 3, 4, 5, 6],
    curves: [
      {
        name: 'ReLU',
        colour: 'green',
        dash: '2 3',
        of: relu,
        label: { x: 4.4, y: 3.9 },
      },
      {
        name: 'softplus(x) = ln(1 + eˣ)',
        colour: 'blue',
        of: softplus,
        label: { x: -0.4, y: 1.4, anchor: 'end' },
      },
      {
        name: 'its derivative, the sigmoid',
        colour: 'orange',
        of: softplus.derivative,
        label: { x: 5.9, y: 0.7, anchor: 'end' },
      },
    ],
  },
  {
    file: 'second-derivative.svg',
    title: 'The second derivative of softplus',
    from: -6,
    to: 6,
    y: [-0.022, 0.31],
    yTicks: [0.1, 0.2, 0.3],
    curves: [
      {
        name: 'u / (1 + u)², u = e⁻|x|',
        colour: 'violet',
        of: softplus.secondDerivative,
        label: { x: 1.7, y: 0.18 },
      },
    ],
  },
  {
    file: 'beta.svg',
    title: 'softplus for several beta: ln(1 + exp(beta x)) / beta',
    from: -4,
    to: 4,
    y: [-0.35, 4.2],
    yTicks: [1, 2, 3, 4],
    curves: [
      {
        name: 'beta = 0.5',
        colour: 'orange',
        of: (x) => softplus(x, { beta: 0.5 }),
        label: { x: -1.6, y: 0.95, anchor: 'end' },
      },
      {
        name: 'beta = 1',
        colour: 'blue',
        of: softplus,
        label: { x: -1.6, y: 0.4, anchor: 'end' },
      },
      {
        name: 'beta = 2',
        colour: 'violet',
        of: (x) => softplus(x, { beta: 2 }),
        label: { x: 0.72, y: 0.4 },
      },
      {
        name: 'ReLU',
        colour: 'green',
        dash: '2 3',
        of: relu,
        label: { x: 2.2, y: 1.85 },
      },
    ],
  },
]

for (const picture of pictures) {
  const path = fileURLToPath(new URL(`../docs/${picture.file}`, import.meta.url))
  writeFileSync(path, `${svgOf(picture)}\n`)
  console.error(`plot: ${path}`)
}
