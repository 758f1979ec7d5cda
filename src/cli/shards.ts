// softplus apply with shards: writes one shard of an output, or tells which are missing.

import { backend } from '../index'
import { finish, isFromOtherPlan, status } from '../shards/finish'
import { rangeOf } from '../shards/plan'
import { planShards } from '../shards/planShards'
import { runShard } from '../shards/runShard'
import type { FileShardPlan, ShardOptions, ShardResult, ShardStatus } from '../shards/types'
import { exitCodes } from './errors'
import { functionNameOf } from './functions'
import { onInterrupt } from './interrupt'
import { writeToStdout } from './io/streams'
import type { ApplyRequest, ShardsRequest } from './options'
import { pairsOf } from './pairs'
import { startProgress } from './progress'
import { printLine } from './stderr'
import { checkOptions, checkOutputName, speedOf, workOf } from './work'

/** Returns the exit code. */
export async function applyShards(request: ApplyRequest, shards: ShardsRequest): Promise<number> {
  // Nothing is to be cleaned up. But the first process of a container gets only those signals that it handles.
  const release = onInterrupt(() => {})
  try {
    return await apply(request, shards)
  } finally {
    release()
  }
}

async function apply(request: ApplyRequest, shards: ShardsRequest): Promise<number> {
  const work = workOf(request)
  checkOptions(work)
  const [[input, output]] = await pairsOf(request)
  const plan = await planShards(input, output, {
    function: functionNameOf(request.function),
    ...work.options,
    columns: work.columns,
    shards: shards.count,
  } as ShardOptions)
  checkOutputName(output, plan.format)
  if (shards.index === undefined) return printStatus(plan, output)
  const result = await run(plan, shards.index, request)
  const now = await finishIfDone(plan)
  if (!request.quiet) printLine(summaryOf(request, plan, shards.index, result, now))
  return exitCodes.done
}

async function run(
  plan: FileShardPlan,
  index: number,
  { inputs, threads, quiet }: ApplyRequest,
): Promise<ShardResult> {
  const { start, end } = rangeOf(plan, index)
  const progress = await startProgress(inputs[0], end - start, quiet)
  try {
    return await runShard(plan, index, { threads, onProgress: progress.add })
  } finally {
    progress.stop()
  }
}

/** Whoever finds all shards done gives the output its name. */
async function finishIfDone(plan: FileShardPlan): Promise<ShardStatus> {
  const found = await status(plan)
  if (found.isComplete || found.missing.length > 0) return found
  await finish(plan)
  return { isComplete: true, missing: [] }
}

async function printStatus(plan: FileShardPlan, output: string): Promise<number> {
  const { isComplete, missing } = await finishIfDone(plan)
  if (missing.length === plan.shards && (await isFromOtherPlan(plan)))
    printLine(
      `${output} is from another input, other options or another number of shards, or was changed since. ` +
        'All shards would be run anew',
    )
  await writeToStdout(missing.map((index) => `${index + 1}/${plan.shards}\n`).join(''))
  return isComplete ? exitCodes.done : exitCodes.incomplete
}

function summaryOf(
  request: ApplyRequest,
  plan: FileShardPlan,
  index: number,
  { isNew, ...computed }: ShardResult,
  { isComplete, missing }: ShardStatus,
): string {
  const what = isNew
    ? `backend ${backend.name}, ${request.function}, ${speedOf(computed)}`
    : 'done before'
  const done = plan.shards - missing.length
  const state = isComplete ? 'complete' : `${done} of ${plan.shards} shards done`
  return `shard ${index + 1}/${plan.shards}, ${what}; ${request.output}: ${state}`
}
