// Where the float32 elements of an input begin and how many there are, and what to say when they are something else.

import { InputError } from './errors'
import type { Format, Input } from './input'
import {
  checkNpyData,
  isNpy,
  NpyError,
  type NpyHeader,
  npyHeaderEnd,
  npyPrefixBytes,
  parseNpyHeader,
} from './npy/npy'
import { clipped } from './npy/python-literal'

const bytesPerElement = Float32Array.BYTES_PER_ELEMENT

/** How an input is made up: a header, which is kept as it is, then elements. */
export interface Layout {
  format: Format
  headerBytes: number
  /** Throws an InputError unless the elements take up this many bytes, or more if more may follow. */
  checkData(bytes: number, moreMayFollow: boolean): void
}

/**
 * Reads only the header (at least 12 bytes), so that a wrong header is reported before the rest arrives. Also returns
 * the number of bytes read. Throws an InputError naming the input if it is no float32.
 */
export async function readLayout(
  input: Input,
  buffer: Uint8Array,
): Promise<{ layout: Layout; end: number }> {
  const named = naming(input.name)
  const fill = (size: number, from: number) => input.fill(buffer.subarray(0, size), from)
  let end = await fill(npyPrefixBytes, 0)
  if (input.format !== 'f32' && isNpy(buffer.subarray(0, end)))
    end = await fill(
      named(() => npyHeaderEnd(buffer.subarray(0, end))),
      end,
    )
  return { layout: layoutOf(input, buffer.subarray(0, end)), end }
}

/** The layout that an input's first bytes tell; throws an InputError naming the input if it is no float32. */
export function layoutOf(input: Input, start: Uint8Array): Layout {
  const named = naming(input.name)
  const format = input.format ?? (isNpy(start) ? 'npy' : 'f32')
  const header = format === 'npy' ? named(() => headerOf(start)) : undefined
  const headerBytes = header?.dataOffset ?? 0
  const dataBytes = input.size === undefined ? undefined : input.size - headerBytes
  const checkData = (bytes: number, moreMayFollow: boolean) =>
    named(() => {
      if (header) checkNpyData(header, bytesPerElement, bytes, moreMayFollow)
      else if (!moreMayFollow) checkRaw(bytes, dataBytes)
    })
  if (dataBytes !== undefined) checkData(dataBytes, false)
  return { format, headerBytes, checkData }
}

const naming =
  (name: string) =>
  <Result>(step: () => Result): Result => {
    try {
      return step()
    } catch (error) {
      if (!(error instanceof NpyError || error instanceof InputError)) throw error
      throw new InputError(`${name}: ${error.message}`, { cause: error })
    }
  }

function headerOf(bytes: Uint8Array): NpyHeader {
  const header = parseNpyHeader(bytes)
  if (header.dtype !== '<f4') throw new InputError(dtypeMessage(header.dtype))
  return header
}

function checkRaw(bytes: number, opened: number | undefined): void {
  if (opened !== undefined && bytes !== opened)
    throw new InputError(
      `must still have the ${opened} bytes it had when opened; got ${bytes}; ` +
        'run it again when nothing writes to the file',
    )
  const excess = bytes % bytesPerElement
  if (excess === 0) return
  throw new InputError(
    `must be float32, 4 bytes each; got ${bytes} bytes, which leaves ${excess} over; ` +
      "write raw float32 with numpy: a.astype('<f4').tofile('x.f32')",
  )
}

const kinds: Record<string, string> = { f: 'float', i: 'int', u: 'uint', c: 'complex' }

function dtypeMessage(dtype: string): string {
  return (
    `expected little-endian float32 ('<f4'), got ${dtypeName(dtype)}; ` +
    `convert it with numpy: ${conversion(dtype)}`
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
