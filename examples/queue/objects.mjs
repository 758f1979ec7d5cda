// Shards of objects in S3: each is a part of a multipart upload. The output appears when the upload is completed.
//
// A part may be uploaded any number of times, so a shard may be repeated. Let the bucket have a lifecycle rule that aborts
// incomplete uploads after some days: a producer that is killed at the wrong moment leaves an empty one.
import { UnrecoverableError } from 'bullmq'
import { activateRange, planObject, shardRange } from 'softplus/shards'
import * as s3 from './s3.mjs'

const MiB = 2 ** 20
// S3 takes up to 10,000 parts of 5 MiB or more; the last may be smaller.
const mostParts = 10_000
const leastBytes = 5 * MiB
// A .npy header ends within these bytes.
const headerBytes = 65_547
// The output has it as metadata: it tells an output of this plan from others.
const mark = 'x-amz-meta-softplus-plan'

export async function plan(input, output, { shardBytes = 16 * MiB, ...options }) {
  const format = formatOf(input)
  if (s3.isSame(input, output))
    throw wrong(`INPUT and OUTPUT must be different objects; got ${input} and ${output}`)
  const { size, etag } = await s3.head(input)
  const start = await read(input, etag, { start: 0, end: Math.min(size, headerBytes) })
  // Blocks as large as a part make all parts but the last equal, which some stores ask for.
  const alignment = Math.max(shardBytes, leastBytes, Math.ceil(size / mostParts / MiB) * MiB)
  const shards = Math.max(1, Math.ceil(size / alignment))
  const plan = planObject({ format, size, version: etag, start }, { ...options, shards, alignment })
  return { ...plan, input, output }
}

function formatOf(input) {
  const format = /\.(npy|f32)$/i.exec(input)?.[1].toLowerCase()
  if (format) return format
  throw wrong(`INPUT in S3 must end in .npy (NumPy) or .f32 (raw float32); got ${input}`)
}

const wrong = (message) => Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' })

export async function isComplete({ output, digest }) {
  const found = await s3.head(output, { mayBeMissing: true })
  return found?.headers.get(mark) === digest
}

export const begin = async ({ output, digest }) => ({
  upload: await s3.createUpload(output, { [mark]: digest }),
})

export async function shard({ plan, index, upload }, signal) {
  const bytes = await read(plan.input, plan.version, shardRange(plan, index), signal)
  activateRange(plan, index, bytes)
  const etag = await s3.putPart(plan.output, upload, index + 1, bytes, signal)
  if (etag !== undefined) return { part: index + 1, etag }
  await checkComplete(plan)
  return { isNew: false }
}

export async function complete({ plan, upload }, results) {
  const parts = results.filter(({ etag }) => etag).sort((a, b) => a.part - b.part)
  if (parts.length === plan.shards && (await s3.completeUpload(plan.output, upload, parts))) return
  await checkComplete(plan)
}

export const giveUp = ({ plan, upload }) => s3.abortUpload(plan.output, upload)

/** The upload is gone. That is right if another worker, or an answer that got lost, has completed it. */
async function checkComplete(plan) {
  if (await isComplete(plan)) return
  throw new UnrecoverableError(
    `${plan.output}: the upload must exist until it is complete. Add it again`,
  )
}

async function read(input, etag, range, signal) {
  const bytes = await s3.getRange(input, etag, range, signal)
  if (bytes) return bytes
  throw new UnrecoverableError(
    `${input} must stay as it was when the shards were planned: ETag ${etag}; got another. Add it again`,
  )
}
