// Builds a program of native/test/ with the kernels that the addon is linked with.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const { variables } = JSON.parse(readFileSync(join(root, 'native', 'backends.json'), 'utf8'))
const kernels = (variables[`${process.arch}_backends`] ?? variables.other_backends)
  .map((name: string) => join(root, 'build', 'Release', `${name}.a`))
  .filter(existsSync)

/** Whether this machine can build and run such programs. */
export const canBuild: boolean =
  kernels.length > 0 && process.platform !== 'win32' && /^(x64|arm64)$/.test(process.arch)

/** Builds native/test/NAME.cc into a folder and returns the program's path. */
export function buildProgram(name: 'environment' | 'prove' | 'search', folder: string): string {
  const program = join(folder, name)
  const sources = [`test/${name}.cc`, 'dispatch.cc'].map((file) => join(root, 'native', file))
  execFileSync(
    process.env.CXX ?? 'c++',
    [...variables.common_flags, '-pthread', '-o', program, ...sources, ...kernels],
    { stdio: 'pipe' },
  )
  return program
}
