// The layout of an input: its header, and how many bytes of float32 follow it.

import { InputError } from './errors'
import type { Input } from './io/input'
import type { Format } from './io/paths'
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

/** A header, which the output gets unchanged, then elements. */
export interface Layout {
  format: Format
  headerBytes: number
  /**
   * Throws an InputError if the elements cannot take up this many bytes. If more bytes may follow, only too many are an
   * error.
   */
  checkData(bytes: number, moreMayFollow: boolean): void
}

/**
 * Reads the header, and no more than 12 bytes where there is none, so that a wrong header is reported before the rest
 * arrives. Also returns how many bytes it read. Throws an InputError if the elements are not float32.
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

/** The layout by the input's first bytes. Throws an InputError if the elements are not float32. */
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

/** Puts the input's name at the start of errors. */
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
