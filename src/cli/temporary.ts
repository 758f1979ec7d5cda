// The file that a result grows in until it is complete: its name, and how those of killed runs go.

import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync, statSync, unlinkSync } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { hostname, uptime } from 'node:os'
import { codeOf } from './errors'

// A process id tells something only on its own machine, in its own container, and until the machine starts
// again; folders are shared, and outlast that.
const machineId = machineIdOf(firstLineOf('/etc/machine-id'))
const machine = digestOf(hostname(), machineId)
const boot = digestOf(machine, bootId(), processNamespace())

const temporaryName = /^\.softplus-([0-9a-f]{8})-([0-9a-f]{8})-([1-9][0-9]*)-[0-9a-f]{16}\.tmp$/

/** A new name in this folder, beside the file that it is to become. */
export function temporaryPath(folder: string): string {
  const unique = randomBytes(8).toString('hex')
  return `${folder}/.softplus-${machine}-${boot}-${process.pid}-${unique}.tmp`
}

const swept = new Set<string>()

/** Removes what runs that were killed outright have left in the folder; looks into each folder once. */
export async function sweep(folder: string): Promise<void> {
  if (swept.has(folder)) return
  swept.add(folder)
  try {
    for await (const { name } of await opendir(folder)) {
      const path = `${folder}/${name}`
      if (isLeftOver(name, path)) removeIfPossible(path)
    }
  } catch {
    // A folder may be one to write into and not to read.
  }
}

function isLeftOver(name: string, path: string): boolean {
  const [, where, when, pid] = temporaryName.exec(name) ?? []
  if (where !== machine) return false
  if (when === boot) return !isRunning(Number(pid))
  // From another container, or from before this machine started: then nobody has written to it since. Without a
  // machine id it may as well be of another machine with the same name.
  return machineId !== '' && isOlderThanBoot(path)
}

function isOlderThanBoot(path: string): boolean {
  try {
    return statSync(path).mtimeMs < startOfMachine()
  } catch {
    // Its own run may have just removed it; the others are still to be looked at.
    return false
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

function digestOf(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 8)
}

// systemd writes `uninitialized` until a machine's first boot is over: images have it in common.
function machineIdOf(line: string): string {
  return line === 'uninitialized' ? '' : line
}

function bootId(): string {
  // Where the system has no id, the minute in which the machine started.
  return (
    firstLineOf('/proc/sys/kernel/random/boot_id') || `${Math.round(startOfMachine() / 60_000)}`
  )
}

function startOfMachine(): number {
  return Date.now() - uptime() * 1000
}

function firstLineOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n')[0]
  } catch {
    // Other systems have none.
    return ''
  }
}

function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}
