// Where a result goes: standard output, a device, or a file that appears only when complete.

import type { Stats } from 'node:fs'
import { type FileHandle, open, realpath, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { attempt, codeOf, SystemFailure } from './errors'
import { onInterrupt } from './interrupt'
import { writeToStdout } from './stdout'
import { removeIfPossible, sweep, temporaryPath } from './temporary'

/** A result under way. Either finish() or discard() ends it. */
export interface Output {
  /** Writes all of it, after what was written before. */
  write(part: Uint8Array): Promise<void>
  /** Makes the result appear under its name. */
  finish(): Promise<void>
  /** Leaves nothing behind; an existing file stays as it was. */
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

function standardOutput(): Output {
  return {
    write: writeToStdout,
    async finish() {},
    async discard() {},
  }
}

async function directOutput(path: string): Promise<Output> {
  const action = `write ${path}`
  const handle = await attempt(action, () => open(path, 'w'))
  return {
    write: (part) => attempt(action, () => writeAll(handle, part)),
    finish: () => attempt(action, () => handle.close()),
    discard: () => closeQuietly(handle),
  }
}

// Closing can fail as well; the error that led here is the one to report.
async function closeQuietly(handle: FileHandle): Promise<void> {
  await handle.close().catch(() => {})
}

async function writeAll(handle: FileHandle, part: Uint8Array): Promise<void> {
  for (let start = 0; start < part.length; )
    start += (await handle.write(part, start, part.length - start)).bytesWritten
}

async function replacingOutput(path: string, existing: Stats | undefined): Promise<Output> {
  const action = `write ${path}`
  // A link is followed, so that the file it names is replaced and the link stays.
  const target = existing ? await attempt(action, () => realpath(path)) : path
  await sweep(dirname(target))
  const temporary = temporaryPath(dirname(target))
  const release = onInterrupt(() => removeIfPossible(temporary))
  try {
    const handle = await attempt(action, () => open(temporary, 'wx'))
    return temporaryFile({ action, handle, temporary, target, existing, release })
  } catch (error) {
    release()
    throw error
  }
}

interface TemporaryFile {
  action: string
  handle: FileHandle
  temporary: string
  target: string
  existing: Stats | undefined
  release: () => void
}

function temporaryFile(file: TemporaryFile): Output {
  const { action, handle, temporary, target, existing, release } = file
  return {
    write: (part) => attempt(action, () => writeAll(handle, part)),
    async finish() {
      await attempt(action, async () => {
        if (existing) await handle.chmod(existing.mode & 0o777)
        await handle.close()
        await rename(temporary, target)
      })
      release()
    },
    async discard() {
      await closeQuietly(handle)
      removeIfPossible(temporary)
      release()
    },
  }
}
