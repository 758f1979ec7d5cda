// The record of a complete output: which plan it is from, and how to recognize it.
//
// It outlasts the run. A process that comes late, or a second time, finds in it that there is nothing to do. The output is known
// by its size and time of change. Its number in the file system would not tell more: a new file often gets that of one that was
// removed, and some file systems give a renamed file another.

import type { BigIntStats } from 'node:fs'
import { type FileHandle, readFile, rename, stat } from 'node:fs/promises'
import { createFile, syncFolder, unlessMissing } from './durable'
import type { Places } from './places'
import { preparedPath } from './runFolder'
import type { ShardPlan } from './types'

/** Whether the output is there, is from such a plan, and has not been changed since. */
export async function isRecorded(places: Places, plan: ShardPlan): Promise<boolean> {
  const record = await readRecord(places)
  const output = await unlessMissing(() => stat(places.output, { bigint: true }))
  if (record === undefined || output === undefined) return false
  return record === recordText(plan, output)
}

const readRecord = ({ record }: Places) => unlessMissing(() => readFile(record, 'utf8'))

/** Whether there is an output with a record, of whichever plan. */
export async function hasRecord(places: Places): Promise<boolean> {
  const output = await unlessMissing(() => stat(places.output))
  return output !== undefined && (await readRecord(places)) !== undefined
}

/**
 * Writes the record of an output, or of a part file that is about to become it: `file`. A shard that runs twice may write its
 * last bytes once more after that, which changes the time of change. Then it writes the record again.
 */
export async function writeRecord(
  places: Places,
  plan: ShardPlan,
  file: FileHandle,
): Promise<void> {
  for (let text = ''; ; ) {
    const current = recordText(plan, await file.stat({ bigint: true }))
    if (current === text) break
    const prepared = preparedPath(places)
    await createFile(prepared, current)
    // ENOENT: another process has swept it.
    const isDone = await unlessMissing(() => rename(prepared, places.record).then(() => true))
    if (isDone) text = current
  }
  await syncFolder(places.folder)
}

/**
 * Writes the record again if the part file, to which this process has just written, has become the output meanwhile: the
 * record still has the time of change before that.
 */
export async function repairRecord(
  places: Places,
  plan: ShardPlan,
  part: FileHandle,
): Promise<void> {
  const output = await unlessMissing(() => stat(places.output, { bigint: true }))
  const { dev, ino } = await part.stat({ bigint: true })
  if (output?.dev === dev && output.ino === ino) await writeRecord(places, plan, part)
}

const recordText = ({ digest }: ShardPlan, { size, mtimeNs }: BigIntStats) =>
  `${JSON.stringify({ plan: digest, size: `${size}`, changed: `${mtimeNs}` })}\n`
