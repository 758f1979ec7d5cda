// Finds and loads the native addon.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { withCode } from '../errors'
import { packageRoot, thisFile } from '../root'
import { runtimeText } from '../runtime'
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

// musl would take an addon made for glibc, as long as it knows its symbols. The files that are mapped
// into this process tell the two apart, and cost less than process.report.
function onMusl(): boolean {
  try {
    return readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-')
  } catch {
    return false
  }
}

/** As the published addons are named: linux-x64, linux-x64-musl, darwin-arm64. */
const thisPlatform = (): string =>
  `${process.platform}-${process.arch}${process.platform === 'linux' && onMusl() ? '-musl' : ''}`

/** Where an addon may be: built here, by whoever wanted another; or published with the package. */
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
  let isRefused = false
  for (const path of paths) {
    try {
      // Deno throws here if it must not read.
      if (!existsSync(path)) {
        failures.push(`${path}: not there`)
        continue
      }
      return { addon: require(path) as Addon, path }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      isRefused ||= error instanceof Error && error.name === 'NotCapable'
      failures.push(reason.startsWith(path) ? reason : `${path}: ${reason}`)
    }
  }
  const advice = isRefused
    ? 'Deno must be given --allow-ffi and --allow-read'
    : 'Reinstall softplus for this platform, or build an addon with a C++17 compiler and Python 3: ' +
      `npm install --no-save node-addon-api && npx --yes node-gyp rebuild -C "${packageRoot()}"`
  throw withCode(
    new Error(
      `No native addon could be loaded for ${thisPlatform()}, ${runtimeText()}. ` +
        `Tried ${failures.join('; ')}. ${advice}`,
    ),
    'ERR_SOFTPLUS_ADDON',
  )
}
