// A function as a stream: bytes of little-endian float32 in, as many out.
import type { Transform as NodeTransform } from 'node:stream'
import type { Kernel } from '../backend/contract'
import { convertLittleEndian } from '../endian'
import { withCode } from '../errors'
import type { Reading, SoftplusOptions } from './activation'
import { checkOptions } from './validate'

export interface StreamOptions {
  /** As in node:stream: how many bytes wait on either side before the source is asked to pause. */
  highWaterMark?: number
}

/** What is known of a stream without @types/node. */
export interface ByteTransform extends AsyncIterable<Uint8Array> {
  write(chunk: Uint8Array): boolean
  end(chunk?: Uint8Array): unknown
  destroy(error?: Error): unknown
}

/**
 * node:stream's Transform. Where @types/node is not installed its import gives any, since tsup.config.ts has
 * the compiler ignore that.
 */
export type Transform = [unknown] extends [NodeTransform] ? ByteTransform : NodeTransform

/** node:stream's Transform, asked for when the first stream is made. */
export type LoadTransform = () => typeof NodeTransform

export function createStream(
  kernel: Kernel,
  { read, names, refused }: Reading<number[]>,
  loadTransform: LoadTransform,
): (options?: SoftplusOptions & StreamOptions) => Transform {
  const taken = [...names, 'highWaterMark']
  return (options = {}) => {
    checkOptions(options, taken, refused)
    const scaling = read(options)
    const { highWaterMark } = options
    // The first bytes of a float whose last are in the next chunk.
    let rest = Buffer.alloc(0)
    const take = (chunk: Buffer): Buffer | undefined => {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const whole = bytes.length - (bytes.length % 4)
      rest = Buffer.from(bytes.subarray(whole))
      return whole === 0 ? undefined : resultsOf(bytes.subarray(0, whole), kernel, scaling)
    }
    return new (loadTransform())({
      highWaterMark,
      transform(chunk: Buffer, _encoding, callback) {
        let results: Buffer | undefined
        try {
          results = take(chunk)
        } catch (error) {
          // A chunk may be larger than the memory left. Thrown from here, that would end the process.
          return callback(error as Error)
        }
        callback(null, results)
      },
      flush(callback) {
        callback(rest.length === 0 ? null : endedInsideFloat(rest.length))
      },
    })
  }
}

// The chunk is its owner's, and may begin at any byte: the results have memory of their own.
function resultsOf(bytes: Buffer, kernel: Kernel, scaling: number[]): Buffer {
  const floats = new Float32Array(bytes.length / 4)
  const results = Buffer.from(floats.buffer)
  bytes.copy(results)
  convertLittleEndian(results)
  kernel(floats, floats, ...scaling)
  convertLittleEndian(results)
  return results
}

const endedInsideFloat = (left: number): Error =>
  withCode(
    new RangeError(
      `The stream must end after a whole float32 (4 bytes); got ${left} ${left === 1 ? 'byte' : 'bytes'} left over`,
    ),
    'ERR_OUT_OF_RANGE',
  )
