// Reads the metadata of Arrow IPC, which are flatbuffers, without trusting them.

import { ByteBuffer } from 'flatbuffers'
import { InputError } from '../errors'

export const cutOff = 'The file is cut off: copy or write it again'
export const damaged = 'The file is damaged: copy or write it again'

/**
 * A flatbuffer in which every read must lie within the bytes; the library reads 0 elsewhere. No vector has more elements than
 * the bytes have room for, and all strings together have no more bytes than there are, so that reading takes time and
 * memory in proportion to the bytes.
 */
export class Metadata extends ByteBuffer {
  private readonly view: DataView
  /** How many bytes the strings have that were read. Many tables may refer to one string. */
  private textBytes = 0

  constructor(bytes: Uint8Array) {
    super(bytes)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  override readUint8(at: number): number {
    return this.view.getUint8(this.inside(at, 1))
  }

  override readUint16(at: number): number {
    return this.view.getUint16(this.inside(at, 2), true)
  }

  override readInt32(at: number): number {
    return this.view.getInt32(this.inside(at, 4), true)
  }

  override readInt64(at: number): bigint {
    return this.view.getBigInt64(this.inside(at, 8), true)
  }

  // Every vector that is read here has elements of 4 bytes or more.
  override __vector_len(at: number): number {
    const length = super.__vector_len(at)
    if (length < 0 || length * 4 > this.capacity()) throw this.outside()
    return length
  }

  // Every string that is read here is text, not bytes.
  override __string(at: number): string {
    const start = at + this.readInt32(at)
    const end = start + 4 + this.readInt32(start)
    if (end < start + 4 || end > this.capacity()) throw this.outside()
    this.textBytes += end - start - 4
    if (this.textBytes > this.capacity())
      throw new InputError(
        `the names must have at most the ${this.capacity()} bytes of the metadata; got more. ${damaged}`,
      )
    return super.__string(at) as string
  }

  private inside(at: number, bytes: number): number {
    if (at < 0 || at + bytes > this.capacity()) throw this.outside()
    return at
  }

  private outside(): InputError {
    return new InputError(
      `the metadata must lie within their ${this.capacity()} bytes; got an offset or a length that leads out. ${damaged}`,
    )
  }
}

/** A length or an offset: the integer, which must be from 0 to 2^53 - 1. */
export function readSize(name: string, value: bigint): number {
  if (value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value)
  throw new InputError(`${name} must be from 0 to 2^53 - 1; got ${value}. ${damaged}`)
}
