// The floating-point environment: kernels leave the caller's as it is, and one that flushes subnormals to zero changes
// results only where a subnormal number is an argument or the result.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backends } from './backends'

interface Line {
  environment: string
  backend: string
  function: string
  changed: number
  unexplained: number
}

const root = join(import.meta.dirname, '..')
const native = backends.map(({ name }) => name).filter((name) => name !== 'js')
// The very kernels the addon is linked with.
const kernels = ['avx512', 'avx2', 'neon', 'scalar']
  .map((name) => join(root, 'build', 'Release', `${name}.a`))
  .filter(existsSync)
const canRun =
  kernels.length > 0 && process.platform !== 'win32' && /^(x64|arm64)$/.test(process.arch)

describe.runIf(canRun)('the floating-point environment', () => {
  const folder = mkdtempSync(join(tmpdir(), 'softplus-environment-'))
  let lines: Line[] = []

  // Ends with an error if a kernel left another environment than it found.
  beforeAll(() => {
    const program = join(folder, 'environment')
    const sources = ['test/environment.cc', 'dispatch.cc'].map((file) => join(root, 'native', file))
    const options = ['-std=c++17', '-O2', '-ffp-contract=off', '-pthread', '-o', program]
    execFileSync(process.env.CXX ?? 'c++', [...options, ...sources, ...kernels], { stdio: 'pipe' })
    const printed = execFileSync(program, { encoding: 'utf8', stdio: 'pipe' })
    lines = printed
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const of = (environment: string) => lines.filter((line) => line.environment === environment)
  const changedBy = (environment: string, backend: string) =>
    of(environment)
      .filter((line) => line.backend === backend && line.changed > 0)
      .map((line) => line.function)

  test('is left as it was by every kernel of every backend', () => {
    expect([...new Set(lines.map(({ backend }) => backend))]).toEqual(native)
    expect(lines).toHaveLength(5 * 8 * native.length)
    expect(of('default').filter(({ changed }) => changed > 0)).toEqual([])
  })

  test('that flushes subnormals changes nothing but what has to do with subnormals', () => {
    const flushed = of('subnormals flushed to zero')
    expect(flushed.filter(({ unexplained }) => unexplained > 0)).toEqual([])
  })

  test.each(native)('which functions it changes, %s', (backend) => {
    const always = ['inverse', 'relu', 'reluDerivative', 'backward']
    const inScalarOnly = ['softplus', 'derivative', 'secondDerivative', 'withDerivative']
    const changed = changedBy('subnormals flushed to zero', backend)
    expect(changed.filter((name) => always.includes(name))).toEqual(always)
    const others = changed.filter((name) => !always.includes(name))
    expect(others).toEqual(backend === 'scalar' ? inScalarOnly : [])
  })
})
