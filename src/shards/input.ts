// The input of a plan: a file that must not change until the output is complete.

import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { attempt, InputError } from '../cli/errors'
import { checkNoDirectory } from '../cli/io/paths'
import { ShardsError } from './errors'
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

/** Throws a ShardsError if the file is not the one of the plan any more. */
export function checkUnchanged(plan: FileShardPlan, { size, mtimeNs }: BigIntStats): void {
  if (size === BigInt(plan.size) && `${mtimeNs}` === plan.version) return
  throw new ShardsError(
    `${plan.input} must stay as it was when the shards were planned: ${versionText(plan)}; ` +
      `got ${versionText({ size: Number(size), version: `${mtimeNs}` })}. Run all shards again`,
  )
}

/** Opens the file again by its name: a network file system then asks its server. */
export async function checkStillUnchanged(plan: FileShardPlan): Promise<void> {
  const { file, stats } = await openFile(plan.input)
  await file.close()
  checkUnchanged(plan, stats)
}

export const versionText = ({ size, version }: Pick<FileShardPlan, 'size' | 'version'>) =>
  `${size} bytes, changed at ${timeText(version)}`

/** Nanoseconds since 1970 as a date and a time. */
export function timeText(nanoseconds: string): string {
  const time = BigInt(nanoseconds)
  const seconds = new Date(Number(time / 1_000_000_000n) * 1000).toISOString().slice(0, 19)
  return `${seconds}.${`${time % 1_000_000_000n}`.padStart(9, '0')}Z`
}
