// Writes native/functions/cells.h and src/math/cells.ts from tools/cells/cells.json

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { floatOf, hex, hexFloat, type Row, readTable, root, tableWords } from './table'

const header =
  '// Coefficients of the cells, generated from tools/cells/cells.json by tools/cells/write.ts'

const layout =
  '// A row: c0..c6, then the low part of c0 as a float. Its upper 16 bits are also the low 16 bits of c6.'

const comment = (row: Row) => `// n = ${row.row === 0 ? '-0.0' : row.centre.toFixed(1)}`

function headerTable(name: string, rows: Row[]): string {
  const lines = rows.map((row) => {
    const literals = tableWords(row.words).map((w) => `${hexFloat(floatOf(w))}f`)
    return `    {${literals.join(', ')}},  ${comment(row)}\n`
  })
  return `alignas(64) constexpr float ${name}Cells[${rows.length}][8] = {\n${lines.join('')}};\n`
}

function headerText(tables: Map<string, Row[]>): string {
  const body = [...tables].map(([name, rows]) => headerTable(name, rows)).join('\n')
  return `${header}
${layout}
#pragma once

namespace softplus {

// clang-format off
${body}// clang-format on

}  // namespace softplus
`
}

function moduleTable(name: string, rows: Row[]): string {
  const lines = rows.map((row) => {
    const words = tableWords(row.words).map((w) => `0x${hex(w)}`)
    return `  ${words.join(', ')}, ${comment(row)}\n`
  })
  return `export const ${name}Cells: Float32Array = fromBits([\n${lines.join('')}])\n`
}

function moduleText(tables: Map<string, Row[]>): string {
  const body = [...tables].map(([name, rows]) => moduleTable(name, rows)).join('\n')
  return `${header}
${layout}
// biome-ignore-all format: one row of the table a line

const fromBits = (words: number[]) => new Float32Array(new Uint32Array(words).buffer)

${body}`
}

function tablesOf(rows: Row[]): Map<string, Row[]> {
  const tables = new Map<string, Row[]>()
  for (const row of rows) tables.set(row.function, [...(tables.get(row.function) ?? []), row])
  return tables
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

const isCurrent = (path: string, text: string) =>
  existsSync(join(root, path)) && readFileSync(join(root, path), 'utf8') === text

const tables = tablesOf(readTable())
const files: [string, string][] = [
  ['native/functions/cells.h', headerText(tables)],
  ['src/math/cells.ts', moduleText(tables)],
]
for (const [path, text] of files) {
  if (!process.argv.includes('--check')) write(path, text)
  else if (!isCurrent(path, text)) {
    console.error(`${path} must match tools/cells/cells.json; run: npx tsx tools/cells/write.ts`)
    process.exitCode = 1
  }
}
