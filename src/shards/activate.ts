// The results of a range's bytes, in place.

import { activateBytes, type Work } from '../api/bytes'
import { invalidType, outOfRange, withCode } from '../errors'
import { activations } from './activations'
import { checkIndex, checkPlan, rangeOf, scalingOf } from './plan'
import type { ShardPlan } from './types'

const bytesPerElement = Float32Array.BYTES_PER_ELEMENT

/**
 * Overwrites the bytes of a shard by their results, and returns them. The header in the first shard stays as it is.
 *
 * @param bytes Those of shardRange(plan, index) of the input; at any place in memory, which may be shared.
 * @throws {TypeError | RangeError} if plan is no plan, or of an Arrow file; if index is out of its range, or there are more or
 * fewer bytes.
 *
 * @example
 * const bytes = new Uint8Array(Float32Array.of(-2, 0, 2).buffer)
 * const plan = planObject({ format: 'f32', size: 12, version: '1' }, { shards: 1 })
 * activateRange(plan, 0, bytes) // the bytes of [0.126928…, 0.693147…, 2.126928…]
 */
export function activateRange<Bytes extends Uint8Array>(
  plan: ShardPlan,
  index: number,
  bytes: Bytes,
): Bytes {
  checkPlan(plan)
  checkIndex(plan, index)
  if (plan.format === 'arrow')
    throw withCode(
      new TypeError('plan must be of .npy or .f32; got one of an Arrow file. Use runShard'),
      'ERR_INVALID_ARG_VALUE',
    )
  if (!(bytes instanceof Uint8Array)) throw invalidType('bytes', 'a Uint8Array', bytes)
  const { start, end } = rangeOf(plan, index)
  if (bytes.length !== end - start)
    throw outOfRange(
      'bytes',
      `the ${end - start} bytes from ${start} of the input`,
      `${bytes.length} bytes`,
    )
  const elements = bytes.subarray(Math.max(plan.headerBytes - start, 0))
  if (elements.byteOffset % bytesPerElement === 0) activateBytes(elements, workOf(plan))
  else {
    const aligned = new Uint8Array(elements)
    activateBytes(aligned, workOf(plan))
    elements.set(aligned)
  }
  return bytes
}

/** What a plan does to the elements. */
export const workOf = (plan: ShardPlan, threads?: number): Work => ({
  activation: activations[plan.function],
  options: scalingOf(plan),
  ...(threads !== undefined && { threads }),
})
