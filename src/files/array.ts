// Inputs that are one array: .npy, which has a header, and .f32, which is float32 and nothing else.

import { clipped, InputError } from './errors'
import { type Layout, naming } from './layout'
import { checkNpyData, type NpyHeader, parseNpyHeader } from './npy/npy'

const bytesPerElement = Float32Array.BYTES_PER_ELEMENT

/** Throws an InputError if there are columns: the format has none. */
export function checkNoColumns(
  name: string,
  format: 'npy' | 'f32',
  [column]: readonly string[],
): void {
  if (column === undefined) return
  throw new InputError(
    `${name}: columns (--column) must be left out, because a .${format} input has none; got ${clipped(column)}. ` +
      'Leave them out, or give an input in the format Arrow IPC',
  )
}

/** The layout by the input's first bytes, with all of the header. Throws an InputError if the elements are not float32. */
export function arrayLayout(
  input: { name: string; size?: number },
  start: Uint8Array,
  format: 'npy' | 'f32',
): Layout {
  const named = naming(input.name)
  const header = format === 'npy' ? named(() => headerOf(start)) : undefined
  const headBytes = header?.dataOffset ?? 0
  const dataBytes = input.size === undefined ? undefined : input.size - headBytes
  const checkData = (bytes: number, moreMayFollow: boolean) =>
    named(() => {
      if (header) checkNpyData(header, bytesPerElement, bytes, moreMayFollow)
      else if (!moreMayFollow) checkRaw(bytes, dataBytes)
    })
  if (dataBytes !== undefined) checkData(dataBytes, false)
  let read = 0
  return {
    format,
    head: start.slice(0, headBytes),
    rest: start.slice(headBytes),
    valuesIn({ length }, isLast) {
      read += length
      checkData(read, !isLast)
      return [{ start: 0, end: length }]
    },
  }
}

function headerOf(bytes: Uint8Array): NpyHeader {
  const header = parseNpyHeader(bytes)
  if (header.dtype !== '<f4') throw new InputError(dtypeMessage(header.dtype))
  return header
}

function checkRaw(bytes: number, bytesAtOpening: number | undefined): void {
  if (bytesAtOpening !== undefined && bytes !== bytesAtOpening)
    throw new InputError(
      `the file must still have the ${bytesAtOpening} bytes it had when it was opened; got ${bytes}. ` +
        'Run the command again when nothing writes to the file',
    )
  const excess = bytes % bytesPerElement
  if (excess === 0) return
  throw new InputError(
    `the data must be float32, 4 bytes each; got ${bytes} bytes, which leaves ${excess} over. ` +
      "Write raw float32 with numpy: a.astype('<f4').tofile('x.f32')",
  )
}

const kinds: Record<string, string> = { f: 'float', i: 'int', u: 'uint', c: 'complex' }

function dtypeMessage(dtype: string): string {
  return (
    `the elements must be little-endian float32 ('<f4'); got ${dtypeName(dtype)}. ` +
    `Convert them with numpy: ${conversion(dtype)}`
  )
}

function dtypeName(dtype: string): string {
  if (dtype.startsWith('[')) return `a structured type ${clipped(dtype)}`
  const [, order, kind = '', size] = /^([<>|=]?)([a-z])(\d+)$/.exec(dtype) ?? []
  const name = kinds[kind]
  if (name === undefined) return `'${clipped(dtype)}'`
  const big = order === '>' ? 'big-endian ' : ''
  return `${big}${name}${Number(size) * 8} ('${clipped(dtype)}')`
}

function conversion(dtype: string): string {
  if (dtype.startsWith('[')) return "a['FIELD'].astype('<f4')"
  return /^[<>|=]?c/.test(dtype) ? "a.real.astype('<f4')" : "a.astype('<f4')"
}
