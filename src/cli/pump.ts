// From an input to an output through an activation, in constant memory.

import { convertLittleEndian } from '../endian'
import type { Activation, SoftplusOptions } from '../index'
import { readLayout } from './float32'
import type { Input } from './input'
import type { Output } from './output'
import type { Progress } from './progress'

/** What happens to a piece of the elements, in place. */
export interface Work {
  activation: Activation<SoftplusOptions>
  options: SoftplusOptions
  /** For every piece; absent: the main thread alone. */
  threads?: number
}

export interface Pumped {
  elements: number
  /** What the activation itself took. */
  milliseconds: number
}

// Long enough that the calls between hardly count, and what they leave to be collected; three of them are all there is.
const pieceBytes = 1 << 22

/**
 * Reads, activates and writes at the same time, a piece each. Throws an InputError before anything
 * is written if the input's size is known and wrong; else before its last piece is.
 */
export async function pump(
  input: Input,
  output: Output,
  work: Work,
  progress: Progress,
  checkFormat: (format: 'npy' | 'f32') => void,
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
    milliseconds += await activate(piece, work)
    await writing
    writing = awaitedLater(output.write(piece))
    progress.add(piece.length)
    if (reading === undefined) break
    // Report a failed write now, even if the input is slow.
    end = await Promise.race([reading, writing.then(() => reading)])
  }
  await writing
  return { elements: bytes / Float32Array.BYTES_PER_ELEMENT, milliseconds }
}

// Shared memory is not moved by a job, so that it can be used again.
function piecesFor({ threads }: Work): [Uint8Array, Uint8Array, Uint8Array] {
  const Memory = threads === undefined ? ArrayBuffer : SharedArrayBuffer
  const piece = () => new Uint8Array(new Memory(pieceBytes))
  return [piece(), piece(), piece()]
}

// If it fails before it is awaited, that is no unhandled rejection.
function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

async function activate(
  piece: Uint8Array,
  { activation, options, threads }: Work,
): Promise<number> {
  // Only the last piece can end inside an element, and was checked not to.
  const x = new Float32Array(piece.buffer, 0, piece.length / Float32Array.BYTES_PER_ELEMENT)
  const started = performance.now()
  convertLittleEndian(piece)
  if (threads === undefined) activation.inPlace(x, options)
  else await activation.async(x, { ...options, threads, transfer: true })
  convertLittleEndian(piece)
  return performance.now() - started
}
