// Activates a user's file with the command of this package.

import { spawnSync } from 'node:child_process'
import { constants } from 'node:os'
import { join, parse } from 'node:path'
import { fileURLToPath } from 'node:url'

const command = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url))

/** Runs `softplus apply` on the file and returns its exit code. */
export function activateFile(file: string, output = besideOf(file)): number {
  // npm runs scripts in this package's folder, but the paths are relative to the user's.
  const cwd = process.env.INIT_CWD ?? process.cwd()
  const args = [command, 'apply', '-o', output, '--', file]
  const { status, signal, error } = spawnSync(process.execPath, args, { cwd, stdio: 'inherit' })
  if (error) throw error
  if (status === 0 && output !== '-') process.stderr.write(`The result is in ${output}\n`)
  return status ?? 128 + (signal ? constants.signals[signal] : 0)
}

/** The default output: for layer.npy it is layer.softplus.npy, for standard input standard output. */
function besideOf(file: string): string {
  if (file === '-') return file
  const { dir, name, ext } = parse(file)
  return join(dir, `${name}.softplus${ext}`)
}
