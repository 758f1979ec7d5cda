// Standard output, written to the end or refused.

import { attempt } from './errors'

// Pieces, because writing to a pipe holds the process until the reader has taken the piece.
const pieceBytes = 1 << 20

/** Writes all of it; throws a SystemFailure if standard output does not take it. */
export async function writeToStdout(content: Uint8Array | string): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    const piece = bytes.subarray(start, start + pieceBytes)
    await attempt('write standard output', () => writePiece(piece))
  }
}

function writePiece(piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(piece, (error) => (error ? reject(error) : resolve()))
  })
}
