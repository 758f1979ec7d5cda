// Reads an input, applies the function and writes the output, in constant memory.

import { convertLittleEndian } from '../endian'
import type { Activation, SoftplusOptions } from '../index'
import { readLayout } from './formats'
import type { Input } from './io/input'
import type { Output } from './io/output'
import type { Format } from './io/paths'
import type { Range } from './layout'
import type { Progress } from './progress'

/** What is done to the values of an input. */
export interface Work {
  /** The columns that have them, where the input has columns. */
  columns: readonly string[]
  activation: Activation<SoftplusOptions>
  options: SoftplusOptions
  /** How many worker threads compute; absent: the main thread computes. */
  threads?: number
}

export interface Pumped {
  elements: number
  /** The time that the activation took, without reading and writing. */
  milliseconds: number
}

// Large enough that the calls per piece, and the garbage they leave, cost next to nothing. Three pieces are all the
// memory that the command needs.
const pieceBytes = 1 << 22
const bytesPerElement = Float32Array.BYTES_PER_ELEMENT

/**
 * Reads one piece, applies the function to the one before and writes the one before that, at the same time. If the
 * input's size is known and wrong, it throws an InputError before it writes anything; otherwise before it writes the last piece.
 */
export async function pump(
  input: Input,
  output: Output,
  work: Work,
  progress: Progress,
  checkFormat: (format: Format) => void,
): Promise<Pumped> {
  const pieces = piecesFor(work)
  const { format, head, rest, valuesIn } = await readLayout(input, pieces[0], work.columns)
  checkFormat(format)
  await output.write(head)
  pieces[0].set(rest)
  let end = await input.fill(pieces[0], rest.length)

  let elements = 0
  let milliseconds = 0
  let writing = Promise.resolve()
  for (let i = 0; ; i++) {
    const isLast = end < pieceBytes
    const reading = isLast ? undefined : awaitedLater(input.fill(pieces[(i + 1) % 3], 0))
    const piece = pieces[i % 3].subarray(0, end)
    const values = valuesIn(piece, isLast)
    const started = performance.now()
    for (const range of values) elements += await compute(piece, range, work)
    milliseconds += performance.now() - started
    await writing
    writing = awaitedLater(output.write(piece))
    progress.add(piece.length)
    if (reading === undefined) break
    // A failed write is reported at once, even if the input is slow.
    end = await Promise.race([reading, writing.then(() => reading)])
  }
  await writing
  return { elements, milliseconds }
}

// A job detaches an ArrayBuffer that it is given. Shared memory stays here and can be used again.
function piecesFor({ threads }: Work): [Uint8Array, Uint8Array, Uint8Array] {
  const Memory = threads === undefined ? ArrayBuffer : SharedArrayBuffer
  const piece = () => new Uint8Array(new Memory(pieceBytes))
  return [piece(), piece(), piece()]
}

// Keeps Node from taking a failure that comes before the await for an unhandled rejection.
function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

// A job takes some microseconds to start. The main thread computes fewer elements in that time.
const fewestForThreads = 1 << 14

/** Activates the values in a range of the piece. Returns how many they are. */
async function compute(
  piece: Uint8Array,
  { start, end }: Range,
  { activation, options, threads }: Work,
): Promise<number> {
  const bytes = piece.subarray(start, end)
  const x = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / bytesPerElement)
  convertLittleEndian(bytes)
  if (threads === undefined || x.length < fewestForThreads) activation.inPlace(x, options)
  else await activation.async(x, { ...options, threads, transfer: true })
  convertLittleEndian(bytes)
  return x.length
}
