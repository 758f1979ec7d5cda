// Builds with clang what GCC builds, and checks the syntax for systems that are not here.
//
//   npm run tool -- clang
//
// 1. The syntax for arm64 and macOS, with the flags of binding.gyp there. Debian has no headers of Apple's: those of musl and
//    libc++ stand in for them, so addon.cc, which includes <string>, is left out.
// 2. The addon, built as a user's `CXX=clang++ node-gyp rebuild` builds it. Node must load it.
// 3. The native tests, and a proof over 1 in 257 inputs, whose results must be those of GCC's build.
//
// Needs Debian's clang-19, libc++-19-dev and musl-dev. SOFTPLUS_WERROR=1 makes warnings errors.
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { compilations, nodeFolder } from './gyp'
import { build, checkSymbols, host, runOn, runTests, type Target } from './native'
import { loaded } from './prebuild'
import { checkInstalled, mustRun, root, run } from './run.mjs'

const compiler = 'clang++-19'
const clang: Target = { name: 'clang', compiler, cmake: [], runner: [] }
const werror = process.env.SOFTPLUS_WERROR === '1' ? ['softplus_werror=1'] : []

const libcxxHeaders = '/usr/lib/llvm-19/include/c++/v1'
const muslHeaders = '/usr/include/x86_64-linux-musl'
// Apple's headers declare everything unasked.
const musl = [
  ...['-nostdinc++', '-isystem', libcxxHeaders, '-nostdlibinc', '-D_GNU_SOURCE'],
  ...['-isystem', muslHeaders],
]
const packages = ['node-addon-api', 'node-api-headers/include'].flatMap((name) => [
  '-isystem',
  join(root, 'node_modules', name),
])
const systems = [
  { triple: 'aarch64-linux-gnu', system: 'linux', architecture: 'arm64', headers: [] },
  { triple: 'arm64-apple-darwin20', system: 'mac', architecture: 'arm64', headers: musl },
  { triple: 'x86_64-apple-darwin20', system: 'mac', architecture: 'x64', headers: musl },
] as const

function checkSyntax({ triple, system, architecture, headers }: (typeof systems)[number]): boolean {
  const includesString = 'native/addon/addon.cc'
  const sources = compilations(system, architecture, ...werror).filter(
    ({ source }) => system !== 'mac' || source !== includesString,
  )
  const failed = sources.filter(({ source, flags }) => {
    const { status, stderr } = run([
      ...[compiler, `--target=${triple}`, '-fsyntax-only', '-Wno-unused-command-line-argument'],
      ...[...flags, ...headers, ...packages, source],
    ])
    if (stderr !== '') console.error(stderr)
    return status !== 0
  })
  const names = sources.map(({ source }) => source.replace(/^.*\/|\.cc$/g, ''))
  console.error(`${triple}, ${names.join(', ')}: ${failed.length === 0 ? 'passed' : 'FAILED'}`)
  return sources.length > 0 && failed.length === 0
}

function buildAddon(): boolean {
  const folder = join(root, 'build', 'clang')
  rmSync(folder, { recursive: true, force: true })
  for (const entry of ['native', 'binding.gyp', 'package.json'])
    cpSync(join(root, entry), join(folder, entry), { recursive: true })
  const settings = [`--nodedir=${nodeFolder()}`, ...werror.map((setting) => `--${setting}`)]
  mustRun(['node-gyp', 'rebuild', ...settings], { cwd: folder, env: { CXX: compiler } })
  const backends = loaded(join(folder, 'build', 'Release', 'softplus.node'))
  console.error(`addon: loaded, ${backends}`)
  return backends.includes('scalar')
}

function testNative(): boolean {
  const folder = build(clang)
  const prove = (target: Target, programs: string) =>
    runOn(target, programs, 'prove', ['--stride', '257', '--json'])
  const { status, stdout } = prove(clang, folder)
  const hashes = (output: string) => output.match(/"hash": ?"?\w+/g)?.join()
  const isProven = status === 0 && hashes(stdout) !== undefined
  const isSame = hashes(stdout) === hashes(prove(host, build(host)).stdout)
  console.error(
    `proof, 1 in 257 inputs: ${isProven ? 'passed' : 'FAILED'}, the results are ${isSame ? '' : 'NOT '}those of GCC`,
  )
  return [runTests(clang, folder), checkSymbols(folder), isProven, isSame].every(Boolean)
}

export function main(): boolean {
  checkInstalled([compiler, libcxxHeaders, muslHeaders])
  return [...systems.map(checkSyntax), buildAddon(), testNative()].every(Boolean)
}
