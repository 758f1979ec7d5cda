// Builds the native tests with cmake-js and runs them: on this machine, or for arm64 under qemu.
//
//   tsx tools/build/native.ts test    every operation of every instruction set this CPU has; that kernels touch no memory outside
//                               of their arrays; and that nothing but the list of kernels leaves a file compiled with
//                               an instruction set's flags
//   tsx tools/build/native.ts neon    the same for NEON, and the strided proof, whose results must be those of this machine
//
// `neon` needs aarch64-linux-gnu-g++ and qemu-aarch64-static (Debian: g++-aarch64-linux-gnu,
// qemu-user-static).
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cannotRunHere = 77

export interface Target {
  name: string
  /** Where it is not the machine's own. */
  compiler?: string
  cmake: string[]
  /** What runs its programs; empty on the machine itself. */
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

/** Warnings are errors where the project's CI asks for it. */
const warnings = `--CDSOFTPLUS_WERROR=${process.env.SOFTPLUS_WERROR === '1' ? 'ON' : 'OFF'}`

const isInstalled = (program: string) =>
  (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)))

/** The programs a target needs and this machine lacks. */
export const missingFor = (target: Target): string[] =>
  [target.compiler ?? [], target.runner].flat().filter((program) => !isInstalled(program))

/** Builds a target's programs, or only what is named, and returns their folder. */
export function build(target: Target, named: string[] = []): string {
  const folder = join(root, 'build', 'native', target.name)
  const cmakeJs = join(root, 'node_modules', '.bin', 'cmake-js')
  const only = named.flatMap((name) => ['--target', name])
  const where = ['-d', join(root, 'native'), '-O', folder]
  const compiler = target.compiler ? [`--CDCMAKE_CXX_COMPILER=${target.compiler}`] : []
  const args = ['compile', '--silent', ...where, ...only, warnings, ...compiler, ...target.cmake]
  const { status, stdout, stderr } = spawnSync(cmakeJs, args, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`cmake-js ${args.join(' ')} failed:\n${stdout}\n${stderr}`)
  return folder
}

/** Runs a target's program; its stderr is passed on. */
export function run(target: Target, folder: string, program: string, args: string[] = []) {
  const [command, ...rest] = [...target.runner, join(folder, program), ...args]
  const { status, stdout, error } = spawnSync(command, rest, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (error) throw error
  return { status, stdout }
}

export function testLanes(target: Target, folder: string): boolean {
  const programs = readdirSync(folder).filter((file) => /^lanes_[a-z0-9]+$/.test(file))
  if (programs.length === 0) throw new Error(`no tests were built in ${folder}`)
  const results = programs.map((program) => {
    const { status } = run(target, folder, program)
    if (status === cannotRunHere) console.error(`${program}: this CPU cannot run it`)
    return status === 0 || status === cannotRunHere
  })
  return results.every(Boolean)
}

// A function that the linker may merge with another file's would run one backend's instructions in
// another's place, and a global constructor would run them before anyone asked what the CPU can do.
export function testSymbols(folder: string): boolean {
  const objects = readdirSync(join(folder, 'CMakeFiles'))
    .map((entry) => /^(avx2|avx512|neon|scalar)\.dir$/.exec(entry)?.[1])
    .filter((name) => name !== undefined)
    .map((name) => ({ name, path: `${folder}/CMakeFiles/${name}.dir/backends/${name}.cc.o` }))
  if (objects.length === 0) throw new Error(`no backends were built in ${folder}`)
  return objects.every(({ name, path }) => {
    const symbols = execFileSync('nm', ['--demangle', '--extern-only', '--defined-only', path], {
      encoding: 'utf8',
    })
    const leaving = symbols
      .trim()
      .split('\n')
      .map((line) => line.replace(/^\S+ /, ''))
    const constructs = /\.(init_array|ctors)/.test(
      execFileSync('objdump', ['--section-headers', path], { encoding: 'utf8' }),
    )
    const alone = leaving.length === 1 && /^[DR] softplus::\w+Backend$/.test(leaving[0])
    console.error(
      `${name}: ${leaving.join(', ')} ${constructs ? 'and global constructors ' : ''}leave it: ` +
        `${alone && !constructs ? 'passed' : 'FAILED'}`,
    )
    return alone && !constructs
  })
}

function main(what: string): boolean {
  if (what === 'test') {
    const folder = build(host)
    const staysInside = run(host, folder, 'bounds').status === 0
    return [staysInside, testLanes(host, folder), testSymbols(folder)].every(Boolean)
  }
  if (what !== 'neon') throw new Error('usage: native.ts test | neon')
  const missing = missingFor(neon)
  if (missing.length > 0) throw new Error(`not installed: ${missing.join(', ')}`)
  return testLanes(neon, build(neon))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = main(process.argv[2]) ? 0 : 1
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 2
  }
}
