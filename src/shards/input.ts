// The input of a plan: a file that must not change until the output is complete.

import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { attempt, InputError } from '../files/errors'
import { checkNoDirectory } from '../files/paths'
import { ShardsError } from './errors'
import type { Places } from './places'
import type { FileShardPlan } from './types'

/** Opens an input. Throws an InputError unless it is a regular file. */
export async function openFile(path: string): Promise<{ file: FileHandle; stats: BigIntStats }> {
  const action = `read ${path}`
  // Opening a FIFO would wait for its writer. What is no file is refused before.
  return attempt(action, async () => {
    checkIsFile(path, await stat(path, { bigint: true }))
    const file = await open(path, 'r')
    try {
      const stats = await file.stat({ bigint: true })
      checkIsFile(path, stats)
      return { file, stats }
    } catch (error) {
      await file.close()
      throw error
    }
  })
}

function checkIsFile(path: string, stats: BigIntStats): void {
  checkNoDirectory(`read ${path}`, stats as never)
  if (!stats.isFile())
    throw new InputError(
      `${path} must be a file to be divided into shards; got a FIFO, a socket or a device. Copy it to a file`,
    )
}

/** Reads bytes from a position on, until the buffer is full or the file ends. Returns those read. */
export async function readBytes(
  path: string,
  file: FileHandle,
  buffer: Uint8Array,
  position: number,
): Promise<Uint8Array> {
  let end = 0
  while (end < buffer.length) {
    const { bytesRead } = await attempt(`read ${path}`, () =>
      file.read(buffer, end, buffer.length - end, position + end),
    )
    if (bytesRead === 0) break
    end += bytesRead
  }
  return buffer.subarray(0, end)
}

/**
 * What tells a file from another of the same size: its time of change, in nanoseconds since 1970, and its number in the file
 * system. Files from one archive may have the same time. All machines see the same number; that of the device differs.
 */
export const versionOf = ({ mtimeNs, ino }: BigIntStats) => `${mtimeNs} ${ino}`

/** Throws a ShardsError if the file is not the one of the plan any more. */
export function checkUnchanged(plan: FileShardPlan, places: Places, stats: BigIntStats): void {
  const found = { size: Number(stats.size), version: versionOf(stats) }
  if (found.size === plan.size && found.version === plan.version) return
  const text = ({ size, version }: typeof found) => `${size} bytes, file ${versionText(version)}`
  throw new ShardsError(
    `${plan.input} must stay as it was when the shards were planned: ${text(plan)}; got ${text(found)}. ` +
      `Remove ${places.runFolder}, and run all shards again`,
  )
}

/** Opens the file again by its name: a network file system then asks its server. */
export async function checkStillUnchanged(plan: FileShardPlan, places: Places): Promise<void> {
  const { file, stats } = await openFile(plan.input)
  await file.close()
  checkUnchanged(plan, places, stats)
}

export function versionText(version: string): string {
  const [time, number] = version.split(' ').map(BigInt)
  const seconds = new Date(Number(time / 1_000_000_000n) * 1000).toISOString().slice(0, 19)
  return `number ${number}, changed at ${seconds}.${`${time % 1_000_000_000n}`.padStart(9, '0')}Z`
}
