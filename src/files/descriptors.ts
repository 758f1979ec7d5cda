// Open files by their descriptors. Standard input has one, and node:net needs one for a FIFO, so FileHandles would not do.

import * as fs from 'node:fs'
import { promisify } from 'node:util'

export const openFile = promisify(fs.open)
export const readFrom = promisify(fs.read)
export const statOf = promisify(fs.fstat)
/** Waits until the file is on the disk. */
export const syncFile = promisify(fs.fsync)

const writeTo = promisify(fs.write)
const closeFile = promisify(fs.close)

/** Writes all of the bytes. */
export async function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
  for (let start = 0; start < bytes.length; )
    start += (await writeTo(fd, bytes, start, bytes.length - start)).bytesWritten
}

/** A function that closes the file once, however often it is called: the number may soon belong to another file. */
export function closerOf(fd: number): () => Promise<void> {
  let closed: Promise<void> | undefined
  return () => {
    closed ??= closeFile(fd)
    return closed
  }
}
