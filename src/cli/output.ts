// Where a result goes: standard output, a device, or a file that appears only when complete.

import { fchmodSync, fstatSync, openSync, type Stats } from 'node:fs'
import { rename, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { closerOf, openFile, refuseClosedOrNull, statOf, writeTo } from './descriptors'
import { attempt, codeOf, SystemFailure } from './errors'
import { onInterrupt } from './interrupt'
import { followLinks } from './links'
import { writeToStream } from './stdout'
import { removeIfPossible, sweep, temporaryPath } from './temporary'

/** A result under way. Either finish() or discard() ends it. */
export interface Output {
  /** Writes all of it, after what was written before. */
  write(part: Uint8Array): Promise<void>
  /** Makes the result appear under its name. */
  finish(): Promise<void>
  /** Leaves nothing behind; an existing file stays as it was. A pipe still gets what was written to it. */
  discard(): Promise<void>
}

/** Opens the output, `-` being standard output, so that a place that cannot be written fails now. */
export async function openOutput(path: string): Promise<Output> {
  if (path === '-') return standardOutput()
  const existing = await existingFile(path)
  if (existing?.isDirectory()) throw new SystemFailure(`write ${path}`, directoryError())
  // A device or a pipe is written to; renaming a file over it would replace it.
  if (existing && !existing.isFile()) return directOutput(path)
  return replacingOutput(path, existing)
}

async function existingFile(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new SystemFailure(`write ${path}`, error)
  }
}

function directoryError(): Error {
  return Object.assign(new Error('it is a directory, not a file'), { code: 'EISDIR' })
}

async function standardOutput(): Promise<Output> {
  const action = 'write standard output'
  await refuseClosedOrNull(1, action)
  return streamOutput(action, process.stdout, async () => {})
}

async function directOutput(path: string): Promise<Output> {
  const action = `write ${path}`
  // This waits for a FIFO's reader. Until then the signals keep their default action, which ends the process.
  const fd = await attempt(action, () => openFile(path, 'w'))
  const stats = await attempt(action, () => statOf(fd))
  if (stats.isFIFO()) return fifoOutput(action, new Socket({ fd, readable: false, writable: true }))
  const close = closerOf(fd)
  const { write, settled } = writesOf(action, (part) => writeAll(fd, part))
  return {
    write,
    finish: () => attempt(action, close),
    async discard() {
      await settled()
      await close().catch(() => {})
    },
  }
}

// A socket does not block: whatever the FIFO's reader does, the process can end.
function fifoOutput(action: string, socket: Socket): Output {
  // Each write reports its own failure.
  socket.on('error', () => {})
  return streamOutput(action, socket, async () => {
    socket.destroy()
  })
}

function streamOutput(action: string, stream: Writable, close: () => Promise<void>): Output {
  const { write, settled } = writesOf(action, (part) => writeToStream(stream, part))
  return {
    write,
    finish: close,
    async discard() {
      await settled()
      await close()
    },
  }
}

interface Writes {
  write(part: Uint8Array): Promise<void>
  /** Waits for the last write, whether it succeeds or fails. */
  settled(): Promise<void>
}

// A descriptor is closed only when no write is under way: its number could be another file's by the time the write runs.
function writesOf(action: string, step: (part: Uint8Array) => Promise<void>): Writes {
  let last = Promise.resolve()
  return {
    write(part) {
      const writing = attempt(action, () => step(part))
      last = writing.catch(() => {})
      return writing
    },
    settled: () => last,
  }
}

async function writeAll(fd: number, part: Uint8Array): Promise<void> {
  for (let start = 0; start < part.length; )
    start += (await writeTo(fd, part, start, part.length - start)).bytesWritten
}

async function replacingOutput(path: string, existing: Stats | undefined): Promise<Output> {
  const action = `write ${path}`
  const target = await attempt(action, () => followLinks(path, existing !== undefined))
  const folder = dirname(target)
  await sweep(folder)
  const temporary = temporaryPath(folder)
  const release = onInterrupt(() => removeIfPossible(temporary))
  try {
    // Synchronous: an asynchronous open could create the file after a signal handler has already removed it. Mode 0600
    // until the target's mode is set in finish().
    const fd = await attempt(action, async () => openSync(temporary, 'wx', 0o600))
    const mode = existing ? existing.mode & 0o777 : 0o666 & ~process.umask()
    return temporaryFile({ action, fd, temporary, target, mode, release })
  } catch (error) {
    release()
    throw error
  }
}

interface TemporaryFile {
  action: string
  fd: number
  temporary: string
  target: string
  mode: number
  release: () => void
}

function temporaryFile({ action, fd, temporary, target, mode, release }: TemporaryFile): Output {
  const close = closerOf(fd)
  const { write, settled } = writesOf(action, (part) => writeAll(fd, part))
  return {
    write,
    async finish() {
      await attempt(action, async () => {
        giveMode(fd, mode)
        await close()
        await rename(temporary, target)
      })
      release()
    },
    async discard() {
      await settled()
      // Closing can fail as well; the error that led here is the one to report.
      await close().catch(() => {})
      removeIfPossible(temporary)
      release()
    },
  }
}

// FAT, for one, has a single mode for all its files and refuses others; some network and FUSE file systems have none.
const modeRefusals = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']

function giveMode(fd: number, mode: number): void {
  if ((fstatSync(fd).mode & 0o777) === mode) return
  try {
    fchmodSync(fd, mode)
  } catch (error) {
    if (!modeRefusals.includes(codeOf(error))) throw error
  }
}
