// What a path says: a format, a folder, and where its symbolic links lead.

import type { Stats } from 'node:fs'
import { lstat, readlink } from 'node:fs/promises'
import { dirname, extname, isAbsolute } from 'node:path'
import { codeOf, InputError, SystemFailure } from './errors'

/** NumPy's format, raw float32, or Arrow IPC. */
export type Format = 'npy' | 'f32' | 'arrow'

const formats: ReadonlyMap<string, Format> = new Map([
  ['.npy', 'npy'],
  ['.f32', 'f32'],
  ['.arrow', 'arrow'],
  ['.arrows', 'arrow'],
  ['.ipc', 'arrow'],
  ['.feather', 'arrow'],
])

/** The extensions that stand for a format, as a text. */
export const extensionsOf = (wanted: Format): string =>
  [...formats]
    .filter(([, format]) => format === wanted)
    .map(([extension]) => extension)
    .join(', ')
    .replace(/, (?!.*, )/, ' or ')

/** The format that a file's extension stands for, if it stands for one. */
export const formatOfName = (path: string): Format | undefined =>
  formats.get(extname(path).toLowerCase())

/** Throws an InputError if the file's name stands for no format. */
export function readFormat(path: string): Format {
  const format = formatOfName(path)
  if (format) return format
  const got = extname(path) === '' ? 'no extension' : `'${extname(path)}'`
  throw new InputError(
    `${path}: the name must end in .npy (NumPy), .arrow, .arrows, .ipc or .feather (Arrow IPC) ` +
      `or .f32 (raw little-endian float32); got ${got}. ` +
      "Rename it, or convert it with numpy.save('x.npy', a.astype('<f4'))",
  )
}

/** Whether the path is meant as a folder: it ends in a slash. */
export const isFolder = (path: string): boolean =>
  path.endsWith('/') || (process.platform === 'win32' && path.endsWith('\\'))

/**
 * Whether Node could read the path as UTF-8. It replaces every other byte by U+FFFD, and the path with U+FFFD in it could
 * name another file.
 */
export const isUtf8 = (path: string): boolean => !path.includes('\ufffd')

/** Throws a SystemFailure if the path names a directory. */
export function checkNoDirectory(action: string, found: Stats | undefined): void {
  if (!found?.isDirectory()) return
  const reason = new Error('it is a directory, not a file')
  throw new SystemFailure(action, Object.assign(reason, { code: 'EISDIR' }))
}

// Linux follows as many. Links can form a circle.
const mostLinks = 40

/**
 * Follows the symbolic links at the end of the path. `exists` says whether there is a file at their end. Throws an
 * InputError if a link leads to a name that is not UTF-8.
 */
export async function followLinks(path: string, exists: boolean): Promise<string> {
  let target = path
  for (let links = 0; await isLink(target, exists); links++) {
    if (links === mostLinks) throw Object.assign(new Error('too many links'), { code: 'ELOOP' })
    const next = await readlink(target)
    if (!isUtf8(next))
      throw new InputError(
        `${path} must lead to a name in UTF-8; got a link to ${next}. Rename what it leads to`,
      )
    // Not path.join: it shortens `link/..` to `.`, but the system follows the link first.
    target = isAbsolute(next) ? next : `${dirname(target)}/${next}`
  }
  return target
}

async function isLink(path: string, exists: boolean): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink()
  } catch (error) {
    // A link under /proc/self/fd can lead to a deleted file.
    if (codeOf(error) === 'ENOENT' && !exists) return false
    throw error
  }
}
