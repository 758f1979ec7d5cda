// Finds and loads the native addon.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withCode } from './errors'
import type { Kernels } from './functions'

export interface Addon {
  /** The native backends this CPU and its operating system can run, best first. */
  available: string[]
  kernels(name: string): Kernels
}

export interface LoadedAddon {
  addon: Addon
  path: string
}

// dist/ and src/ are both one folder below the package.
const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Where an addon may be: built for this package by its publisher, or here by `npm run build`. */
export const candidates = (
  root: string = packageRoot,
  platform: string = process.platform,
  arch: string = process.arch,
): string[] => [
  join(root, 'prebuilds', `${platform}-${arch}.node`),
  join(root, 'build', 'Release', 'softplus.node'),
]

/** @throws {Error} ERR_SOFTPLUS_ADDON, saying what was tried and why each failed. */
export function loadAddon(paths: string[] = candidates()): LoadedAddon {
  const require = createRequire(import.meta.url)
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
      `No native addon could be loaded for ${process.platform}-${process.arch}, Node ${process.version}. ` +
        `Tried ${failures.join('; ')}`,
    ),
    'ERR_SOFTPLUS_ADDON',
  )
}
