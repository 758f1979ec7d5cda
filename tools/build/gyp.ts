// How node-gyp compiles the addon on any system, asked of the gyp that it brings. Needs Python 3, as node-gyp does.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const gyp = join(root, 'node_modules', 'node-gyp')

export interface Compilation {
  target: string
  /** Its path in the package. */
  source: string
  flags: string[]
}

/** Where the headers of Node are, as node-gyp found them when it built the addon here. */
export function nodeFolder(): string {
  const config = readFileSync(join(root, 'build', 'config.gypi'), 'utf8').replace(/^#.*$/m, '')
  return JSON.parse(config).variables.nodedir
}

/** What is compiled, and with which flags; `settings` are variables of gyp, as `softplus_werror=1`. */
export function compilations(
  system: 'linux' | 'mac' | 'win',
  architecture: 'x64' | 'arm64',
  ...settings: string[]
): Compilation[] {
  const output = execFileSync(
    'python3',
    [
      join(root, 'tools', 'build', 'gyp_commands.py'),
      join(gyp, 'gyp', 'pylib'),
      'binding.gyp',
      join(nodeFolder(), 'include', 'node', 'common.gypi'),
      join(gyp, 'addon.gypi'),
      system,
      architecture,
      ...settings,
    ],
    { cwd: root, encoding: 'utf8', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } },
  )
  const all: Compilation[] = JSON.parse(output)
  // Skip node-gyp's own sources.
  return all.filter(({ source }) => source.startsWith('native/'))
}
