// The format of an input, by its name or its first bytes, and its layout.

import { arrayLayout, checkNoColumns } from '../files/array'
import { looksLikeArrow } from '../files/arrow/start'
import { type Layout, naming, namingAsync } from '../files/layout'
import { isNpy, npyHeaderEnd, npyPrefixBytes } from '../files/npy/npy'
import type { Format } from '../files/paths'
import type { Input } from './io/input'

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
  checkNoColumns(input.name, format, columns)
  return format === 'npy' && isNpy(start)
    ? readNpy(input, buffer, end)
    : arrayLayout(input, start, format)
}

async function readArrow(
  input: Input,
  buffer: Uint8Array,
  start: Uint8Array,
  columns: readonly string[],
): Promise<Layout> {
  const arrow = await import('../files/arrow/ipc')
  const named = namingAsync(input.name)
  const layout = await named(() => arrow.readArrow(input, buffer, start, columns))
  return {
    ...layout,
    valuesIn: (bytes, isLast) => named(() => layout.valuesIn(bytes, isLast)),
  }
}

/**
 * Reads the rest of a .npy header into the buffer, so that a wrong one is reported before the data arrive.
 *
 * @param start How many bytes of the input the buffer has; enough for npyHeaderEnd().
 */
async function readNpy(input: Input, buffer: Uint8Array, start: number): Promise<Layout> {
  const headerEnd = naming(input.name)(() => npyHeaderEnd(buffer.subarray(0, start)))
  const end = await input.fill(buffer.subarray(0, headerEnd), start)
  return arrayLayout(input, buffer.subarray(0, end), 'npy')
}

function formatOf(start: Uint8Array, columns: readonly string[]): Format {
  if (isNpy(start)) return 'npy'
  return columns.length > 0 || looksLikeArrow(start) ? 'arrow' : 'f32'
}
