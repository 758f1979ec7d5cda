// Finds and loads the native addon.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { withCode } from '../errors'
import { packageRoot, thisFile } from '../root'
import { runtimeText } from '../runtime'
import type { Kernels } from './contract'
import { createShortKernels, type SharedMemory } from './short'

export interface Addon {
  /** The native backends this CPU and its operating system can run, best first. */
  available: string[]
  kernels(name: string): Kernels
}

export interface LoadedAddon {
  addon: Addon
  path: string
}

/** What native/addon/addon.cc exports. */
interface Exports {
  available: string[]
  kernels(name: string): Kernels & { short: SharedMemory }
}

const withShortKernels = ({ available, kernels }: Exports): Addon => ({
  available,
  kernels(name) {
    const { short, ...others } = kernels(name)
    return { ...others, short: createShortKernels(short) }
  },
})

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
  let isRefused = false
  for (const path of paths) {
    try {
      // Deno throws here if it must not read.
      if (!existsSync(path)) {
        failures.push(`${path}: not there`)
        continue
      }
      return { addon: withShortKernels(require(path)), path }
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
