// Gives the part file the name of the output when all shards are done, and says which are missing until then.

import { chmod, type FileHandle, open } from 'node:fs/promises'
import { attempt, codeOf } from '../files/errors'
import { setMode } from '../files/mode'
import { replaceFile } from '../files/replace'
import { checkLength, isMissing, syncFolder } from './durable'
import { ShardsError } from './errors'
import { findRun, partIsMissing } from './join'
import { type Places, placesOf } from './places'
import { checkFilePlan } from './plan'
import { hasRecord, isRecorded, writeRecord } from './record'
import { doneIn, type Run, tidy } from './runFolder'
import type { FileShardPlan, ShardStatus } from './types'

/**
 * Which shards are missing, and whether the output is complete.
 *
 * @throws {ShardsError} ERR_SOFTPLUS_SHARDS if the output has an unfinished run of another plan.
 *
 * @example
 * await status(plan) // { isComplete: false, missing: [0, 3] }
 */
export async function status(plan: FileShardPlan): Promise<ShardStatus> {
  checkFilePlan(plan)
  return attempt(`read ${plan.output}`, async () => {
    const found = await findMarks(await placesOf(plan.output), plan)
    if (found === 'complete') return { isComplete: true, missing: [] }
    return { isComplete: false, missing: found.missing }
  })
}

/**
 * Gives the output its name when all shards are done. Several may call it at once, and again.
 *
 * @throws {ShardsError} ERR_SOFTPLUS_SHARDS if shards are missing, which `missing` lists; if others have begun the output by
 * another plan; if the part file was removed.
 * @throws {Error} with the system's code where it refuses.
 */
export async function finish(plan: FileShardPlan): Promise<void> {
  checkFilePlan(plan)
  await attempt(`write ${plan.output}`, async () => {
    const places = await placesOf(plan.output)
    const found = await findMarks(places, plan)
    if (found === 'complete') return
    const { run, missing } = found
    if (run === undefined || missing.length > 0) throw shardsAreMissing(plan, missing)
    await complete(places, plan, run)
  })
}

/** Whether there is an output of shards, but of others than those of the plan. */
export async function isFromOtherPlan(plan: FileShardPlan): Promise<boolean> {
  const places = await placesOf(plan.output)
  return (await hasRecord(places)) && !(await isRecorded(places, plan))
}

async function findMarks(
  places: Places,
  plan: FileShardPlan,
): Promise<{ run: Run | undefined; missing: number[] } | 'complete'> {
  const run = await findRun(places, plan)
  if (run === 'complete') return run
  const done = run && (await doneIn(places, run))
  const missing = Array.from({ length: plan.shards }, (_, i) => i).filter((i) => !done?.has(i))
  // Another process may have finished meanwhile, and removed the marks.
  if (run && missing.length > 0 && (await isRecorded(places, plan))) return 'complete'
  return { run, missing }
}

// Several processes may be here at once. The record of each is the same, one of them renames, and all remove the folder.
async function complete(places: Places, plan: FileShardPlan, run: Run): Promise<void> {
  try {
    const part = await openPart(run)
    try {
      await checkLength(part, plan.size)
      await setMode(part.fd, places.mode)
      await part.sync()
      await writeRecord(places, plan, part)
    } finally {
      await part.close()
    }
    await replaceFile(run.part, places.output)
  } catch (error) {
    if (!isMissing(error)) throw error
    if (!(await isRecorded(places, plan))) throw partIsMissing(places)
  }
  await syncFolder(places.folder)
  await tidy(places, run)
}

async function openPart({ part }: Run): Promise<FileHandle> {
  try {
    return await open(part, 'r+')
  } catch (error) {
    // A process was killed after it had set the mode of a read-only output.
    if (codeOf(error) !== 'EACCES') throw error
    await chmod(part, 0o600)
    return open(part, 'r+')
  }
}

function shardsAreMissing({ output, shards }: FileShardPlan, missing: number[]): ShardsError {
  const shown = missing.slice(0, 20).join(', ')
  const more = missing.length > 20 ? ` and ${missing.length - 20} more` : ''
  return new ShardsError(
    `${output}: all ${shards} shards must be done; got none of ${shown}${more} (counted from 0). Run them`,
    missing,
  )
}
