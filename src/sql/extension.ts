// Where the DuckDB extension lies: one built by the set-up, or the published one.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../root'

/** Where an extension may be. It is published for Linux only. */
export const extensionCandidates = (
  root: string = packageRoot(),
  platform = `${process.platform}-${process.arch}`,
): string[] =>
  [
    ['build', 'Release'],
    ['prebuilds', platform],
  ].map((folder) => join(root, ...folder, 'softplus.duckdb_extension'))

export function findExtension(): string | null {
  try {
    return extensionCandidates().find((path) => existsSync(path)) ?? null
  } catch {
    // Deno throws if it must not read.
    return null
  }
}
