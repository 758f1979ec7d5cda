// Reads an input, applies the function and writes the output, in constant memory.

import { activateBytesAsync, memoryFor, pieceBytes } from '../api/bytes'
import { awaitedLater } from '../awaitedLater'
import type { Format } from '../files/paths'
import { readLayout } from './formats'
import type { Input } from './io/input'
import type { Output } from './io/output'
import type { Progress } from './progress'
import type { FileWork, Pumped } from './work'

const bytesPerElement = Float32Array.BYTES_PER_ELEMENT

/**
 * Reads one piece, applies the function to the one before and writes the one before that, at the same time. If the
 * input's size is known and wrong, it throws an InputError before it writes anything; otherwise before it writes the last piece.
 */
export async function pump(
  input: Input,
  output: Output,
  work: FileWork,
  progress: Progress,
  checkFormat: (format: Format) => void,
): Promise<Pumped> {
  // All the memory that the command needs.
  const pieces = [0, 1, 2].map(() => memoryFor(pieceBytes, work.threads))
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
    const values = await valuesIn(piece, isLast)
    const started = performance.now()
    for (const { start, end } of values) {
      await activateBytesAsync(piece.subarray(start, end), work)
      elements += (end - start) / bytesPerElement
    }
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
