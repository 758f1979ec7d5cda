// Starts other programs: npm, cmake-js, compilers, Node. All of tools/ does it by these functions.
// This is JavaScript, because the set-up needs it before TypeScript can be run.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The package's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where programs are looked for: the dependencies' programs first. */
const path = [join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter)

/**
 * Runs a program in the package's folder and waits for its end.
 *
 * @param {string[]} command The program and its arguments.
 * @param {import('node:child_process').SpawnSyncOptions & { show?: boolean }} [options] Those of spawnSync. `env` is
 *   added to this process's environment. With `show`, everything that the program prints goes to stderr at once.
 * @returns {import('node:child_process').SpawnSyncReturns<string>}
 * @throws {Error} If the program cannot be started.
 */
export function run([program, ...args], { show = false, env, ...options } = {}) {
  const result = spawnSync(program, args, {
    cwd: root,
    maxBuffer: 2 ** 30,
    // Windows starts npm and the dependencies' programs by command files, which need a shell.
    shell: process.platform === 'win32' && program !== process.execPath,
    stdio: show ? ['ignore', 2, 2] : ['ignore', 'pipe', 'pipe'],
    ...options,
    encoding: 'utf8',
    env: { ...process.env, PATH: path, ...env },
  })
  if (result.error) throw new Error(`${program} cannot be run: ${result.error.message}`)
  return result
}

/**
 * Starts a program that runs beside this one, and does not wait for it. Its stderr can be read.
 *
 * @param {string[]} command The program and its arguments.
 */
export const start = ([program, ...args]) =>
  spawn(program, args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: path },
  })

/**
 * Runs a program that must succeed, and returns what it printed to stdout.
 *
 * @param {Parameters<typeof run>[0]} command
 * @param {Parameters<typeof run>[1]} [options]
 * @throws {Error} If the exit code is not 0; the message has all that was printed.
 */
export function mustRun(command, options) {
  const { status, signal, stdout, stderr } = run(command, options)
  if (status === 0) return stdout
  const ending = `${command.join(' ')} ended with ${signal ?? `exit code ${status}`}`
  throw new Error([ending, stdout, stderr].filter(Boolean).join('\n'))
}

/**
 * Checks that this machine has programs.
 *
 * @param {string[]} programs Names, or the paths of files that a package brings.
 * @throws {Error} If any is missing.
 */
export function checkInstalled(programs) {
  const missing = missingOf(programs)
  if (missing.length > 0)
    throw new Error(`not installed: ${missing.join(', ')}. .ci/run names Debian's packages.`)
}

/**
 * Which of these programs this machine lacks.
 *
 * @param {string[]} programs
 */
export const missingOf = (programs) =>
  programs.filter((program) => !path.split(delimiter).some((p) => existsSync(resolve(p, program))))
