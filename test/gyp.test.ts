// How node-gyp compiles the addon on every system, and that CMake compiles the published one alike.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Compilation, compilations } from '../tools/build/gyp'

const root = join(import.meta.dirname, '..')
const { variables } = JSON.parse(readFileSync(join(root, 'native', 'backends.json'), 'utf8'))
const instructions = /^-m(?!64$|macosx)|^\/arch:/
const error = /^-Werror|^\/WX/
const contraction = { linux: '-ffp-contract=off', mac: '-ffp-contract=off', win: '/fp:precise' }
const architectures = ['x64', 'arm64'] as const
const architecture = process.arch === 'arm64' ? 'arm64' : 'x64'

/** The backends of an architecture, with the instruction sets that each is compiled for. */
const backendsOf = (system: string, arch: string): Record<string, string[]> =>
  Object.fromEntries(
    variables[`${arch}_backends`].map((name: string) => {
      const flags = variables[`${name}${system === 'win' ? '_msvc' : ''}_flags`] ?? []
      return [name, flags.filter((flag: string) => instructions.test(flag))]
    }),
  )

const asked = new Map<string, Compilation[]>()
/** Asks gyp, which takes a second, once for each question. */
function ask(...question: Parameters<typeof compilations>): Compilation[] {
  const key = question.join(' ')
  const answer = asked.get(key) ?? compilations(...question)
  asked.set(key, answer)
  return answer
}

describe.each(['linux', 'mac', 'win'] as const)('on %s', (system) => {
  test.each(architectures)('%s: warnings are errors only where asked for', (arch) => {
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

  test.each(architectures)(
    '%s: each backend gets its instruction set, nothing else does',
    (arch) => {
      const wanted = backendsOf(system, arch)
      const found = ask(system, arch)
      expect([...new Set(found.map(({ target }) => target))].sort()).toEqual(
        ['softplus', ...Object.keys(wanted)].sort(),
      )
      for (const { target, source, flags } of found)
        expect(
          flags.filter((flag) => instructions.test(flag)),
          source,
        ).toEqual(wanted[target] ?? [])
    },
  )

  // A setting of a target can replace a default in place of adding to it.
  test.each(architectures)('%s: every file gets all flags of backends.json', (arch) => {
    const suffix = system === 'win' ? '_msvc_flags' : '_flags'
    const common: string[] = variables[`common${suffix}`]
    for (const { target, source, flags } of ask(system, arch)) {
      const own: string[] = variables[`${target}${suffix}`] ?? []
      expect(flags, source).toEqual(expect.arrayContaining([...common, ...own]))
      // Node's own come too, and the compiler takes the last.
      for (const kind of [/^.std/, /^-O/]) {
        const last = (all: string[]) => all.findLast((flag) => kind.test(flag))?.replace('/', '-')
        if (last(common)) expect(last(flags), source).toBe(last(common))
      }
    }
  })

  test.each(architectures)('%s: nothing is contracted', (arch) => {
    for (const { source, flags } of ask(system, arch))
      expect(flags, source).toContain(contraction[system])
  })
})

test('the instruction sets are those that dispatch.cc asks the CPU for', () => {
  const x64 = backendsOf('linux', 'x64')
  expect(x64.avx2).toEqual(['-mavx2', '-mfma'])
  expect(x64.avx512.slice(0, 4)).toEqual(['-mavx512f', '-mavx512dq', '-mavx512bw', '-mavx512vl'])
  expect(x64.avx512.slice(4)).toEqual(x64.avx2)
})

const hasCMake = !spawnSync('cmake', ['--version']).error

// What is tested is built by node-gyp, what is published by CMake.
test.skipIf(!hasCMake && !process.env.CI)('CMake compiles every source with the same flags', () => {
  const folder = mkdtempSync(join(tmpdir(), 'softplus-cmake-'))
  execFileSync(
    'cmake',
    ['-S', join(root, 'native'), '-B', folder, '-DCMAKE_EXPORT_COMPILE_COMMANDS=ON'],
    { stdio: 'pipe' },
  )
  const commands: { file: string; command: string }[] = JSON.parse(
    readFileSync(join(folder, 'compile_commands.json'), 'utf8'),
  )
  rmSync(folder, { recursive: true })
  // Flags that decide what is computed; CMake and Node add others of their own.
  const deciding = (flags: string[]) =>
    [
      ...new Set(
        flags.filter((flag) =>
          /^-(std|O|m(?!64|no-outline-atomics)|f(?!.*-sections$|PIC))/.test(flag),
        ),
      ),
    ].sort()
  const defines = (flags: string[]) =>
    flags.filter((flag) => /^-DN(API|ODE_ADDON)/.test(flag)).sort()
  const sources = ask('linux', architecture)
  expect(sources.length).toBeGreaterThanOrEqual(5)
  for (const { target, source, flags } of sources) {
    const name = target === 'softplus' ? 'addon' : target
    const found = commands.find(
      ({ file, command }) => relative(root, file) === source && command.includes(`/${name}.dir/`),
    )
    const published = found?.command.split(' ') ?? []
    expect(deciding(published), source).toEqual(deciding(flags))
    expect(defines(published), source).toEqual(defines(flags))
  }
})

// CI has it: .ci/run installs it.
const clang = ['clang++-19', 'clang++'].find((name) => !spawnSync(name, ['--version']).error)

test.skipIf(clang === undefined && !process.env.CI)('clang has no warning for any backend', () => {
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
