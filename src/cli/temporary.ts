// The file that a result grows in until it is complete: its name, and how those of killed runs go.

import { createHash, randomBytes } from 'node:crypto'
import { readlinkSync, unlinkSync } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { codeOf } from './errors'

// A process id tells something only on its own machine and in its own container, and folders are shared.
const here = createHash('sha256')
  .update(`${hostname()} ${processNamespace()}`)
  .digest('hex')
  .slice(0, 8)

const temporaryName = /^\.softplus-([0-9a-f]{8})-([1-9][0-9]*)-[0-9a-f]{16}\.tmp$/

/** A new name in this folder, beside the file that it is to become. */
export function temporaryPath(folder: string): string {
  const unique = randomBytes(8).toString('hex')
  return join(folder, `.softplus-${here}-${process.pid}-${unique}.tmp`)
}

const swept = new Set<string>()

/** Removes what runs that were killed outright have left in the folder; looks into each folder once. */
export async function sweep(folder: string): Promise<void> {
  if (swept.has(folder)) return
  swept.add(folder)
  try {
    for await (const { name } of await opendir(folder)) {
      const [, where, pid] = temporaryName.exec(name) ?? []
      if (where === here && !isRunning(Number(pid))) removeIfPossible(join(folder, name))
    }
  } catch {
    // A folder may be one to write into and not to read.
  }
}

/** Removes the file if it is there. A failure is left to the next run: something else led here. */
export function removeIfPossible(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Its folder may have become read-only, or gone.
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Another user's process refuses the signal, and runs.
    return codeOf(error) !== 'ESRCH'
  }
}

function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}
