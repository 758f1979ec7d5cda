// Builds the C++ tests by native/CMakeLists.txt and runs them: on this machine, or for arm64 under qemu.
//
//   npm run tool -- native    every operation of every instruction set this CPU has, and the symbols of each backend
//   npm run tool -- neon      every operation of NEON, cross-compiled
//   npm run tool -- search    native/test/search.cc; its arguments are passed on
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkInstalled, missingOf, mustRun, root, run } from './run.mjs'

/** The exit code of a test whose instruction set this CPU does not have. */
export const cannotRunHere = 77

/** What programs are built for. */
export interface Target {
  /** Also the folder in build/native/ they are built in. */
  name: string
  /** The compiler, if it is not CMake's choice. */
  compiler?: string
  /** Further arguments for cmake-js. */
  cmake: string[]
  /** The command that runs its programs; empty for programs of this machine. */
  runner: string[]
}

export const host: Target = { name: process.arch, cmake: [], runner: [] }

export const neon: Target = {
  name: 'neon',
  compiler: 'aarch64-linux-gnu-g++',
  cmake: [
    '--arch=arm64',
    '--CDCMAKE_SYSTEM_NAME=Linux',
    '--CDCMAKE_SYSTEM_PROCESSOR=aarch64',
    '--CDCMAKE_EXE_LINKER_FLAGS=-static',
  ],
  runner: ['qemu-aarch64-static'],
}

const programsFor = ({ compiler, runner }: Target) => [compiler ?? [], runner].flat()

/** The programs that a target needs and this machine lacks. */
export const missingFor = (target: Target): string[] => missingOf(programsFor(target))

/**
 * Builds a target's programs, or only those that are named, and returns their folder.
 * @throws {Error} If a program that the target needs is missing, or the build fails.
 */
export function build(target: Target, named: string[] = []): string {
  checkInstalled(programsFor(target))
  const folder = join(root, 'build', 'native', target.name)
  mustRun([
    ...['cmake-js', 'compile', '--silent', '-d', 'native', '-O', folder],
    ...named.flatMap((name) => ['--target', name]),
    // The project's CI turns warnings into errors.
    `--CDSOFTPLUS_WERROR=${process.env.SOFTPLUS_WERROR === '1' ? 'ON' : 'OFF'}`,
    ...(target.compiler ? [`--CDCMAKE_CXX_COMPILER=${target.compiler}`] : []),
    ...target.cmake,
  ])
  return folder
}

/** Runs one of a target's programs and returns its stdout. Its stderr is shown. */
export const runOn = (target: Target, folder: string, program: string, args: string[] = []) =>
  run([...target.runner, join(folder, program), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })

/** Runs the tests that were built in a folder: lanes_* tests operations, bounds that kernels stay inside their arrays. */
export function runTests(target: Target, folder: string): boolean {
  const programs = readdirSync(folder).filter((file) => /^(lanes_[a-z0-9]+|bounds)$/.test(file))
  if (programs.length === 0) throw new Error(`no tests were built in ${folder}`)
  const results = programs.map((program) => {
    const { status } = runOn(target, folder, program)
    if (status === cannotRunHere) console.error(`${program}: this CPU cannot run it`)
    return status === 0 || status === cannotRunHere
  })
  return results.every(Boolean)
}

/**
 * Checks that each backend's object file exports its list of kernels and nothing else. The linker may merge any other function
 * with that of another file, and run one backend's instructions in place of another's. Global constructors must be absent
 * because they would run before anyone asked what the CPU can do.
 */
export function checkSymbols(folder: string): boolean {
  const { variables } = JSON.parse(readFileSync(join(root, 'native/backends.json'), 'utf8'))
  const names: string[] = [...new Set([...variables.x64_backends, ...variables.arm64_backends])]
  const backends = names
    .map((name) => ({ name, path: join(folder, `CMakeFiles/${name}.dir/backends/${name}.cc.o`) }))
    .filter(({ path }) => existsSync(path))
  if (backends.length === 0) throw new Error(`no backends were built in ${folder}`)
  const results = backends.map(({ name, path }) => {
    const exported = mustRun(['nm', '--demangle', '--extern-only', '--defined-only', path])
      .trim()
      .split('\n')
      .map((line) => line.replace(/^\S+ /, ''))
    const sections = mustRun(['objdump', '--section-headers', path])
    const found = /\.(init_array|ctors)/.test(sections)
      ? [...exported, 'global constructors']
      : exported
    const passed = found.length === 1 && /^[DR] softplus::\w+Backend$/.test(found[0])
    console.error(`${name}.cc exports ${found.join(', ')}: ${passed ? 'passed' : 'FAILED'}`)
    return passed
  })
  return results.every(Boolean)
}

export function main(args: string[], tool: 'native' | 'neon' | 'search'): boolean {
  if (tool === 'search') {
    const { status, stdout } = runOn(host, build(host, ['search']), 'search', args)
    process.stdout.write(stdout)
    return status === 0
  }
  if (args.length > 0) throw new Error(`${tool} takes no arguments; got ${args.join(' ')}`)
  if (tool === 'neon') return runTests(neon, build(neon))
  const folder = build(host)
  return [runTests(host, folder), checkSymbols(folder)].every(Boolean)
}
