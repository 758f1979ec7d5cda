// Finds the run that a plan belongs to, or that its output is complete.

import { setTimeout } from 'node:timers/promises'
import { clipped } from '../files/errors'
import { ShardsError } from './errors'
import { versionText } from './input'
import type { Places } from './places'
import { isRecorded } from './record'
import { createRun, isMarked, type Run, readRun, tidy } from './runFolder'
import type { FileShardPlan, ShardPlan } from './types'

/**
 * The run of this plan; undefined if there is none. Throws a ShardsError if the run under way has another plan.
 *
 * The record is written before the folder of the run is removed, and read here after the folder. So where there is no
 * folder, a record says that the run is over, and none that it has not begun.
 */
export async function findRun(
  places: Places,
  plan: ShardPlan,
): Promise<Run | 'complete' | undefined> {
  const run = await readRun(places)
  const isSame = run?.plan.digest === plan.digest
  if (await isRecorded(places, plan)) {
    // A process was killed before it had removed everything.
    if (!run || isSame) await tidy(places, run)
    return 'complete'
  }
  if (run && !isSame) throw otherRun(places, plan, run)
  return run
}

// Each time another process comes first, and that process is then found.
const mostTries = 10

/** The run of this plan, which is created if there is none. */
export async function joinRun(places: Places, plan: FileShardPlan): Promise<Run | 'complete'> {
  for (let tries = 0; tries < mostTries; tries++) {
    const found = await findRun(places, plan)
    if (found) return found
    await createRun(places, plan)
    if (tries > 0) await setTimeout(10 * tries)
  }
  throw new ShardsError(
    `${places.runFolder} must be a name for the folder of a run; got a folder with other files. Rename or remove it`,
  )
}

/** Throws a ShardsError unless another process has done the shard, which keeps this one from being written or marked. */
export async function checkHasEnded(
  places: Places,
  plan: ShardPlan,
  run: Run,
  index: number,
): Promise<void> {
  const found = await findRun(places, plan)
  if (found === 'complete') return
  if (found?.id === run.id && (await isMarked(places, run, index))) return
  throw partIsMissing(places)
}

export const partIsMissing = (places: Places) =>
  new ShardsError(
    `${places.runFolder} must stay until ${places.name} is complete; got no part file in it. ` +
      'Remove what is left of it, and run all shards again',
  )

const labels = {
  format: 'format',
  size: 'number of bytes in the input',
  version: 'input file',
  headerBytes: 'length of the header',
  columns: 'columns',
  function: 'function',
  beta: 'beta',
  threshold: 'threshold',
  shards: 'number of shards',
  alignment: 'alignment',
} satisfies Partial<Record<keyof ShardPlan, string>>

function otherRun(places: Places, plan: ShardPlan, run: Run): ShardsError {
  const names = Object.keys(labels) as (keyof typeof labels)[]
  const text = (of: ShardPlan, name: keyof typeof labels) => JSON.stringify(of[name])
  const different = names.filter((name) => text(run.plan, name) !== text(plan, name))
  const labelled = different.map((name) => labels[name]).join(' and the same ')
  const valuesOf = (of: ShardPlan) => different.map((name) => valueText(of, name)).join(' and ')
  return new ShardsError(
    `${places.name}: all shards must have the same ${labelled || 'version of softplus'}; ` +
      `got ${valuesOf(plan)}, but ${valuesOf(run.plan)} in an unfinished run. ` +
      `Wait until that is complete, or, if none of its processes is left, remove ${places.runFolder}`,
  )
}

function valueText(plan: ShardPlan, name: keyof typeof labels): string {
  if (name === 'version') return versionText(plan.version)
  if (name === 'beta') return `${plan.beta ?? 1}`
  if (name === 'threshold') return `${plan.threshold ?? Infinity}`
  if (name === 'columns') return clipped(plan.columns?.join(', ') ?? 'none')
  return `${plan[name]}`
}
