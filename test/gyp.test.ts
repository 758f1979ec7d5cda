// How node-gyp compiles the addon: for users of any system, without turning warnings into errors.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Compilation, compilations } from '../tools/build/gyp'

const root = join(import.meta.dirname, '..')
const avx2 = ['-mavx2', '-mfma']
const avx512 = ['-mavx512f', '-mavx512dq', '-mavx512bw', '-mavx512vl', ...avx2]
const forX64 = {
  linux: { avx2, avx512 },
  mac: { avx2, avx512 },
  win: { avx2: ['/arch:AVX2'], avx512: ['/arch:AVX512'] },
}
const instructions = /^-m(?!64$|macosx)|^\/arch:/
const error = /^-Werror|^\/WX/
const contraction = { linux: '-ffp-contract=off', mac: '-ffp-contract=off', win: '/fp:precise' }

const asked = new Map<string, Compilation[]>()
/** Asks gyp, which takes a second, once for each question. */
function ask(...question: Parameters<typeof compilations>): Compilation[] {
  const key = question.join(' ')
  const answer = asked.get(key) ?? compilations(...question)
  asked.set(key, answer)
  return answer
}

describe.each(['linux', 'mac', 'win'] as const)('on %s', (system) => {
  test.each(['x64', 'arm64'] as const)('%s: warnings are errors only where asked for', (arch) => {
    const usual = ask(system, arch)
    expect(usual.length).toBeGreaterThanOrEqual(5)
    for (const { source, flags } of usual)
      expect(flags.join(' '), source).not.toMatch(/-Werror|\/WX/)
    for (const { source, flags } of ask(system, arch, 'softplus_werror=1'))
      expect(
        flags.filter((flag) => error.test(flag)),
        source,
      ).toHaveLength(1)
  })

  test('x64: each backend gets its instruction set, and nothing else does', () => {
    const wanted: Record<string, string[]> = forX64[system]
    const found = ask(system, 'x64')
    expect(found.map(({ target }) => target)).toEqual(expect.arrayContaining(Object.keys(wanted)))
    for (const { target, source, flags } of found)
      expect(
        flags.filter((flag) => instructions.test(flag)),
        source,
      ).toEqual(wanted[target] ?? [])
  })

  test.each(['x64', 'arm64'] as const)('%s: nothing is contracted', (arch) => {
    for (const { source, flags } of ask(system, arch))
      expect(flags, source).toContain(contraction[system])
  })
})

// CI has it: .ci/run installs it.
const clang = ['clang++-19', 'clang++'].find((name) => !spawnSync(name, ['--version']).error)

test.skipIf(clang === undefined && !process.env.CI)('clang has no warning for any backend', () => {
  const architecture = process.arch === 'arm64' ? 'arm64' : 'x64'
  const backends = ask('linux', architecture, 'softplus_werror=1').filter(({ source }) =>
    source.startsWith('native/backends/'),
  )
  expect(backends.length).toBeGreaterThanOrEqual(2)
  for (const { source, flags } of backends) {
    const { status, stderr } = spawnSync(
      clang ?? 'clang++',
      ['-fsyntax-only', ...flags, join(root, source)],
      { encoding: 'utf8' },
    )
    expect(stderr, source).toBe('')
    expect(status).toBe(0)
  }
})
