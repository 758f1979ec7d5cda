// Files and folders that outlast a power cut.

import { type FileHandle, open } from 'node:fs/promises'
import { codeOf } from '../files/errors'

/** Creates a file, which must not exist, with all of the text. */
export const createFile = (path: string, text: string): Promise<void> =>
  create(path, (file) => file.writeFile(text))

/** Creates a file of zeros, which must not exist. It takes up no space where the file system knows sparse files. */
export const createZeros = (path: string, size: number): Promise<void> =>
  create(path, (file) => file.truncate(size))

async function create(path: string, fill: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await fill(file)
    await file.sync()
  } finally {
    await file.close()
  }
}

// Windows opens no folders, and some network and FUSE file systems do not sync them.
const refusals = ['EISDIR', 'EPERM', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EBADF']

/** Makes what was created, renamed and removed in a folder durable, where the system can. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch (error) {
    if (!refusals.includes(codeOf(error))) throw error
  }
}

/** Whether a file or folder is not there. NFS says ESTALE where another machine has just removed it. */
export const isMissing = (error: unknown) => ['ENOENT', 'ESTALE'].includes(codeOf(error))

/** What the step finds; undefined if a file or folder that it needs is not there. */
export async function unlessMissing<Found>(step: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await step()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Throws unless the file still has its length: somebody may have cut it short. */
export async function checkLength(file: FileHandle, size: number): Promise<void> {
  const found = await file.stat()
  if (found.size !== size)
    throw new Error(
      `the part file must have ${size} bytes; got ${found.size}. Remove its folder, and run all shards again`,
    )
}
