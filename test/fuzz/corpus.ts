// The corpus: read-* are valid, refused-* are not, found-* once made a check fail.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('corpus', import.meta.url))

type Extension = '.npy' | '.arrow' | '.json'

export interface Seed {
  name: string
  bytes: Buffer
}

/** The files of the corpus with this extension, sorted by name. */
export function corpus(extension: Extension): Seed[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(extension))
  return names.sort().map((name) => ({ name, bytes: readFileSync(join(folder, name)) }))
}

/** Adds a failure to the corpus, so that every later run checks it; returns its path. */
export function keep(bytes: Uint8Array, extension: Extension): string {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12)
  const path = join(folder, `found-${hash}${extension}`)
  writeFileSync(path, bytes)
  return path
}
