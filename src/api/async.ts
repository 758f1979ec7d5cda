// Runs a function in worker threads. A thread may not touch memory that its owner can free, shrink or hand on during the
// job. So it works on a private copy, or on memory that was moved out of its owner's reach.

import type { Kernels, Platform } from '../backend/contract'
import { notTaken, withCode } from '../errors'
import {
  bufferOf,
  byteOffsetOf,
  isAttached,
  isShared,
  lengthOf,
  setOf,
  viewOf,
} from '../intrinsics'
import { later } from '../later'
import { type FunctionName, functions } from '../math/functions'
import type { AsyncActivation, JobOptions, JobSignal, Output, SoftplusOptions } from '../types'
import { checkApart, checkLength, copierOf, readLength } from './arrays'
import { type Job, readJob, scalingReaderOf } from './options'
import { follow, isAborted, reasonOf } from './signal'

export function createAsync(
  kernels: Kernels,
  platform: Platform,
  name: FunctionName,
): AsyncActivation<SoftplusOptions> {
  const readScaling = scalingReaderOf(functions[name])
  const launch = kernels.launch[name]
  const checkOverlap = kernels.checkApart ?? checkApart
  const copy = copierOf(kernels)

  // Settles when nothing touches x any more. If the work cannot begin, it rejects without calling x.
  const run = (x: Float32Array | (() => Float32Array), { threads, signal, scaling }: Job) =>
    new Promise<'ended' | 'aborted'>((resolve, reject) => {
      let stop: (() => void) | undefined
      let isStopped = false
      const unfollow =
        signal &&
        follow(signal, () => {
          isStopped = true
          stop?.()
        })
      const done = (error?: unknown) => {
        unfollow?.()
        if (error !== undefined) reject(error)
        else resolve(isStopped || isAborted(signal) ? 'aborted' : 'ended')
      }
      try {
        const most = platform.processors()
        stop = launch(threads ?? most, most, done, x, ...scaling)
      } catch (error) {
        unfollow?.()
        throw error
      }
      if (isStopped) stop()
    })

  const copied = async (x: Float32Array, job: Job): Promise<Float32Array> => {
    const { out, signal } = job
    if (out !== undefined) {
      checkLength(lengthOf.call(x), out)
      checkOverlap(x, out)
    }
    if (isAborted(signal)) throw reasonOf(signal)
    const y = copy(x)
    if ((await run(y, job)) === 'aborted') throw reasonOf(signal)
    return out === undefined ? y : copyInto(out, y, signal)
  }

  const transferred = async (x: Float32Array, job: Job): Promise<Float32Array> => {
    const { out, signal } = job
    if (out !== undefined) throw notTaken('out', out, "with transfer the result is over x's memory")
    if (isAborted(signal)) throw abortError(signal, x)
    const isMoved = !isShared(bufferOf.call(x))
    let y: Float32Array | undefined
    const give = () => {
      y = isMoved ? moved(x) : viewOf(x, 0, lengthOf.call(x))
      return y
    }
    const result = () => (isMoved && y !== undefined ? y : x)
    try {
      if ((await run(give, job)) === 'ended') return result()
    } catch (error) {
      throw y === undefined ? error : withArray(error as Error, result())
    }
    throw abortError(signal, result())
  }

  const publicName = `${functions[name].publicName}.async`
  const start = {
    [publicName]: async (x: Float32Array, options?: SoftplusOptions & Output & JobOptions) => {
      const job = readJob(readScaling, options)
      readLength('x', x)
      return job.transfer ? transferred(x, job) : copied(x, job)
    },
  }[publicName]
  return start as AsyncActivation<SoftplusOptions>
}

// Not enumerable, so that printing the error does not print the array.
const withArray = <E extends Error>(error: E, array: Float32Array): E =>
  Object.defineProperty(error, 'array', { value: array, configurable: true, writable: true })

// The same name, code and message as in Node's own errors.
const abortError = (signal: JobSignal | undefined, array: Float32Array): Error => {
  const error = new Error('The operation was aborted', { cause: reasonOf(signal) })
  error.name = 'AbortError'
  return withArray(withCode(error, 'ABORT_ERR'), array)
}

// A slice of about a millisecond at a time, so that the event loop stays free.
async function copyInto(
  out: Float32Array,
  y: Float32Array,
  signal: JobSignal | undefined,
): Promise<Float32Array> {
  const length = 1 << 20
  for (let start = 0; start < y.length; start += length) {
    if (start > 0) await new Promise<void>(later)
    if (isAborted(signal)) throw reasonOf(signal)
    checkLength(y.length, out)
    setOf.call(out, y.subarray(start, start + length), start)
  }
  checkLength(y.length, out)
  return out
}

// Moves the memory of x. For a buffer that cannot be moved, structuredClone throws or makes a copy. The buffer is read
// from the internal slot: a subclass could report another buffer, and the real one would be freed during the job.
function moved(x: Float32Array): Float32Array {
  const buffer = bufferOf.call(x) as ArrayBuffer
  const [byteOffset, length] = [byteOffsetOf.call(x), lengthOf.call(x)]
  let result: ArrayBuffer | undefined
  let cause: unknown
  try {
    result = structuredClone(buffer, { transfer: [buffer] })
  } catch (error) {
    cause = error
  }
  if (result !== undefined && !isAttached(x)) return new Float32Array(result, byteOffset, length)
  throw withCode(
    new TypeError(
      "x must be a Float32Array whose buffer can be moved; got one over WebAssembly's memory, Node's pool " +
        'of Buffers, or another that its owner keeps. Leave transfer out to work on a copy',
      { cause },
    ),
    'ERR_INVALID_STATE',
  )
}
