// Tables in Markdown, the same on the terminal and in the documents.

export interface Table {
  title: string
  head: string[]
  /** As many cells as `head` has. The first cell is the row's name. */
  rows: string[][]
}

export function markdown({ title, head, rows }: Table): string {
  const widths = head.map((_, i) => Math.max(3, ...[head, ...rows].map((row) => row[i].length)))
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  const line = (row: string[]) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[i]))).join(' | ')} |`
  return [`**${title}**`, '', ...[head, rule, ...rows].map(line)].join('\n')
}

const distinct = <T>(values: T[]): T[] => [...new Set(values)]

/** A row for every value of `down`, a column for every value of `across`, in the order of the items. */
export function pivot<T>(
  title: string,
  items: T[],
  down: (item: T) => string,
  across: (item: T) => string,
  cell: (item: T) => string,
): Table {
  const columns = distinct(items.map(across))
  const cells = new Map(items.map((item) => [`${down(item)}|${across(item)}`, cell(item)]))
  return {
    title,
    head: ['', ...columns],
    rows: distinct(items.map(down)).map((name) => [
      name,
      ...columns.map((column) => cells.get(`${name}|${column}`) ?? ''),
    ]),
  }
}

/** 0.0204, 0.144, 7.13, 19.3, 119, 36,707, 8.6e+9. */
export function figure(value: number): string {
  if (value < 99.95) return value.toPrecision(3)
  return value < 1e6 ? Math.round(value).toLocaleString('en-US') : value.toExponential(1)
}

/** 2^14 for 16,384. */
export const power = (length: number): string => `2^${Math.log2(length)}`
