// Temporary files, which hold a result until it is complete: their names, and the removal of those that killed runs left.

import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync, statSync, unlinkSync } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { hostname, uptime } from 'node:os'
import { codeOf } from '../../files/errors'

// A process id means something only on its own machine, in its own container, until the machine starts again. Folders are
// shared by machines and outlast restarts, so the name says where and when the process ran.
const machineId = machineIdOf(firstLineOf('/etc/machine-id'))
const machine = digestOf(hostname(), machineId)
const boot = digestOf(machine, bootId(), processNamespace())

const temporaryName = /^\.softplus-([0-9a-f]{8})-([0-9a-f]{8})-([1-9][0-9]*)-[0-9a-f]{16}\.tmp$/

/** A new name in this folder, which is the folder of the complete file: files can only be renamed on one disk. */
export function temporaryPath(folder: string): string {
  const unique = randomBytes(8).toString('hex')
  return `${folder}/.softplus-${machine}-${boot}-${process.pid}-${unique}.tmp`
}

const swept = new Set<string>()

/** Removes the temporary files that killed runs left in the folder. Looks into each folder once. */
export async function sweep(folder: string): Promise<void> {
  if (swept.has(folder)) return
  swept.add(folder)
  try {
    for await (const { name } of await opendir(folder)) {
      const path = `${folder}/${name}`
      if (isLeftOver(name, path)) removeIfPossible(path)
    }
  } catch {
    // A folder may allow writing and not reading.
  }
}

function isLeftOver(name: string, path: string): boolean {
  const [, where, when, pid] = temporaryName.exec(name) ?? []
  if (where !== machine) return false
  if (when === boot) return !isRunning(Number(pid))
  // From another container, which may be running, or from an earlier boot. Only a file from an earlier boot was last
  // written before this machine started. Without a machine id it may be from another machine of the same name.
  return machineId !== '' && isOlderThanBoot(path)
}

function isOlderThanBoot(path: string): boolean {
  try {
    return statSync(path).mtimeMs < startOfMachine()
  } catch {
    // Its own run may just have removed it. The other files are still to be looked at.
    return false
  }
}

/** Removes the file if that is possible. Otherwise the next run removes it. */
export function removeIfPossible(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // The folder may have become read-only, or be gone.
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it runs, and belongs to another user.
    return codeOf(error) !== 'ESRCH'
  }
}

function digestOf(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 8)
}

// systemd writes `uninitialized` until a machine's first boot is over, so machines made from one image would share it.
function machineIdOf(line: string): string {
  return line === 'uninitialized' ? '' : line
}

function bootId(): string {
  // A system without boot ids: the minute in which the machine started.
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
    // Other systems have no such file.
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
