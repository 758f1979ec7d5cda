// The results of a range's bytes, in place.

import { convertLittleEndian } from '../endian'
import { invalidType, outOfRange } from '../errors'
import { activations } from './functions'
import { checkIndex, checkPlan, rangeOf, scalingOf } from './plan'
import type { ShardPlan } from './types'

const bytesPerElement = Float32Array.BYTES_PER_ELEMENT

export function activateRange<Bytes extends Uint8Array>(
  plan: ShardPlan,
  index: number,
  bytes: Bytes,
): Bytes {
  checkPlan(plan)
  checkIndex(plan, index)
  if (!(bytes instanceof Uint8Array)) throw invalidType('bytes', 'a Uint8Array', bytes)
  const { start, end } = rangeOf(plan, index)
  if (bytes.length !== end - start)
    throw outOfRange(
      'bytes',
      `the ${end - start} bytes from ${start} of the input`,
      `${bytes.length} bytes`,
    )
  const elements = bytes.subarray(Math.max(plan.headerBytes - start, 0))
  if (elements.byteOffset % bytesPerElement === 0) activateElements(plan, elements)
  else {
    const aligned = new Uint8Array(elements)
    activateElements(plan, aligned)
    elements.set(aligned)
  }
  return bytes
}

/** Activates whole elements, which start at a multiple of 4 of their memory. */
export function activateElements(plan: ShardPlan, elements: Uint8Array): void {
  convertLittleEndian(elements)
  activations[plan.function].inPlace(floatsOf(elements), scalingOf(plan))
  convertLittleEndian(elements)
}

/** The same in threads. The memory must be shared, as a job would take an ArrayBuffer away. */
export async function activateInThreads(
  plan: ShardPlan,
  elements: Uint8Array,
  threads: number,
): Promise<void> {
  convertLittleEndian(elements)
  const options = { ...scalingOf(plan), threads, transfer: true }
  await activations[plan.function].async(floatsOf(elements), options)
  convertLittleEndian(elements)
}

const floatsOf = ({ buffer, byteOffset, length }: Uint8Array) =>
  new Float32Array(buffer, byteOffset, length / bytesPerElement)
