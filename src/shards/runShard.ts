// Computes one shard of a file into the part file, and marks it as done.

import { type FileHandle, open } from 'node:fs/promises'
import { checkNames, isRecord, noNames, readThreads } from '../api/options'
import { readSignal, throwIfAborted } from '../api/signal'
import { invalidType } from '../errors'
import { attempt } from '../files/errors'
import { checkLength, unlessMissing } from './durable'
import { checkStillUnchanged, checkUnchanged, openFile } from './input'
import { checkHasEnded, joinRun } from './join'
import { type Places, placesOf } from './places'
import { checkFilePlan, checkIndex, rangeOf } from './plan'
import { repairRecord } from './record'
import { isMarked, mark } from './runFolder'
import type { FileShardPlan, RunShardOptions, ShardResult } from './types'
import { type Written, writeRange } from './writeRange'

/**
 * Computes a shard into a part file beside the output, and marks it as done when it is on the disk. Several processes may do
 * the same shard. One that fails or is killed can be run again.
 *
 * @param plan What planShards returned, also by way of JSON.
 * @param index From 0 to below `plan.shards`.
 * @throws {TypeError | RangeError} if plan is no plan of a file, index is out of its range, or an option has the wrong type.
 * @throws {ShardsError} ERR_SOFTPLUS_SHARDS if the input has changed, or the output has an unfinished run of another plan.
 * @throws {Error} with the system's code where it refuses: ENOSPC, EACCES. The reason of `signal`.
 *
 * @example
 * await runShard(plan, 2) // { start: 2097152, end: 3145728, isNew: true, elements: 262144, milliseconds: 0.1 }
 */
export async function runShard(
  plan: FileShardPlan,
  index: number,
  options: RunShardOptions = {},
): Promise<ShardResult> {
  checkFilePlan(plan)
  checkIndex(plan, index)
  checkOptions(options)
  throwIfAborted(options.signal)
  const { file: input, stats } = await openFile(plan.input)
  try {
    const places = await attempt(`write ${plan.output}`, () => placesOf(plan.output))
    checkUnchanged(plan, places, stats)
    const written = await compute(plan, index, places, input, options)
    const { elements, milliseconds } = written ?? { elements: 0, milliseconds: 0 }
    return { ...rangeOf(plan, index), isNew: written !== undefined, elements, milliseconds }
  } finally {
    await input.close()
  }
}

/** Returns undefined if the shard had been done before. */
async function compute(
  plan: FileShardPlan,
  index: number,
  places: Places,
  input: FileHandle,
  options: RunShardOptions,
): Promise<Written | undefined> {
  const toWrite = <Result>(step: () => Promise<Result>) => attempt(`write ${plan.output}`, step)
  const run = await toWrite(() => joinRun(places, plan))
  if (run === 'complete') return undefined
  const isDone = await toWrite(() => isMarked(places, run, index))
  const part = isDone ? undefined : await toWrite(() => unlessMissing(() => open(run.part, 'r+')))
  try {
    if (part) {
      // Writing would make a file that somebody has cut short as long again, with zeros.
      await toWrite(() => checkLength(part, plan.size))
      const written = await writeRange({ plan, index, places, run, input, part }, options)
      if (!written.isOvertaken) {
        await toWrite(() => checkLength(part, plan.size))
        await checkStillUnchanged(plan, places)
        if (await toWrite(() => mark(places, run, index))) return written
      }
      if (written.bytes > 0) await toWrite(() => repairRecord(places, plan, part))
    }
    // Marks again: whoever lists the marks on this machine then sees all of them.
    else if (isDone) await toWrite(() => mark(places, run, index))
    await toWrite(() => checkHasEnded(places, plan, run, index))
    return undefined
  } finally {
    await part?.close()
  }
}

function checkOptions(options: RunShardOptions): void {
  if (!isRecord(options)) throw invalidType('options', 'an object such as { threads: 2 }', options)
  checkNames('options', options, ['threads', 'signal', 'onProgress'], noNames)
  readThreads(options.threads)
  readSignal(options.signal)
  const { onProgress } = options
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw invalidType('onProgress', 'a function', onProgress)
}
