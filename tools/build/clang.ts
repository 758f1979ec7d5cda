// Builds with clang what GCC builds, and checks the code for systems that are not here.
//
//   tsx tools/build/clang.ts
//
// 1. The addon, as a user's `CXX=clang++ node-gyp rebuild` builds it: Node loads it. 2. The native tests, and the strided
// proof: its results must be those of GCC's build. 3. The syntax for arm64, Apple and Windows, with the flags that
// binding.gyp gives there, as far as Debian has headers: musl's and libc++'s stand in for Apple's, which leaves out the
// files that include <string>; of Windows there are MinGW's, and no headers of Microsoft's.
//
// Needs Debian's clang-19, libc++-19-dev, musl-dev and mingw-w64-x86-64-dev. Exit code 1 if a check fails, 2 if it could
// not be run. SOFTPLUS_WERROR=1 makes warnings errors.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compilations, nodeFolder } from './gyp'
import { build, host, missingFor, run, type Target, testLanes, testSymbols } from './native'

const root = fileURLToPath(new URL('../..', import.meta.url))
const compiler = 'clang++-19'
const clang: Target = { name: 'clang', compiler, cmake: [], runner: [] }
const werror = process.env.SOFTPLUS_WERROR === '1' ? ['softplus_werror=1'] : []

function buildAddon(): boolean {
  const folder = join(root, 'build', 'clang')
  rmSync(folder, { recursive: true, force: true })
  for (const entry of ['native', 'binding.gyp', 'package.json'])
    cpSync(join(root, entry), join(folder, entry), { recursive: true })
  const { status, stdout, stderr } = spawnSync(
    join(root, 'node_modules', '.bin', 'node-gyp'),
    ['rebuild', `--nodedir=${nodeFolder()}`, ...werror.map((setting) => `--${setting}`)],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, CXX: compiler } },
  )
  if (status !== 0) {
    console.error(`${stdout}${stderr}`)
    return false
  }
  const addon = join(folder, 'build', 'Release', 'softplus.node')
  const script = 'require(process.argv[1]).available.join(", ")'
  const loaded = spawnSync(process.execPath, ['-p', script, addon], { encoding: 'utf8' })
  if (loaded.status !== 0) {
    console.error(`addon: FAILED to load\n${loaded.stderr}`)
    return false
  }
  console.error(`addon: loaded, ${loaded.stdout.trim()}`)
  return loaded.stdout.includes('scalar')
}

function buildTests(): boolean {
  const folder = build(clang)
  const proofs = (target: Target, programs: string) =>
    run(target, programs, 'prove', ['--stride', '257', '--json'])
  const here = proofs(clang, folder)
  const hashes = (output: string) => output.match(/"hash": ?"?\w+/g)?.join()
  const isProven = here.status === 0 && hashes(here.stdout) !== undefined
  const isSame = hashes(here.stdout) === hashes(proofs(host, build(host)).stdout)
  console.error(
    `proof, 1 in 257 inputs: ${isProven ? 'passed' : 'FAILED'}, the results are ${isSame ? '' : 'NOT '}those of GCC`,
  )
  return [testLanes(clang, folder), testSymbols(folder), isProven, isSame].every(Boolean)
}

const libcxx = ['-nostdinc++', '-isystem', '/usr/lib/llvm-19/include/c++/v1', '-nostdlibinc']
const musl = [...libcxx, '-isystem', '/usr/include/x86_64-linux-musl']
const mingw = [...libcxx, '-isystem', '/usr/x86_64-w64-mingw32/include']
const packages = ['node-addon-api', 'node-api-headers/include'].flatMap((name) => [
  '-isystem',
  join(root, 'node_modules', name),
])
// gyp knows no compiler for Windows but Microsoft's: clang gets the flags it has on Linux, without what Windows lacks.
const systems = [
  { triple: 'aarch64-linux-gnu', system: 'linux', architecture: 'arm64', headers: [] },
  { triple: 'arm64-apple-darwin20', system: 'mac', architecture: 'arm64', headers: musl },
  { triple: 'x86_64-apple-darwin20', system: 'mac', architecture: 'x64', headers: musl },
  { triple: 'x86_64-w64-windows-gnu', system: 'linux', architecture: 'x64', headers: mingw },
] as const

function checkSyntax({ triple, system, architecture, headers }: (typeof systems)[number]): boolean {
  const includesString = ['native/addon/addon.cc', 'native/addon/launch.cc']
  const sources = compilations(system, architecture, ...werror).filter(
    ({ source }) => system !== 'mac' || !includesString.includes(source),
  )
  const onWindows = triple.includes('windows')
  const failed = sources.filter(({ source, flags }) => {
    const { status, stderr } = spawnSync(
      compiler,
      [
        `--target=${triple}`,
        '-fsyntax-only',
        ...flags.filter((flag) => !(onWindows && flag === '-fPIC')),
        '-Wno-unused-command-line-argument',
        ...headers,
        ...packages,
        source,
      ],
      { cwd: root, encoding: 'utf8' },
    )
    if (status !== 0 || stderr !== '') console.error(stderr)
    return status !== 0
  })
  const names = sources.map(({ source }) => source.replace(/^.*\/|\.cc$/g, ''))
  console.error(`${triple}, ${names.join(', ')}: ${failed.length === 0 ? 'passed' : 'FAILED'}`)
  return sources.length > 0 && failed.length === 0
}

function main(): boolean {
  const folders = [libcxx[2], musl[musl.length - 1], mingw[mingw.length - 1]]
  const missing = [...missingFor(clang), ...folders.filter((folder) => !existsSync(folder))]
  if (missing.length > 0) throw new Error(`not installed: ${missing.join(', ')}`)
  return [...systems.map(checkSyntax), buildAddon(), buildTests()].every(Boolean)
}

try {
  process.exitCode = main() ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
