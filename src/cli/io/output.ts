// Where a result goes: standard output, a FIFO, a device, or a file that appears only when it is complete.

import { openSync, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { dirname } from 'node:path'
import { closerOf, openFile, statOf, syncFile, writeAll } from '../../files/descriptors'
import { attempt, codeOf, SystemFailure } from '../../files/errors'
import { setMode } from '../../files/mode'
import { checkNoDirectory, followLinks } from '../../files/paths'
import { replaceFile } from '../../files/replace'
import { onInterrupt } from '../interrupt'
import { checkIsOpen, writeToStream } from './streams'
import { removeIfPossible, sweep, temporaryPath } from './temporary'

/** An output that is open. Either finish() or discard() ends it. */
export interface Output {
  /** Writes all of the bytes, after those of the call before. */
  write(bytes: Uint8Array): Promise<void>
  /** Makes the result appear under its name. */
  finish(): Promise<void>
  /** Leaves nothing behind, and an existing file as it was. A pipe keeps what was written to it. */
  discard(): Promise<void>
}

/** Opens the output, `-` being standard output. A place that cannot be written fails here. */
export async function openOutput(path: string): Promise<Output> {
  if (path === '-') return openStdout()
  const action = `write ${path}`
  const existing = await existingFile(action, path)
  checkNoDirectory(action, existing)
  // Renaming a file over a device or a FIFO would replace it.
  if (existing && !existing.isFile()) return openDeviceOrFifo(action, path)
  return openFileOutput(action, path, existing)
}

async function existingFile(action: string, path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new SystemFailure(action, error)
  }
}

async function openStdout(): Promise<Output> {
  const action = 'write standard output'
  await checkIsOpen(1, action)
  const nothing = async () => {}
  return outputOf(action, (bytes) => writeToStream(process.stdout, bytes), nothing, nothing)
}

async function openDeviceOrFifo(action: string, path: string): Promise<Output> {
  // Opening a FIFO waits for its reader. Until then a signal ends the process, as no handler is installed.
  const fd = await attempt(action, () => openFile(path, 'w'))
  const stats = await attempt(action, () => statOf(fd))
  if (stats.isFIFO()) return fifoOutput(action, fd)
  const close = closerOf(fd)
  const closeQuietly = () => close().catch(() => {})
  return outputOf(action, (bytes) => writeAll(fd, bytes), close, closeQuietly)
}

function fifoOutput(action: string, fd: number): Output {
  // A socket does not block, so the process can end whatever the reader does.
  const socket = new Socket({ fd, readable: false, writable: true })
  // Every write reports its own failure.
  socket.on('error', () => {})
  const close = async () => {
    socket.destroy()
  }
  return outputOf(action, (bytes) => writeToStream(socket, bytes), close, close)
}

async function openFileOutput(
  action: string,
  path: string,
  existing: Stats | undefined,
): Promise<Output> {
  const target = await attempt(action, () => followLinks(path, existing !== undefined))
  const folder = dirname(target)
  await sweep(folder)
  const temporary = temporaryPath(folder)
  const release = onInterrupt(() => removeIfPossible(temporary))
  let fd: number
  try {
    // Synchronous: an asynchronous open could create the file after a signal's handler has removed it. Nobody else may
    // read an incomplete file, so it gets the result's mode only when it is complete.
    fd = openSync(temporary, 'wx', 0o600)
  } catch (error) {
    release()
    throw new SystemFailure(action, error)
  }
  const close = closerOf(fd)
  const mode = existing ? existing.mode & 0o777 : 0o666 & ~process.umask()
  const finish = async () => {
    await setMode(fd, mode)
    // Without this, a power cut could leave a file of no or some bytes in place of the old one, which may be the input: some file
    // systems (XFS, Btrfs, ext4 with noauto_da_alloc) write the new name first and the data later.
    if (existing) await syncFile(fd)
    await close()
    await replaceFile(temporary, target)
    release()
  }
  const discard = async () => {
    // A failure to close is not reported, because another error led here.
    await close().catch(() => {})
    removeIfPossible(temporary)
    release()
  }
  return outputOf(action, (bytes) => writeAll(fd, bytes), finish, discard)
}

function outputOf(
  action: string,
  write: (bytes: Uint8Array) => Promise<void>,
  finish: () => Promise<void>,
  discard: () => Promise<void>,
): Output {
  let lastWrite = Promise.resolve()
  return {
    write(bytes) {
      const writing = attempt(action, () => write(bytes))
      lastWrite = writing.catch(() => {})
      return writing
    },
    finish: () => attempt(action, finish),
    async discard() {
      // A write under way would go to whatever file gets the descriptor's number after closing.
      await lastWrite
      await discard()
    },
  }
}
