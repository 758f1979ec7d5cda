// A function off the main thread: on a private copy, or on memory moved out of everyone's reach, as no thread may read or
// write what its owner can free, shrink or hand on meanwhile.

import type { CheckApart, Launch } from '../backend/contract'
import { type ErrorCode, invalidType, notTaken, outOfRange, withCode } from '../errors'
import {
  bufferOf,
  byteOffsetOf,
  isAttached,
  isShared,
  lengthOf,
  setOf,
  viewOf,
} from '../intrinsics'
import type { NewFloat32Array, Output, Reading, SoftplusOptions, Written } from './activation'
import { checkSignal, follow, isAborted, type JobSignal, reasonOf } from './signal'
import { checkArray, checkLength, checkOptions } from './validate'

export interface JobOptions {
  /**
   * How many threads may work on it at once, 1 to 1024. Default: one for every processor. All jobs together
   * have no more threads than there are processors, or than one of them asks for; the others wait
   * for their turn. The js backend has none.
   */
  threads?: number
  /**
   * Ends the work within a block of 65,536 elements. The promise is rejected with the signal's reason, or as
   * {@link TransferError} says.
   */
  signal?: JobSignal
  /**
   * Works on x's own memory instead of a copy, without `out`. x's buffer is moved, as by a transfer list of
   * postMessage: x and every other view of it are detached, and the result is a new view of the same memory,
   * at the same offset. Memory of a SharedArrayBuffer is not moved: the result is x, and nobody
   * else should touch it meanwhile. Default false.
   */
  transfer?: boolean
}

/**
 * What a job with `transfer: true` is rejected with once x's memory has moved: it hands the memory back. After an
 * abort its name is 'AbortError', its code 'ABORT_ERR' and its cause the signal's reason; so it is if the
 * signal was aborted before, when nothing moves and `array` is x. Every other error that has no `array`
 * has left x as it was.
 */
export interface TransferError extends Error {
  code: string
  cause?: unknown
  /** The memory, at x's offset and of x's length. Its contents are undefined. */
  array: Float32Array
}

/** A view of the same memory as X: `Float32Array` over X's kind of buffer. */
export type ViewOf<X extends Float32Array> = ReturnType<X['subarray']>

/** A function in threads of its own: the same bits as the call, and the event loop stays free. */
export interface AsyncActivation<Options extends object> {
  /**
   * f(x), element by element, of a copy of x made before this returns; with `transfer: true`, over x's own
   * memory.
   *
   * @returns `options.out`, written at the end; a new Float32Array; or a view of the memory that was moved.
   * @throws (as a rejection) what the call throws; ERR_OUT_OF_RANGE if threads is no integer from 1 to
   * 1024; ERR_INVALID_STATE if the buffer cannot be moved, as WebAssembly's or that of Node's pooled
   * Buffers; ERR_MEMORY_ALLOCATION_FAILED if there is no memory or no thread. x is then as it was.
   * After an abort: the signal's reason, when `out` may have been written in part; with
   * `transfer: true` a {@link TransferError}.
   *
   * @example
   * const y = await softplus.async(Float32Array.of(-2, 0, 2)) // Float32Array [0.126928…, 0.693147…, 2.126928…]
   * const z = await softplus.async(y, { transfer: true })     // over y's memory; y is detached
   */
  (
    x: Float32Array,
    options?: Options & JobOptions & { transfer?: false; out?: undefined },
  ): Promise<NewFloat32Array>
  <X extends Float32Array>(
    x: X,
    options: Options & JobOptions & { transfer: true; out?: undefined },
  ): Promise<ViewOf<X>>
  <Out extends Float32Array | undefined>(
    x: Float32Array,
    options: Options & JobOptions & { transfer?: false; out: Out },
  ): Promise<Written<Out>>
  (
    x: Float32Array,
    options?: Options &
      JobOptions &
      ({ transfer?: false; out?: Float32Array } | { out?: undefined }),
  ): Promise<Float32Array>
}

interface Job {
  /** What the kernel takes after its arrays. */
  scaling: number[]
  out?: Float32Array
  threads?: number
  signal?: JobSignal
  transfer: boolean
}

export interface Launcher {
  launch: Launch
  checkApart: CheckApart
  processors(): number
}

export function createAsync(
  { launch, checkApart, processors }: Launcher,
  { read, names, refused }: Reading<number[]>,
): AsyncActivation<SoftplusOptions> {
  const taken = [...names, 'out', 'threads', 'signal', 'transfer']
  const readJob = (options: SoftplusOptions & Output & JobOptions = {}): Job => {
    checkOptions(options, taken, refused)
    const scaling = read(options)
    const { out, threads, signal, transfer } = options
    return {
      scaling,
      out,
      threads: checkThreads(threads),
      signal: checkSignal(signal),
      transfer: checkTransfer(transfer),
    }
  }

  /** Calls `done` of the launch later. Rejects, and x is not asked for, if the work cannot begin. */
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
        const most = processors()
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
      checkApart(x, out)
    }
    if (isAborted(signal)) throw reasonOf(signal)
    const y = new Float32Array(x)
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

  return (async (x: Float32Array, options?: SoftplusOptions & Output & JobOptions) => {
    const job = readJob(options)
    checkArray('x', x)
    return job.transfer ? transferred(x, job) : copied(x, job)
  }) as AsyncActivation<SoftplusOptions>
}

// Not enumerable: whoever prints the error would print the array too.
const withArray = <E extends Error>(error: E, array: Float32Array): E =>
  Object.defineProperty(error, 'array', { value: array, configurable: true, writable: true })

// As Node's own.
const abortError = (signal: JobSignal | undefined, array: Float32Array): Error => {
  const error = new Error('The operation was aborted', { cause: reasonOf(signal) })
  error.name = 'AbortError'
  return withArray(withCode(error, 'ABORT_ERR' satisfies ErrorCode), array)
}

// About a millisecond's worth at a time, so that the event loop stays free here too.
async function copyInto(
  out: Float32Array,
  y: Float32Array,
  signal: JobSignal | undefined,
): Promise<Float32Array> {
  const length = 1 << 20
  for (let start = 0; start < y.length; start += length) {
    if (start > 0) await new Promise<void>((resolve) => setTimeout(resolve))
    if (isAborted(signal)) throw reasonOf(signal)
    checkLength(y.length, out)
    setOf.call(out, y.subarray(start, start + length), start)
  }
  checkLength(y.length, out)
  return out
}

// A buffer that cannot be moved is refused by an exception, or was copied and is still there. It is read from the internal
// slot: a subclass could report another buffer, and the real one would be freed during the job.
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
        'of Buffers, or another that its owner keeps. Without transfer a copy is worked on',
      { cause },
    ),
    'ERR_INVALID_STATE',
  )
}

function checkThreads(threads: unknown): number | undefined {
  if (threads === undefined) return undefined
  if (typeof threads !== 'number') throw invalidType('threads', 'a number', threads)
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024)
    throw outOfRange('threads', 'an integer from 1 to 1024', `${threads}`)
  return threads
}

function checkTransfer(transfer: unknown): boolean {
  if (transfer === undefined || typeof transfer === 'boolean') return transfer === true
  throw invalidType('transfer', 'a boolean', transfer)
}
