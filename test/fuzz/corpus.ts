// The kept corpus: read-*.npy have a header to be read, refused-*.npy have none, found-* once failed.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('corpus', import.meta.url))

export interface Seed {
  name: string
  bytes: Buffer
}

/** The corpus's files whose names end so, in an order that is the same everywhere. */
export function corpus(extension: '.npy' | '.json'): Seed[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(extension))
  return names.sort().map((name) => ({ name, bytes: readFileSync(join(folder, name)) }))
}

/** Keeps what failed, so that every later run begins with it; returns its path. */
export function keep(bytes: Uint8Array, extension: '.npy' | '.json'): string {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12)
  const path = join(folder, `found-${hash}${extension}`)
  writeFileSync(path, bytes)
  return path
}
