// The tables are in step with their source, and their source with the program that makes it.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const tsx = join(root, 'node_modules', '.bin', 'tsx')

interface Row {
  function: string
  row: number
  words: string[]
}

describe('cells', () => {
  test('the C++ and the TypeScript tables are those of tools/cells/cells.json', () => {
    execFileSync(tsx, [join(root, 'tools/cells/write.ts'), '--check'])
  })

  test('fitting a row again gives the row', () => {
    const rows: Row[] = JSON.parse(readFileSync(join(root, 'tools/cells/cells.json'), 'utf8'))
    const row = rows.find(({ function: name, row: n }) => name === 'softplus' && n === 8)
    const printed = execFileSync(
      tsx,
      [join(root, 'tools/cells/fit.ts'), '--row', 'softplus', '8'],
      {
        encoding: 'utf8',
      },
    )
    for (const word of row?.words ?? ['no such row']) expect(printed).toContain(word)
  })
})
