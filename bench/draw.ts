// Draws an SVG file with Observable Plot, readable on a light and on a dark page.
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

// On a light and on a dark page: a contrast of at least 4.5 against either background.
const colours = {
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

const variables = (scheme: 0 | 1) =>
  Object.entries(colours)
    .map(([name, pair]) => `--${name}: ${pair[scheme]};`)
    .join(' ')

const style = `svg { ${variables(0)} color: var(--ink); }
@media (prefers-color-scheme: dark) { svg { ${variables(1)} } }`

/** The content of an SVG file. The title and the description are for readers who cannot see it. */
export function draw(title: string, description: string, options: Plot.PlotOptions): string {
  const { document } = parseHTML('<html><body></body></html>')
  const plot = Plot.plot({
    document,
    style: { fontSize: '12px', fontFamily: 'system-ui, sans-serif' } as unknown as string,
    ...options,
  } as Plot.PlotOptions)
  const head =
    `<title>${title}</title><desc>${description}</desc><style>${style}</style>` +
    `<rect width="${options.width}" height="${options.height}" fill="var(--paper)"/>`
  const svg = plot.outerHTML.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" role="img" ')
  return `${svg.replace('>', `>${head}`)}\n`
}
