// The float32 elements inside a file's bytes, and what to say when they are something else.

import { NpyError, npyData, parseNpyHeader } from '../npy'
import { InputError } from './errors'
import type { Contents } from './input'

/** A file taken apart: what is kept as it is, and the elements. */
export interface Elements {
  header: Uint8Array
  floats: Float32Array
}

/** Takes apart a file of float32; throws an InputError naming the input if it is not one. */
export function elementsOf(name: string, { format, bytes }: Contents): Elements {
  try {
    return format === 'npy' ? npyElements(bytes) : rawElements(bytes)
  } catch (error) {
    if (!(error instanceof NpyError || error instanceof InputError)) throw error
    throw new InputError(`${name}: ${error.message}`, { cause: error })
  }
}

function npyElements(bytes: Uint8Array): Elements {
  const header = parseNpyHeader(bytes)
  if (header.dtype !== '<f4') throw new InputError(dtypeMessage(header.dtype))
  const data = npyData(bytes, header, Float32Array.BYTES_PER_ELEMENT)
  return { header: bytes.subarray(0, header.dataOffset), floats: floatsOf(data) }
}

function rawElements(bytes: Uint8Array): Elements {
  const excess = bytes.length % Float32Array.BYTES_PER_ELEMENT
  if (excess === 0) return { header: bytes.subarray(0, 0), floats: floatsOf(bytes) }
  throw new InputError(
    `expected float32, 4 bytes each, got ${bytes.length} bytes, which leaves ${excess} over; ` +
      "write raw float32 with numpy: a.astype('<f4').tofile('x.f32')",
  )
}

// A Float32Array begins at a multiple of 4 bytes; the data of a file need not.
function floatsOf(data: Uint8Array): Float32Array {
  const size = Float32Array.BYTES_PER_ELEMENT
  const aligned = data.byteOffset % size === 0 ? data : new Uint8Array(data)
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / size)
}

/** The bytes of the elements, in the same memory. */
export function bytesOf(floats: Float32Array): Uint8Array {
  return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength)
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
  return `${big}${name}${Number(size) * 8} ('${dtype}')`
}

function conversion(dtype: string): string {
  if (dtype.startsWith('[')) return "a['FIELD'].astype('<f4')"
  return /^[<>|=]?c/.test(dtype) ? "a.real.astype('<f4')" : "a.astype('<f4')"
}

function clipped(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
