// The permission bits of an open file.

import { fchmodSync } from 'node:fs'
import { statOf } from './descriptors'
import { codeOf } from './errors'

// FAT, for one, has one mode for all its files and refuses others. Some network and FUSE file systems have no modes.
const modeRefusals = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']

export async function setMode(fd: number, mode: number): Promise<void> {
  if (((await statOf(fd)).mode & 0o777) === mode) return
  try {
    fchmodSync(fd, mode)
  } catch (error) {
    if (!modeRefusals.includes(codeOf(error))) throw error
  }
}
