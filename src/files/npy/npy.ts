// The header of NumPy's .npy format, versions 1.0, 2.0 and 3.0.

import { clipped, InputError } from '../errors'
import { type Literal, LiteralError, parsePythonLiteral } from './python-literal'

/** What an .npy header says about the data after it. */
export interface NpyHeader {
  /** The element type as written: `<f4`, or a structured type's list of fields. */
  dtype: string
  /** The length of each dimension; empty for a 0-dimensional array, which holds one element. */
  shape: number[]
  /** Whether the first dimension varies fastest. */
  fortranOrder: boolean
  /** The number of elements: the product of the shape. */
  count: number
  /** Where the data begins, in bytes from the start of the file. */
  dataOffset: number
}

export type NpyErrorCode =
  | 'ERR_NPY_MAGIC'
  | 'ERR_NPY_VERSION'
  | 'ERR_NPY_HEADER'
  | 'ERR_NPY_SHAPE'
  | 'ERR_NPY_TRUNCATED'
  | 'ERR_NPY_TRAILING'

/** Refuses bytes that are not a whole, valid .npy file. `code` says why. */
export class NpyError extends InputError {
  override name = 'NpyError'

  constructor(
    readonly code: NpyErrorCode,
    message: string,
  ) {
    super(message)
  }
}

const magic = Buffer.from('\x93NUMPY', 'latin1')
const versionEnd = magic.length + 2

interface Version {
  lengthBytes: 2 | 4
  encoding: 'latin1' | 'utf-8'
}

// The longest that version 1.0 can express. Only a structured type's fields would need more, and parsing can take hundreds
// of bytes of memory for each byte of the header.
const longestHeader = 65_535

const versions: Record<string, Version> = {
  '1.0': { lengthBytes: 2, encoding: 'latin1' },
  '2.0': { lengthBytes: 4, encoding: 'latin1' },
  '3.0': { lengthBytes: 4, encoding: 'utf-8' },
}

/** Whether the bytes begin as an .npy file does. */
export function isNpy(bytes: Uint8Array): boolean {
  return magic.equals(bytes.subarray(0, magic.length))
}

/** Reads the header at the start of an .npy file; throws an NpyError if it is not valid. */
export function parseNpyHeader(bytes: Uint8Array): NpyHeader {
  if (!isNpy(bytes)) throw new NpyError('ERR_NPY_MAGIC', magicMessage(bytes))
  const { encoding, textStart, dataOffset } = headerPlace(bytes)
  if (bytes.length < dataOffset) throw truncatedHeader(bytes, dataOffset)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + textStart, dataOffset - textStart)
  const { dtype, fortranOrder, shape } = headerFields(decode(text, encoding))
  return { dtype, shape, fortranOrder, count: elementCount(shape), dataOffset }
}

/** How many bytes npyHeaderEnd() needs, whatever the version. */
export const npyPrefixBytes = versionEnd + 4

/** Where the header ends, by the file's first bytes; throws an NpyError if they are not an .npy file's. */
export function npyHeaderEnd(bytes: Uint8Array): number {
  return headerPlace(bytes).dataOffset
}

/** The data after the header. Throws an NpyError unless it is exactly `count` elements of `itemBytes` bytes. */
export function npyData(bytes: Uint8Array, header: NpyHeader, itemBytes: number): Uint8Array {
  checkNpyData(header, itemBytes, bytes.length - header.dataOffset)
  return bytes.subarray(header.dataOffset)
}

/**
 * Throws an NpyError if the number of bytes after the header is not what the header says. If more bytes may follow, only
 * too many are an error.
 */
export function checkNpyData(
  header: NpyHeader,
  itemBytes: number,
  bytes: number,
  moreMayFollow = false,
): void {
  const { count, dtype, shape } = header
  const expected = count * itemBytes
  if (bytes === expected || (moreMayFollow && bytes < expected)) return
  const mismatch =
    `the data must be ${expected} bytes (shape ${clipped(shapeText(shape))} of '${clipped(dtype)}'); ` +
    `got ${bytes}${moreMayFollow ? ' or more' : ''}`
  if (bytes < expected) {
    throw new NpyError(
      'ERR_NPY_TRUNCATED',
      `${mismatch}. The file is cut off: copy or save it again`,
    )
  }
  const remedy = 'If the file holds several arrays, save each to a file of its own'
  throw new NpyError('ERR_NPY_TRAILING', `${mismatch}. ${remedy}`)
}

function magicMessage(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, magic.length))
  const got = start.length === 0 ? 'no bytes at all' : `the bytes ${start.toString('hex')}`
  return (
    `a .npy file must begin with the bytes ${magic.toString('hex')} (\\x93NUMPY); got ${got}. ` +
    'Save it with numpy.save, or name it .f32 if it is raw little-endian float32'
  )
}

