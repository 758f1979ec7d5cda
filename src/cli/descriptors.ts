// Open files by their descriptors, which node:net takes and standard input has; node:fs/promises wants FileHandles.

import * as fs from 'node:fs'
import { promisify } from 'node:util'
import { SystemFailure } from './errors'

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

/** Throws a SystemFailure if this process was started without standard input (0) or output (1). */
export function refuseClosed(fd: 0 | 1, action: string): void {
  if (!isNullForBoth(fd)) return
  const reason = new Error('it is closed, or /dev/null opened both to read and to write')
  throw new SystemFailure(action, Object.assign(reason, { code: 'EBADF' }))
}

// At its start Node opens /dev/null in the place of a closed standard stream, to read and to write. A shell opens it
// to read for `< /dev/null` and to write for `> /dev/null`.
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
