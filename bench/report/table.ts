// A table, as text for a terminal, as Markdown, and as HTML.

export interface Table {
  title: string
  head: string[]
  /** As many cells as head has; the first is the row's name. */
  rows: string[][]
}

const pad = (cell: string, width: number, column: number) =>
  column === 0 ? cell.padEnd(width) : cell.padStart(width)

const widths = ({ head, rows }: Table): number[] =>
  head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)))

export function text(table: Table): string {
  const wide = widths(table)
  const line = (row: string[]) => `  ${row.map((cell, i) => pad(cell, wide[i], i)).join('  ')}`
  return [table.title, ...[table.head, ...table.rows].map(line)].join('\n')
}

export function markdown(table: Table): string {
  const wide = widths(table)
  const line = (row: string[]) => `| ${row.map((cell, i) => pad(cell, wide[i], i)).join(' | ')} |`
  const rule = `| ${wide.map((n, i) => (i === 0 ? '-'.repeat(n) : `${'-'.repeat(Math.max(1, n - 1))}:`)).join(' | ')} |`
  return [`**${table.title}**`, '', line(table.head), rule, ...table.rows.map(line)].join('\n')
}

export const escaped = (value: string): string =>
  value.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)

export function html({ title, head, rows }: Table): string {
  const row = (cells: string[], tag: string) =>
    `<tr>${cells.map((cell, i) => `<${i === 0 ? 'th' : tag}>${escaped(cell)}</${i === 0 ? 'th' : tag}>`).join('')}</tr>`
  return `<table><caption>${escaped(title)}</caption><thead>${row(head, 'th')}</thead><tbody>${rows
    .map((cells) => row(cells, 'td'))
    .join('')}</tbody></table>`
}
