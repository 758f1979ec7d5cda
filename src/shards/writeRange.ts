// Reads a range of the input, activates it and puts it on the disk at the same place of the part file, in constant memory.

import type { FileHandle } from 'node:fs/promises'
import { activateBytesAsync, memoryFor, pieceBytes } from '../api/bytes'
import { throwIfAborted } from '../api/signal'
import { awaitedLater } from '../awaitedLater'
import { attempt } from '../files/errors'
import { workOf } from './activate'
import { checkUnchanged } from './input'
import type { Places } from './places'
import { rangeOf } from './plan'
import { isOver, type Run } from './runFolder'
import type { ByteRange, FileShardPlan, RunShardOptions } from './types'

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
  const written: Written = { bytes: 0, isOvertaken: false, milliseconds: 0 }

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
      written.milliseconds += await activated(plan, piece, pieces[i].start, threads)
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
async function readPiece(
  { plan, places, input }: Shard,
  { start, end }: ByteRange,
  buffer: Uint8Array,
): Promise<Uint8Array> {
  const header = start === 0 ? plan.headerBytes : 0
  const from = (bytesPerElement - (header % bytesPerElement)) % bytesPerElement
  const piece = buffer.subarray(from, from + end - start)
  const action = `read ${plan.input}`
  for (let filled = 0; filled < piece.length; ) {
    const { bytesRead } = await attempt(action, () =>
      input.read(piece, filled, piece.length - filled, start + filled),
    )
    filled += bytesRead
    if (bytesRead === 0) break
  }
  // Bytes of a changed input must not get into the part file: another process may have marked the shard already.
  checkUnchanged(plan, places, await attempt(action, () => input.stat({ bigint: true })))
  return piece
}

async function activated(
  plan: FileShardPlan,
  piece: Uint8Array,
  start: number,
  threads: number | undefined,
): Promise<number> {
  const elements = piece.subarray(start === 0 ? plan.headerBytes : 0)
  const started = performance.now()
  await activateBytesAsync(elements, workOf(plan, threads))
  return performance.now() - started
}

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
