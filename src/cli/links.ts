// Where a path's symbolic links lead.

import { lstat, readlink } from 'node:fs/promises'
import { dirname, isAbsolute } from 'node:path'
import { codeOf, InputError } from './errors'

// As many as Linux follows. Links in a circle have no end.
const mostLinks = 40

/**
 * Follows symbolic links at the end of the path, whether or not the last one's target exists; `exists` is whether it
 * does. Throws an InputError at a link to a name that is not UTF-8.
 */
export async function followLinks(path: string, exists: boolean): Promise<string> {
  let target = path
  for (let links = 0; await isLink(target, exists); links++) {
    if (links === mostLinks) throw Object.assign(new Error('too many links'), { code: 'ELOOP' })
    const next = await readlink(target)
    // Node puts U+FFFD for each byte that is not UTF-8. Another file, or another link, may have that name.
    if (next.includes('\ufffd'))
      throw new InputError(
        `${path} must lead to a name in UTF-8; got a link to ${next}; rename what it leads to`,
      )
    // Not path.join: it would turn `link/..` into `.`, but the system resolves the link first.
    target = isAbsolute(next) ? next : `${dirname(target)}/${next}`
  }
  return target
}

async function isLink(path: string, exists: boolean): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink()
  } catch (error) {
    // A link under /proc/self/fd can point to a deleted file.
    if (codeOf(error) === 'ENOENT' && !exists) return false
    throw error
  }
}
