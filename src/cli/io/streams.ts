// Streams, the standard ones among them: whether they are open, and writing all of something.

import * as fs from 'node:fs'
import type { Writable } from 'node:stream'
import { attempt } from '../../files/errors'

// Writing to a terminal or a file blocks the process until the piece is written.
const pieceBytes = 1 << 20

/** Writes all of the text; throws a SystemFailure if standard output does not take it. */
export async function writeToStdout(text: string): Promise<void> {
  await attempt('write standard output', () => writeToStream(process.stdout, Buffer.from(text)))
}

/** Writes all of the bytes, and waits until the system has them. */
export async function writeToStream(stream: Writable, bytes: Uint8Array): Promise<void> {
  for (let start = 0; start < bytes.length; start += pieceBytes)
    await writePiece(stream, bytes.subarray(start, start + pieceBytes))
}

function writePiece(stream: Writable, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(piece, (error) => (error ? reject(error) : resolve()))
  })
}

/**
 * Throws a SystemFailure if this process was started without standard input (0) or output (1). Node then opens /dev/null
 * in its place, to read and to write, so a /dev/null that somebody else opened like that is refused as well.
 */
export async function checkIsOpen(fd: 0 | 1, action: string): Promise<void> {
  await attempt(action, async () => {
    if (!isNullForBoth(fd)) return
    const reason = new Error(
      'it must be open; got none, or /dev/null opened for reading and writing. ' +
        `Redirect it with ${fd === 0 ? '<' : '>'} /dev/null`,
    )
    throw Object.assign(reason, { code: 'EBADF' })
  })
}

// A shell opens /dev/null only to read for `< /dev/null`, and only to write for `> /dev/null`.
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
