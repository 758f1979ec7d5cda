// Activates float32 values where they are in the bytes of a file.

import { convertLittleEndian } from '../endian'
import type { Activation, SoftplusOptions } from '../types'

/**
 * How many bytes of a file are activated at once: so many that the calls per piece, and the garbage they leave, cost next to
 * nothing.
 */
export const pieceBytes = 1 << 22

/** What is done to the values. */
export interface Work {
  activation: Activation<SoftplusOptions>
  options: SoftplusOptions
  /** How many worker threads compute; absent: the main thread computes. */
  threads?: number
}

/** The bytes must be whole values, and begin at a multiple of 4 of their memory. */
export function activateBytes(bytes: Uint8Array, { activation, options }: Work): void {
  convertLittleEndian(bytes)
  activation.inPlace(floatsOf(bytes), options)
  convertLittleEndian(bytes)
}

// A job takes some microseconds to start. The main thread computes fewer elements in that time.
const fewestForThreads = 1 << 14

/** The same in threads, where there are any. Then the memory must be shared: a job would take an ArrayBuffer away. */
export async function activateBytesAsync(bytes: Uint8Array, work: Work): Promise<void> {
  const { activation, options, threads } = work
  const x = floatsOf(bytes)
  if (threads === undefined || x.length < fewestForThreads) return activateBytes(bytes, work)
  convertLittleEndian(bytes)
  await activation.async(x, { ...options, threads, transfer: true })
  convertLittleEndian(bytes)
}

/** Memory for pieces of a file that can be activated in these threads. */
export function memoryFor(bytes: number, threads: number | undefined): Uint8Array {
  return new Uint8Array(new (threads === undefined ? ArrayBuffer : SharedArrayBuffer)(bytes))
}

const floatsOf = ({ buffer, byteOffset, length }: Uint8Array) =>
  new Float32Array(buffer, byteOffset, length / Float32Array.BYTES_PER_ELEMENT)
