// Reads .npy files of float32 and uint8, and writes one with the header of another.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type NpyHeader, npyData, parseNpyHeader } from '../../src/files/npy/npy'

/** The path of a file in this example's folder. */
export function exampleFile(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

interface NpyFile {
  bytes: Buffer
  header: NpyHeader
}

function readNpy(path: string, dtype: string): NpyFile {
  const bytes = readFileSync(path)
  const header = parseNpyHeader(bytes)
  if (header.dtype !== dtype) {
    throw new TypeError(`${path}: the elements must be of type '${dtype}'; got '${header.dtype}'`)
  }
  return { bytes, header }
}

/** The elements of a float32 array, as a copy. */
export function readFloats(path: string): Float32Array {
  const { bytes, header } = readNpy(path, '<f4')
  // A Float32Array must begin at a multiple of 4 bytes, and the data in the file may not.
  return new Float32Array(new Uint8Array(npyData(bytes, header, 4)).buffer)
}

/** The elements of a uint8 array. */
export function readBytes(path: string): Uint8Array {
  const { bytes, header } = readNpy(path, '|u1')
  return npyData(bytes, header, 1)
}

/** The bytes of an .npy file: the header of the file at path, then these elements. */
export function npyLike(path: string, elements: Float32Array): Buffer {
  const { bytes, header } = readNpy(path, '<f4')
  const data = Buffer.from(elements.buffer, elements.byteOffset, elements.byteLength)
  return Buffer.concat([bytes.subarray(0, header.dataOffset), data])
}
