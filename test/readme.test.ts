// The README's first example prints what the README says. The npm scripts that README and CONTRIBUTING name exist.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { names } from './backends'

const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

function runAsUser(source: string, environment: NodeJS.ProcessEnv = process.env): string {
  const folder = mkdtempSync(join(tmpdir(), 'softplus-readme-'))
  try {
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(root, join(folder, 'node_modules', 'softplus'), 'junction')
    writeFileSync(join(folder, 'example.mjs'), source)
    return execFileSync(process.execPath, ['example.mjs'], {
      cwd: folder,
      encoding: 'utf8',
      env: environment,
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('README', () => {
  test.each(names)('its first example prints what it says, %s', (name) => {
    const [, source, output] = /```js\n(.+?)```\n```\n(.+?)```/s.exec(readme) ?? []
    const printed = runAsUser(source, { ...process.env, SOFTPLUS_BACKEND: name })
    expect(printed).toBe(output.replace('avx512', name))
  })

  test('every npm script they name exists', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const guide = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
    const named = [
      ...`${readme}\n${guide}`.matchAll(/npm (?:run (?:-s )?([a-z][a-z0-9:-]*)|(start|test)\b)/g),
    ].map(([, script, lifecycle]) => script ?? lifecycle)
    expect(named).toContain('prove')
    for (const name of named) expect(scripts).toHaveProperty([name])
  })
})
