// The floating-point environment: kernels leave that of the caller as it is. Flushing subnormals to zero changes results only
// where an argument or the result is subnormal.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { native } from './backends'
import { buildProgram, canBuild } from './native-program'

interface Line {
  environment: string
  backend: string
  function: string
  changed: number
  unexplained: number
}

describe.runIf(canBuild)('the floating-point environment', () => {
  const folder = mkdtempSync(join(tmpdir(), 'softplus-environment-'))
  let lines: Line[] = []

  // Fails if a kernel changed the environment.
  beforeAll(() => {
    const printed = execFileSync(buildProgram('environment', folder), {
      encoding: 'utf8',
      stdio: 'pipe',
    })
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

  test('that flushes subnormals changes results only where a number is subnormal', () => {
    const flushed = of('subnormals flushed to zero')
    expect(flushed.filter(({ unexplained }) => unexplained > 0)).toEqual([])
  })

  test.each(native)('that flushes subnormals changes these functions of %s', (backend) => {
    const always = ['inverse', 'relu', 'reluDerivative', 'backward']
    const somewhere = ['softplus', 'derivative', 'secondDerivative', 'withDerivative']
    const changed = changedBy('subnormals flushed to zero', backend)
    expect(changed.filter((name) => always.includes(name))).toEqual(always)
    expect(somewhere).toEqual(
      expect.arrayContaining(changed.filter((name) => !always.includes(name))),
    )
  })
})
