// A function off the main thread: on a private copy, or on memory moved out of everyone's reach, as
// no thread may read or write what its owner can free, shrink or hand on meanwhile.
import type { Output, SoftplusOptions } from './activation'
import { describe, invalidType, outOfRange, withCode } from './errors'
import type { Launch } from './functions'
import { bufferOf, byteOffsetOf, isAttached, isShared } from './intrinsics'
import { checkApart, checkArray, checkOptions, checkOut } from './validate'

export interface JobOptions {
  /**
   * How many threads of libuv's pool may work at once, 1 to 1024. Default: one for
   * every processor, but one of the pool (`UV_THREADPOOL_SIZE`, 4) is left free for files and names.
   * The js backend has none.
   */
  threads?: number
  /** Ends the work within a block of 65,536 elements; the promise is rejected with its reason. */
  signal?: AbortSignal
}

/** A function in the thread pool: the same bits as the call, and the event loop stays free. */
export interface AsyncActivation<Options extends object> {
  /**
   * f(x), element by element, of a copy of x made before this returns.
   *
   * @returns `options.out`, written at the end, or a new Float32Array.
   * @throws (as a rejection) what the call throws; the signal's reason; ERR_OUT_OF_RANGE if threads is
   * no integer above 0.
   *
   * @example
   * const y = await softplus.async(Float32Array.of(-2, 0, 2)) // Float32Array [0.126928…, 0.693147…, 2.126928…]
   */
  (x: Float32Array, options?: Options & Output & JobOptions): Promise<Float32Array>
  /**
   * Overwrites x's memory, which is moved: x and every other view of its buffer are detached, and the
   * result is a new view of the same memory, at the same offset. Memory of a SharedArrayBuffer stays
   * where it is, and nobody else should touch it meanwhile. After an abort it holds neither x nor f(x).
   *
   * @throws (as a rejection) what the call throws; ERR_INVALID_STATE if the buffer cannot be moved, as
   * WebAssembly's or that of Node's pooled Buffers: x is as it was.
   *
   * @example
   * const y = await softplus.async.inPlace(new Float32Array(1e8)) // 1e8 times ln 2, x is detached
   */
  inPlace(x: Float32Array, options?: Options & JobOptions): Promise<Float32Array>
}

type Read = (options: SoftplusOptions) => number[]
type AnyOptions = SoftplusOptions & Output & JobOptions

interface Job {
  /** What the kernel takes after its arrays. */
  scaling: number[]
  out?: Float32Array
  threads: number
  signal?: AbortSignal
}

export function createAsync(
  launch: Launch,
  read: Read,
  defaultThreads: () => number,
): AsyncActivation<SoftplusOptions> {
  const readJob = (options: AnyOptions | undefined): Job => {
    checkOptions(options)
    if (options === undefined) return { scaling: [], threads: defaultThreads() }
    const scaling = read(options)
    const { out, threads, signal } = options
    return {
      scaling,
      out,
      threads: checkThreads(threads) ?? defaultThreads(),
      signal: checkSignal(signal),
    }
  }
  const call = async (x: Float32Array, options?: AnyOptions): Promise<Float32Array> => {
    const job = readJob(options)
    const { out, signal } = job
    checkArray('x', x)
    if (out !== undefined) {
      checkOut(x, out)
      checkApart(x, out)
    }
    signal?.throwIfAborted()
    const y = new Float32Array(x)
    await run(launch, y, job)
    return out === undefined ? y : copyInto(out, y)
  }
  const inPlace = async (x: Float32Array, options?: AnyOptions): Promise<Float32Array> => {
    const job = readJob(options)
    if (job.out !== undefined)
      throw withCode(
        new TypeError(`out must be left out: inPlace writes over x; got ${describe(job.out)}`),
        'ERR_INVALID_ARG_VALUE',
      )
    checkArray('x', x)
    job.signal?.throwIfAborted()
    const y = isShared(bufferOf.call(x)) ? x : moved(x)
    await run(launch, y, job)
    return y
  }
  return Object.assign(call, { inPlace })
}

const run = (launch: Launch, y: Float32Array, { threads, signal, scaling }: Job): Promise<void> =>
  new Promise((resolve, reject) => {
    const done = () => {
      signal?.removeEventListener('abort', stop)
      if (signal?.aborted) reject(signal.reason)
      else resolve()
    }
    const stop = launch(threads, done, y, ...scaling)
    signal?.addEventListener('abort', stop, { once: true })
  })

// About a millisecond's worth at a time, so that the event loop stays free here too.
async function copyInto(out: Float32Array, y: Float32Array): Promise<Float32Array> {
  const length = 1 << 20
  for (let start = 0; start < y.length; start += length) {
    if (start > 0) await new Promise<void>((resolve) => setTimeout(resolve))
    checkOut(y, out)
    out.set(y.subarray(start, start + length), start)
  }
  checkOut(y, out)
  return out
}

// A buffer that cannot be moved is refused by an exception, or was copied and is still there. It is the one that the
// language knows of: if x named another, its own could be freed under a job.
function moved(x: Float32Array): Float32Array {
  const { length } = x
  const [buffer, byteOffset] = [bufferOf.call(x), byteOffsetOf.call(x)]
  let result: ArrayBufferLike | undefined
  let cause: unknown
  try {
    result = structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })
  } catch (error) {
    cause = error
  }
  if (result !== undefined && !isAttached(x)) return new Float32Array(result, byteOffset, length)
  throw withCode(
    new TypeError(
      "x must be a Float32Array whose buffer can be moved; got one over WebAssembly's memory, Node's pool " +
        'of Buffers, or another that its owner keeps. softplus.async(x) works on a copy',
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

function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal
  throw invalidType('signal', 'an AbortSignal', signal)
}
