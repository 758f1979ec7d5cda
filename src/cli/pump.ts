// Reads an input, applies the function and writes the output, in constant memory.

import { convertLittleEndian } from '../endian'
import type { Activation, SoftplusOptions } from '../index'
import type { Input } from './io/input'
import type { Output } from './io/output'
import type { Format } from './io/paths'
import { readLayout } from './layout'
import type { Progress } from './progress'

/** What is done to each piece of the elements. */
export interface Work {
  activation: Activation<SoftplusOptions>
  options: SoftplusOptions
  /** How many worker threads compute a piece; absent: the main thread computes it. */
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
  const { layout, end: start } = await readLayout(input, pieces[0])
  checkFormat(layout.format)
  await output.write(pieces[0].slice(0, layout.headerBytes))
  pieces[0].copyWithin(0, layout.headerBytes, start)
  let end = await input.fill(pieces[0], start - layout.headerBytes)

  let bytes = 0
  let milliseconds = 0
  let writing = Promise.resolve()
  for (let i = 0; ; i++) {
    const isLast = end < pieceBytes
    const reading = isLast ? undefined : awaitedLater(input.fill(pieces[(i + 1) % 3], 0))
    bytes += end
    layout.checkData(bytes, !isLast)
    const piece = pieces[i % 3].subarray(0, end)
    milliseconds += await computeOver(piece, work)
    await writing
    writing = awaitedLater(output.write(piece))
    progress.add(piece.length)
    if (reading === undefined) break
    // A failed write is reported at once, even if the input is slow.
    end = await Promise.race([reading, writing.then(() => reading)])
  }
  await writing
  return { elements: bytes / Float32Array.BYTES_PER_ELEMENT, milliseconds }
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

async function computeOver(
  piece: Uint8Array,
  { activation, options, threads }: Work,
): Promise<number> {
  // Only the last piece could end inside an element, and checkData() has refused that.
  const x = new Float32Array(piece.buffer, 0, piece.length / Float32Array.BYTES_PER_ELEMENT)
  const started = performance.now()
  convertLittleEndian(piece)
  if (threads === undefined) activation.inPlace(x, options)
  else await activation.async(x, { ...options, threads, transfer: true })
  convertLittleEndian(piece)
  return performance.now() - started
}
