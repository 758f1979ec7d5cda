// The format of an input, by its name or its first bytes, and its layout.

import { arrayLayout, readNpy } from './array'
import { looksLikeArrow, readArrow } from './arrow/layout'
import { InputError } from './errors'
import type { Input } from './io/input'
import type { Format } from './io/paths'
import type { Layout } from './layout'
import { isNpy, npyPrefixBytes } from './npy/npy'

/**
 * Reads the start of the input, and no more than 12 bytes of what may be values, so that a wrong header or schema is
 * reported before the rest arrives. Throws an InputError if there are no values to activate.
 *
 * @param buffer Memory to read into.
 * @param columns The names given by --column.
 */
export async function readLayout(
  input: Input,
  buffer: Uint8Array,
  columns: readonly string[],
): Promise<Layout> {
  const end = await input.fill(buffer.subarray(0, npyPrefixBytes), 0)
  const start = buffer.subarray(0, end)
  const format = input.format ?? formatOf(start, columns)
  if (format === 'arrow') return readArrow(input, buffer, start.slice(), columns)
  if (columns.length > 0)
    throw new InputError(
      `${input.name}: --column must be left out, because a .${format} input has no columns; got --column ${columns[0]}. ` +
        'Leave it out, or give an input in the format Arrow IPC',
    )
  return format === 'npy' && isNpy(start)
    ? readNpy(input, buffer, end)
    : arrayLayout(input, start, format)
}

function formatOf(start: Uint8Array, columns: readonly string[]): Format {
  if (isNpy(start)) return 'npy'
  return columns.length > 0 || looksLikeArrow(start) ? 'arrow' : 'f32'
}
