// How node-gyp compiles the addon on any system, by the gyp that node-gyp brings. Needs Python 3, as node-gyp does.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun, root } from './run.mjs'

const gyp = join(root, 'node_modules', 'node-gyp')

export interface Compilation {
  target: string
  /** Its path in the package. */
  source: string
  flags: string[]
}

/** The folder of Node's headers, as node-gyp found it when it built the addon here. */
export function nodeFolder(): string {
  const config = readFileSync(join(root, 'build', 'config.gypi'), 'utf8').replace(/^#.*$/m, '')
  return JSON.parse(config).variables.nodedir
}

/** The sources of the addon and the flags each is compiled with. `settings` are variables of gyp, such as `softplus_werror=1`. */
export function compilations(
  system: 'linux' | 'mac' | 'win',
  architecture: 'x64' | 'arm64',
  ...settings: string[]
): Compilation[] {
  const files = [join(nodeFolder(), 'include', 'node', 'common.gypi'), join(gyp, 'addon.gypi')]
  const output = mustRun(
    [
      ...['python3', 'tools/build/gyp_commands.py', join(gyp, 'gyp', 'pylib'), 'binding.gyp'],
      ...[...files, system, architecture, ...settings],
    ],
    { env: { PYTHONDONTWRITEBYTECODE: '1' } },
  )
  const all: Compilation[] = JSON.parse(output)
  // The others are node-gyp's own sources.
  return all.filter(({ source }) => source.startsWith('native/'))
}
