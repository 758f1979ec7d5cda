// Open files by their descriptors, which node:net takes and standard input has; node:fs/promises wants FileHandles.

import * as fs from 'node:fs'
import { promisify } from 'node:util'
import { attempt } from './errors'

export const openFile = promisify(fs.open)
export const readFrom = promisify(fs.read)
export const statOf = promisify(fs.fstat)
export const writeTo = promisify(fs.write)

const closeFile = promisify(fs.close)

/** Closes the file at the first call. A later one would close whatever has its number by then. */
export function closerOf(fd: number): () => Promise<void> {
  let closed: Promise<void> | undefined
  return () => {
    closed ??= closeFile(fd)
    return closed
  }
}

/**
 * Throws a SystemFailure if this process was started without standard input (0) or output (1). Then Node has put
 * /dev/null in its place, opened to read and to write: so that is refused, too, whoever opened it.
 */
export async function refuseClosedOrNull(fd: 0 | 1, action: string): Promise<void> {
  await attempt(action, async () => {
    if (!isNullForBoth(fd)) return
    const reason = new Error(
      'it must be open; got none, or /dev/null opened for reading and writing; ' +
        `redirect it with ${fd === 0 ? '<' : '>'} /dev/null`,
    )
    throw Object.assign(reason, { code: 'EBADF' })
  })
}

// A shell opens /dev/null to read for `< /dev/null`, and to write for `> /dev/null`.
function isNullForBoth(fd: 0 | 1): boolean {
  const stats = fs.fstatSync(fd)
  const nullDevice = fs.statSync('/dev/null', { throwIfNoEntry: false })
  if (!stats.isCharacterDevice() || stats.rdev !== nullDevice?.rdev) return false
  const byte = Buffer.alloc(1)
  try {
    if (fd === 0) fs.writeSync(fd, byte)
    else fs.readSync(fd, byte)
    return true
  } catch {
    return false
  }
}
