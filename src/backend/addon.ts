// Finds and loads the native addon.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { withCode } from '../errors'
import { packageRoot, thisFile } from '../root'
import type { Kernels } from './contract'

export interface Addon {
  /** The native backends this CPU and its operating system can run, best first. */
  available: string[]
  kernels(name: string): Kernels
}

export interface LoadedAddon {
  addon: Addon
  path: string
}

/** As the published addons are named: linux-x64, darwin-arm64. Linux's are for glibc and musl alike. */
const thisPlatform = (): string => `${process.platform}-${process.arch}`

/** Where an addon may be. First one built by the user, then the published one. */
export const candidates = (
  root: string = packageRoot(),
  platform: string = thisPlatform(),
): string[] => [
  join(root, 'build', 'Release', 'softplus.node'),
  join(root, 'prebuilds', `${platform}.node`),
]

/** @throws {Error} ERR_SOFTPLUS_ADDON, saying what was tried, why each failed, and how to build one. */
export function loadAddon(paths: string[] = candidates()): LoadedAddon {
  const require = createRequire(thisFile())
  const failures: string[] = []
  for (const path of paths) {
    if (!existsSync(path)) {
      failures.push(`${path}: not there`)
      continue
    }
    try {
      return { addon: require(path) as Addon, path }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      failures.push(reason.startsWith(path) ? reason : `${path}: ${reason}`)
    }
  }
  throw withCode(
    new Error(
      `No native addon could be loaded for ${thisPlatform()}, Node ${process.version}. ` +
        `Tried ${failures.join('; ')}. Reinstall softplus for this platform, or build an addon ` +
        'with a C++17 compiler and Python 3: ' +
        `npm install --no-save node-addon-api && npx --yes node-gyp rebuild -C "${packageRoot()}"`,
    ),
    'ERR_SOFTPLUS_ADDON',
  )
}
