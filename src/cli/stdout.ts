// Standard output and other streams, written to the end or refused.

import type { Writable } from 'node:stream'
import { attempt } from './errors'

// Pieces, because writing to a terminal or a file holds the process until the piece is written.
const pieceBytes = 1 << 20

/** Writes all of it; throws a SystemFailure if standard output does not take it. */
export async function writeToStdout(content: Uint8Array | string): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  await attempt('write standard output', () => writeToStream(process.stdout, bytes))
}

/** Writes all of it, and waits until the system has it. */
export async function writeToStream(stream: Writable, bytes: Uint8Array): Promise<void> {
  for (let start = 0; start < bytes.length; start += pieceBytes)
    await writePiece(stream, bytes.subarray(start, start + pieceBytes))
}

function writePiece(stream: Writable, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(piece, (error) => (error ? reject(error) : resolve()))
  })
}
