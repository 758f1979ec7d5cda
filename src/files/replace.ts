// Gives a complete file its name, in place of another file.

import { rename } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { codeOf } from './errors'

// Windows does not replace a file that a program has open. Virus scanners and indexers open every new file for a moment.
const refusals = ['EPERM', 'EACCES', 'EBUSY']
const waits = [10, 20, 50, 100, 200, 400, 800]

/** Renames a file. On Windows it tries again for up to 1.6 seconds if the system refuses. */
export async function replaceFile(from: string, to: string): Promise<void> {
  if (process.platform !== 'win32') return rename(from, to)
  for (const milliseconds of [...waits, undefined]) {
    try {
      return await rename(from, to)
    } catch (error) {
      const code = codeOf(error)
      if (!refusals.includes(code)) throw error
      if (milliseconds === undefined) throw Object.assign(new Error(reason), { code })
      await setTimeout(milliseconds)
    }
  }
}

const reason = 'it is read-only, or another program has it open; close it and try again'
