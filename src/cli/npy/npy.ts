// The header of NumPy's .npy format, versions 1.0, 2.0 and 3.0.

import { clipped, type Literal, LiteralError, parsePythonLiteral } from './python-literal'

/** What an .npy header says about the data after it. */
export interface NpyHeader {
  /** The format's version, such as `[1, 0]`. */
  version: [major: number, minor: number]
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

/** Bytes that are no well-formed .npy file. `code` tells the kinds apart. */
export class NpyError extends Error {
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

// As much as version 1.0 can tell the length of. Only a structured type's fields would need more, and
// each of a header's bytes may cost hundreds in memory.
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

/** Reads the header at the start of an .npy file; throws an NpyError if there is none to read. */
export function parseNpyHeader(bytes: Uint8Array): NpyHeader {
  if (!isNpy(bytes)) throw new NpyError('ERR_NPY_MAGIC', magicMessage(bytes))
  const { version, text, dataOffset } = headerText(bytes)
  const { dtype, fortranOrder, shape } = headerFields(text)
  return { version, dtype, shape, fortranOrder, count: elementCount(shape), dataOffset }
}

/** The number of bytes that suffice to find a header's length. */
export const npyPrefixBytes = versionEnd + 4

/** Where the header ends, read from the file's first bytes; throws an NpyError if they do not tell. */
export function npyHeaderEnd(bytes: Uint8Array): number {
  return headerPlace(bytes).dataOffset
}

/**
 * The data after the header: exactly `count` elements of `itemBytes` bytes. Throws an NpyError if
 * the file ends before them or goes on after them.
 */
export function npyData(bytes: Uint8Array, header: NpyHeader, itemBytes: number): Uint8Array {
  checkNpyData(header, itemBytes, bytes.length - header.dataOffset)
  return bytes.subarray(header.dataOffset)
}

/**
 * Throws an NpyError unless `came`, the number of bytes after the header, is what it says; where more may
 * follow, only if it is too many already.
 */
export function checkNpyData(
  header: NpyHeader,
  itemBytes: number,
  came: number,
  moreMayFollow = false,
): void {
  const { count, dtype, shape } = header
  const expected = count * itemBytes
  if (came === expected || (moreMayFollow && came < expected)) return
  const mismatch =
    `expected ${expected} bytes of data (shape ${clipped(shapeText(shape))} of '${clipped(dtype)}'), ` +
    `the file holds ${came}${moreMayFollow ? ' or more' : ''}`
  if (came < expected) {
    throw new NpyError('ERR_NPY_TRUNCATED', `${mismatch}; it is cut off: copy or save it again`)
  }
  const remedy = 'if it is several arrays in a row, save each to its own file'
  throw new NpyError('ERR_NPY_TRAILING', `${mismatch}; ${remedy}`)
}

function magicMessage(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, magic.length))
  const came = start.length === 0 ? 'no bytes at all' : `the bytes ${start.toString('hex')}`
  return (
    `expected an .npy file, which begins with the bytes ${magic.toString('hex')} (\\x93NUMPY), ` +
    `got ${came}; numpy.save writes .npy, and raw little-endian float32 is named .f32`
  )
}

interface HeaderText {
  version: [number, number]
  text: string
  dataOffset: number
}

function headerText(bytes: Uint8Array): HeaderText {
  const { version, encoding, textStart, dataOffset } = headerPlace(bytes)
  if (bytes.length < dataOffset) throw truncatedHeader(bytes, dataOffset)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + textStart, dataOffset - textStart)
  return { version, text: decode(text, encoding), dataOffset }
}

interface HeaderPlace {
  version: [number, number]
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
  if (length > longestHeader) throw headerError(`at most ${longestHeader} bytes`, `${length}`)
  const { encoding } = version
  return { version: [major, minor], encoding, textStart, dataOffset: textStart + length }
}

function versionMessage(major: number, minor: number): string {
  const supported = Object.keys(versions).join(', ')
  return (
    `expected .npy format version ${supported}, got ${major}.${minor}; ` +
    'save it again with numpy.save'
  )
}

function truncatedHeader(bytes: Uint8Array, expected: number): NpyError {
  return new NpyError(
    'ERR_NPY_TRUNCATED',
    `expected a header that ends at byte ${expected}, the file has ${bytes.length} bytes; ` +
      'it is cut off: copy or save it again',
  )
}

function decode(text: Buffer, encoding: Version['encoding']): string {
  if (encoding === 'latin1') return text.toString('latin1')
  try {
    // A byte order mark is no part of a literal; left in, it is refused as Python refuses it.
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(text)
  } catch {
    throw headerError('UTF-8 text', 'bytes that are not')
  }
}

function headerError(expected: string, came: string): NpyError {
  return new NpyError(
    'ERR_NPY_HEADER',
    `the .npy header is malformed: expected ${expected}, got ${came}; save it with numpy.save`,
  )
}

function headerFields(text: string): Pick<NpyHeader, 'dtype' | 'fortranOrder' | 'shape'> {
  const dict = headerLiteral(text)
  if (dict.type !== 'dict') throw headerError('a dict', clipped(dict.source))
  const keys = [...dict.entries.keys()].sort()
  if (keys.join() !== 'descr,fortran_order,shape') {
    const came = keys.length === 0 ? 'no keys' : clipped(keys.join(', '))
    throw headerError("the keys 'descr', 'fortran_order' and 'shape'", came)
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
    throw new NpyError(
      'ERR_NPY_HEADER',
      `the .npy header is no Python literal: ${error.message}; save it with numpy.save`,
    )
  }
}

function dtypeOf(descr: Literal | undefined): string {
  if (descr?.type === 'string') return descr.value
  if (descr?.type === 'list') return descr.source
  throw headerError("a dtype such as '<f4' for 'descr'", sourceOf(descr))
}

function fortranOrderOf(order: Literal | undefined): boolean {
  if (order?.type === 'boolean') return order.value
  throw headerError("True or False for 'fortran_order'", sourceOf(order))
}

function shapeOf(shape: Literal | undefined): number[] {
  if (shape?.type !== 'tuple') {
    throw headerError("a tuple such as (3, 4) for 'shape'", sourceOf(shape))
  }
  return shape.items.map((length) => {
    if (length.type === 'integer' && length.value >= 0) return length.value
    throw headerError("lengths of 0 or more in 'shape'", sourceOf(length))
  })
}

// A product is checked at each step, but an empty dimension makes it 0 wherever it stands.
function elementCount(shape: number[]): number {
  const count = shape.includes(0) ? 0 : shape.reduce((product, length) => product * length, 1)
  if (shape.every(Number.isSafeInteger) && count <= Number.MAX_SAFE_INTEGER) return count
  throw new NpyError(
    'ERR_NPY_SHAPE',
    `expected a shape of at most 2^53 - 1 elements, got ${clipped(shapeText(shape))}; ` +
      'save the array in parts',
  )
}

function shapeText(shape: number[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
}

function sourceOf(literal: Literal | undefined): string {
  return clipped(literal?.source ?? 'nothing')
}