interface HeaderPlace {
  encoding: Version['encoding']
  textStart: number
  dataOffset: number
}

function headerPlace(bytes: Uint8Array): HeaderPlace {
  const [major, minor] = bytes.subarray(magic.length, versionEnd)
  if (major === undefined || minor === undefined) throw truncatedHeader(bytes, versionEnd)
  const version = versions[`${major}.${minor}`]
  if (!version) throw new NpyError('ERR_NPY_VERSION', versionMessage(major, minor))

  const textStart = versionEnd + version.lengthBytes
  if (bytes.length < textStart) throw truncatedHeader(bytes, textStart)
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = view.readUIntLE(versionEnd, version.lengthBytes)
  if (length > longestHeader) throw headerError(`be at most ${longestHeader} bytes`, `${length}`)
  const { encoding } = version
  return { encoding, textStart, dataOffset: textStart + length }
}

function versionMessage(major: number, minor: number): string {
  const supported = Object.keys(versions).join(', ')
  return (
    `the .npy format's version must be one of ${supported}; got ${major}.${minor}. ` +
    'Save the array again with numpy.save'
  )
}

function truncatedHeader(bytes: Uint8Array, end: number): NpyError {
  return new NpyError(
    'ERR_NPY_TRUNCATED',
    `the .npy header must end at byte ${end}; got a file of ${bytes.length} bytes. ` +
      'The file is cut off: copy or save it again',
  )
}

function decode(text: Buffer, encoding: Version['encoding']): string {
  if (encoding === 'latin1') return text.toString('latin1')
  try {
    // A byte order mark stays in the text, so that the literal is refused, as Python refuses it.
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(text)
  } catch {
    throw headerError('be UTF-8 text', 'bytes that are not')
  }
}

function headerError(expected: string, got: string): NpyError {
  return new NpyError(
    'ERR_NPY_HEADER',
    `the .npy header must ${expected}; got ${got}. Save the array again with numpy.save`,
  )
}

function headerFields(text: string): Pick<NpyHeader, 'dtype' | 'fortranOrder' | 'shape'> {
  const dict = headerLiteral(text)
  if (dict.type !== 'dict') throw headerError('be a dict', clipped(dict.source))
  const keys = [...dict.entries.keys()].sort()
  if (keys.join() !== 'descr,fortran_order,shape') {
    const got = keys.length === 0 ? 'no keys' : clipped(keys.join(', '))
    throw headerError("have the keys 'descr', 'fortran_order' and 'shape'", got)
  }
  return {
    dtype: dtypeOf(dict.entries.get('descr')),
    fortranOrder: fortranOrderOf(dict.entries.get('fortran_order')),
    shape: shapeOf(dict.entries.get('shape')),
  }
}

function headerLiteral(text: string): Literal {
  try {
    return parsePythonLiteral(text)
  } catch (error) {
    if (!(error instanceof LiteralError)) throw error
    throw headerError(`be a Python literal with ${error.expected}`, error.found)
  }
}

function dtypeOf(descr: Literal | undefined): string {
  if (descr?.type === 'string') return descr.value
  if (descr?.type === 'list') return descr.source
  throw headerError("have a dtype such as '<f4' for 'descr'", sourceOf(descr))
}

function fortranOrderOf(order: Literal | undefined): boolean {
  if (order?.type === 'boolean') return order.value
  throw headerError("have True or False for 'fortran_order'", sourceOf(order))
}

function shapeOf(shape: Literal | undefined): number[] {
  if (shape?.type !== 'tuple') {
    throw headerError("have a tuple such as (3, 4) for 'shape'", sourceOf(shape))
  }
  return shape.items.map((length) => {
    if (length.type === 'integer' && length.value >= 0) return length.value
    throw headerError("have lengths of 0 or more in 'shape'", sourceOf(length))
  })
}

// The product is exact if it is a safe integer. A dimension of length 0 makes it 0, however large the others are.
function elementCount(shape: number[]): number {
  const count = shape.includes(0) ? 0 : shape.reduce((product, length) => product * length, 1)
  if (shape.every(Number.isSafeInteger) && count <= Number.MAX_SAFE_INTEGER) return count
  throw new NpyError(
    'ERR_NPY_SHAPE',
    `the shape must have at most 2^53 - 1 elements; got ${clipped(shapeText(shape))}. ` +
      'Save the array in parts',
  )
}

function shapeText(shape: number[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
}

function sourceOf(literal: Literal | undefined): string {
  return clipped(literal?.source ?? 'nothing')
}
