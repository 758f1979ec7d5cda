// Reads a range of the input, activates it and puts it on the disk at the same place of the part file, in constant memory.

import type { FileHandle } from 'node:fs/promises'
import { activateBytesAsync, memoryFor, pieceBytes } from '../api/bytes'
import { throwIfAborted } from '../api/signal'
import { awaitedLater } from '../awaitedLater'
import { attempt } from '../files/errors'
import type { Range } from '../files/layout'
import { workOf } from './activate'
import { checkUnchanged, readBytes } from './input'
import type { Places } from './places'
import { rangeOf } from './plan'
import { isOver, type Run } from './runFolder'
import type { ByteRange, FileShardPlan, RunShardOptions } from './types'
import { valueFinder } from './values'

/** A shard at work, with its open files. */
export interface Shard {
  plan: FileShardPlan
  index: number
  places: Places
  run: Run
  input: FileHandle
  part: FileHandle
}

export interface Written {
  /** How many bytes were written. */
  bytes: number
  /** Whether another process has done the shard meanwhile. Then the rest was not written, and nothing need be on the disk. */
  isOvertaken: boolean
  /** How many elements were computed. */
  elements: number
  /** The time that computing took. */
  milliseconds: number
}

const bytesPerElement = Float32Array.BYTES_PER_ELEMENT

/** Reads one piece, activates the one before, writes the one before that and syncs those before, at the same time. */
export async function writeRange(
  shard: Shard,
  { threads, signal, onProgress }: RunShardOptions,
): Promise<Written> {
  const { plan, index, places, run, part } = shard
  const pieces = piecesOf(plan, index)
  const buffers = buffersFor(pieces, threads)
  const written: Written = { bytes: 0, isOvertaken: false, elements: 0, milliseconds: 0 }
  const valuesIn = valueFinder(plan, (position, length) =>
    readUnchanged(shard, new Uint8Array(length), position),
  )

  const read = (i: number) => awaitedLater(readPiece(shard, pieces[i], buffers[i % 3]))
  let reading = pieces.length > 0 ? read(0) : undefined
  let writing = Promise.resolve()
  // The system reports a failure to write only once. So a sync that failed stays here.
  let syncing: Promise<void> | undefined
  const sync = async () => {
    await attempt(`write ${plan.output}`, () => part.datasync())
    syncing = undefined
  }
  try {
    for (let i = 0; reading; i++) {
      const piece = await reading
      reading = i + 1 < pieces.length ? read(i + 1) : undefined
      throwIfAborted(signal)
      const values = await valuesIn(pieces[i].start, piece)
      written.milliseconds += await activate(plan, piece, values, threads)
      written.elements += elementsIn(values)
      await writing
      written.isOvertaken = await attempt(`write ${plan.output}`, () => isOver(places, run, index))
      if (written.isOvertaken) break
      // Otherwise the disk would have nothing to do until the last piece is written, and this process nothing after that.
      if (i > 0) syncing ??= awaitedLater(sync())
      written.bytes += piece.length
      writing = awaitedLater(writePiece(plan, part, piece, pieces[i].start))
      onProgress?.(piece.length)
    }
    await writing
    if (written.isOvertaken) return written
    await syncing
    await sync()
    return written
  } finally {
    // Until then the files must stay open.
    await Promise.allSettled([reading, writing, syncing])
  }
}

function buffersFor(pieces: ByteRange[], threads: number | undefined): Uint8Array[] {
  const first = pieces.slice(0, 3)
  const largest = Math.max(0, ...first.map(({ start, end }) => end - start))
  return first.map(() => memoryFor(largest + bytesPerElement, threads))
}

/** Cuts the range where pieces of elements begin. Only the first piece has a header. */
function piecesOf(plan: FileShardPlan, index: number): ByteRange[] {
  const { start, end } = rangeOf(plan, index)
  const pieces: ByteRange[] = []
  const shift = start === 0 ? plan.headerBytes % bytesPerElement : 0
  for (let from = start; from < end; ) {
    const to = Math.min(from + pieceBytes + (from === 0 ? shift : 0), end)
    pieces.push({ start: from, end: to })
    from = to
  }
  return pieces
}

/** Reads a piece so that its elements start at multiples of 4 of the memory. */
function readPiece(
  shard: Shard,
  { start, end }: ByteRange,
  buffer: Uint8Array,
): Promise<Uint8Array> {
  const header = Math.max(shard.plan.headerBytes - start, 0)
  const from = (bytesPerElement - (header % bytesPerElement)) % bytesPerElement
  return readUnchanged(shard, buffer.subarray(from, from + end - start), start)
}

/** Fills the buffer with the input's bytes from a position on. */
async function readUnchanged(
  { plan, places, input }: Shard,
  buffer: Uint8Array,
  position: number,
): Promise<Uint8Array> {
  const bytes = await readBytes(plan.input, input, buffer, position)
  // Bytes of a changed input must not get into the part file: another process may have marked the shard already.
  const stats = await attempt(`read ${plan.input}`, () => input.stat({ bigint: true }))
  checkUnchanged(plan, places, stats)
  return bytes
}

/** Returns the milliseconds that it took. */
async function activate(
  plan: FileShardPlan,
  piece: Uint8Array,
  values: Range[],
  threads: number | undefined,
): Promise<number> {
  const started = performance.now()
  for (const { start, end } of values)
    await activateBytesAsync(piece.subarray(start, end), workOf(plan, threads))
  return performance.now() - started
}

const elementsIn = (values: Range[]) =>
  values.reduce((sum, { start, end }) => sum + (end - start), 0) / bytesPerElement

function writePiece(
  plan: FileShardPlan,
  part: FileHandle,
  piece: Uint8Array,
  start: number,
): Promise<void> {
  return attempt(`write ${plan.output}`, async () => {
    for (let done = 0; done < piece.length; )
      done += (await part.write(piece, done, piece.length - done, start + done)).bytesWritten
  })
}
