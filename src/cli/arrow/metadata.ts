// Reads the metadata of Arrow IPC, which are flatbuffers, without trusting them.

import { ByteBuffer } from 'flatbuffers'
import { InputError } from '../errors'

/** The most bytes of metadata that one message, or the footer, may have. A schema of 10,000 columns takes about 2 MB. */
export const mostMetadata = 1 << 24

export const cutOff = 'The file is cut off: copy or write it again'
export const damaged = 'The file is damaged: copy or write it again'

/**
 * A flatbuffer in which every read must lie within the bytes. The library reads 0 elsewhere. So a loop over a vector ends
 * with the bytes, whatever length the vector claims.
 */
export class Metadata extends ByteBuffer {
  private readonly view: DataView

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

  override __vector_len(at: number): number {
    const length = super.__vector_len(at)
    if (length < 0) throw this.outside()
    return length
  }

  // Every string that is read here is text, not bytes.
  override __string(at: number): string {
    const start = at + this.readInt32(at)
    const end = start + 4 + this.readInt32(start)
    if (end < start + 4 || end > this.capacity()) throw this.outside()
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
