// An SVG that stands by itself, drawn by Observable Plot, readable on light and on dark.
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { escaped } from './table'

/** Colours by what they stand for, on light and on dark: at least 4.5 to 1 against either background. */
const colours: Record<string, [light: string, dark: string]> = {
  ink: ['#1f2328', '#e6edf3'],
  paper: ['#ffffff', '#0d1117'],
  faint: ['#59636e', '#9198a1'],
  blue: ['#0550ae', '#79c0ff'],
  violet: ['#8250df', '#d2a8ff'],
  green: ['#1a7f37', '#56d364'],
  orange: ['#a84300', '#ffa657'],
  red: ['#cf222e', '#ff7b72'],
  teal: ['#0f6e75', '#39c5cf'],
}

export type Colour = keyof typeof colours

export const colour = (name: Colour): string => `var(--${name})`

// Names of their own, so that figures in one page share nothing but these.
const variables = (scheme: 0 | 1) =>
  Object.entries(colours)
    .map(([name, pair]) => `--${name}: ${pair[scheme]};`)
    .join(' ')

const style = `svg { ${variables(0)} color: var(--ink); }
@media (prefers-color-scheme: dark) { svg { ${variables(1)} } }`

export interface Drawing {
  svg: string
  /** Where a value of the vertical scale is, in pixels from the top, and which value is there. */
  yOf: (value: number) => number
  valueAt: (pixels: number) => number
}

/** Plot's options as an SVG with a title and a description for those who cannot see it. */
export function draw(title: string, description: string, options: Plot.PlotOptions): Drawing {
  const { document } = parseHTML('<html><body></body></html>')
  const plot = Plot.plot({
    document,
    style: { fontSize: '12px', fontFamily: 'system-ui, sans-serif' } as unknown as string,
    ...options,
  } as Plot.PlotOptions)
  const { width = 640, height = 400 } = options
  const paper = `<rect width="${width}" height="${height}" fill="var(--paper)"/>`
  const head =
    `<title>${escaped(title)}</title><desc>${escaped(description)}</desc>` +
    `<style>${style}</style>${paper}`
  const svg = plot.outerHTML
    .replace(/<svg /, '<svg xmlns="http://www.w3.org/2000/svg" role="img" ')
    .replace(/>/, `>${head}`)
  const y = plot.scale('y')
  return {
    svg,
    yOf: (value) => y?.apply(value) ?? 0,
    valueAt: (pixels) => y?.invert?.(pixels) ?? 0,
  }
}

/**
 * How far labels must be moved downwards so that they are `gap` pixels apart, in the order of their places: the least
 * that is moved in all, as each run of neighbours that would touch is centred where it stands.
 */
export function apart(places: number[], gap: number): number[] {
  const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b])
  const runs: { members: number[]; top: number }[] = []
  for (const i of order) {
    let run = { members: [i], top: places[i] }
    for (
      let last = runs.at(-1);
      last && last.top + last.members.length * gap > run.top;
      last = runs.at(-1)
    ) {
      runs.pop()
      const members = [...last.members, ...run.members]
      const mean = members.reduce((sum, m, at) => sum + places[m] - at * gap, 0) / members.length
      run = { members, top: mean }
    }
    runs.push(run)
  }
  const moved = new Array<number>(places.length)
  for (const { members, top } of runs)
    members.forEach((m, at) => {
      moved[m] = top + at * gap - places[m]
    })
  return moved
}
