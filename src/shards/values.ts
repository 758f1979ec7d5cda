// Which bytes of a file are values.

import type { ArrowFile, FileBytes } from '../files/arrow/file'
import { namingAsync, type Range } from '../files/layout'
import type { FileShardPlan } from './types'

/** Opens an Arrow file. Errors, also later ones, have the input's name. */
export async function openArrow(
  input: string,
  bytes: FileBytes,
  columns: readonly string[],
): Promise<Pick<ArrowFile, 'valuesIn' | 'checkFirstBatch'>> {
  const { ArrowFile } = await import('../files/arrow/ipc')
  const named = namingAsync(input)
  const file = await named(() => ArrowFile.open(bytes, columns))
  return {
    valuesIn: (start, piece) => named(() => file.valuesIn(start, piece)),
    checkFirstBatch: () => named(() => file.checkFirstBatch()),
  }
}

/**
 * A function that finds the ranges of values in a piece of the input, counted from the piece's start.
 *
 * @param readAt Reads from the input.
 */
export function valueFinder(
  { input, format, size, headerBytes, columns = [] }: FileShardPlan,
  readAt: FileBytes['readAt'],
): ArrowFile['valuesIn'] {
  if (format !== 'arrow')
    return async (start, { length }): Promise<Range[]> => [
      { start: Math.min(Math.max(headerBytes - start, 0), length), end: length },
    ]
  let opened: ReturnType<typeof openArrow> | undefined
  return async (start, piece) => {
    opened ??= openArrow(input, { size, readAt }, columns)
    return (await opened).valuesIn(start, piece)
  }
}
