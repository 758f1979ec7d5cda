// npm run bench -- plot: draws the graphs of softplus in docs/ from values that this package computed. A second.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as Plot from '@observablehq/plot'
import { relu, softplus } from '../dist/index.js'
import { type Colour, colour, draw } from './draw'

type Curve = [name: string, Colour, of: (x: Float32Array) => Float32Array, label: Label]

/** Where the curve's name stands, and which end of it. */
type Label = [x: number, y: number, anchor: 'start' | 'end']

interface Graph {
  file: string
  title: string
  x: [from: number, to: number]
  y: [from: number, to: number]
  curves: Curve[]
}

const graphs: Graph[] = [
  {
    file: 'softplus.svg',
    title: 'softplus and its derivative beside ReLU',
    x: [-6, 6],
    y: [-0.2, 6.2],
    curves: [
      ['ReLU', 'green', relu, [4.4, 3.9, 'start']],
      ['softplus(x) = ln(1 + eˣ)', 'blue', softplus, [-0.4, 1.4, 'end']],
      ['its derivative, the sigmoid', 'orange', softplus.derivative, [5.9, 0.7, 'end']],
    ],
  },
  {
    file: 'second-derivative.svg',
    title: 'The second derivative of softplus',
    x: [-6, 6],
    y: [-0.01, 0.31],
    curves: [
      ['u / (1 + u)², u = e⁻|x|', 'violet', softplus.secondDerivative, [1.7, 0.18, 'start']],
    ],
  },
  {
    file: 'beta.svg',
    title: 'softplus for several beta: ln(1 + exp(beta x)) / beta',
    x: [-4, 4],
    y: [-0.15, 4.2],
    curves: [
      ['beta = 0.5', 'orange', (x) => softplus(x, { beta: 0.5 }), [-1.6, 0.95, 'end']],
      ['beta = 1', 'blue', softplus, [-1.6, 0.4, 'end']],
      ['beta = 2', 'violet', (x) => softplus(x, { beta: 2 }), [0.72, 0.4, 'start']],
      ['ReLU', 'green', relu, [2.2, 1.85, 'start']],
    ],
  },
]

function svgOf({ title, x: [from, to], y, curves }: Graph): string {
  const x = Float32Array.from({ length: 40 * (to - from) + 1 }, (_, i) => from + i / 40)
  const names = curves.map(([name]) => name).join(', ')
  return draw(title, `${title}, for x from ${from} to ${to}: ${names}.`, {
    width: 640,
    height: 420,
    grid: true,
    x: { domain: [from, to], label: null },
    y: { domain: y, label: null, ticks: 6 },
    marks: [
      Plot.ruleX([0], { stroke: colour('faint') }),
      Plot.ruleY([0], { stroke: colour('faint') }),
      ...curves.flatMap(([name, own, of, [labelX, labelY, textAnchor]]) => {
        const strokeDasharray = name === 'ReLU' ? '2 3' : undefined
        const line = { stroke: colour(own), strokeWidth: 2.25, strokeDasharray, clip: true }
        const text = { text: () => name, textAnchor, fill: colour(own), fontSize: 14 }
        return [
          Plot.line(of(x), { x, y: Plot.identity, ...line }),
          Plot.text([0], { x: () => labelX, y: () => labelY, ...text }),
        ]
      }),
    ],
  })
}

export function main(): void {
  for (const graph of graphs) {
    const path = fileURLToPath(new URL(`../docs/${graph.file}`, import.meta.url))
    writeFileSync(path, svgOf(graph))
    console.error(`bench: wrote ${path}`)
  }
}
