// Makes streams: bytes of little-endian float32 in, as many bytes of results out.

import type { Kernel, Kernels, Platform, Scaling } from '../backend/contract'
import { convertLittleEndian } from '../endian'
import { withCode } from '../errors'
import { type FunctionName, functions } from '../math/functions'
import type { SoftplusOptions, StreamOptions, Transform } from '../types'
import { scalingReaderOf, streamNames } from './options'

export function createStream(
  kernels: Kernels,
  platform: Platform,
  name: FunctionName,
): (options?: SoftplusOptions & StreamOptions) => Transform {
  const kernel = kernels[name]
  const readScaling = scalingReaderOf(functions[name])
  const publicName = `${functions[name].publicName}.stream`
  return {
    [publicName]: (options?: SoftplusOptions & StreamOptions) => {
      const scaling = readScaling(options, streamNames)
      const highWaterMark = options?.highWaterMark
      // The first bytes of a float whose last bytes are in the next chunk.
      let rest = Buffer.alloc(0)
      const take = (chunk: Buffer): Buffer | undefined => {
        const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
        const whole = bytes.length - (bytes.length % 4)
        rest = Buffer.from(bytes.subarray(whole))
        return whole === 0 ? undefined : resultsOf(bytes.subarray(0, whole), kernel, scaling)
      }
      return new (platform.loadTransform())({
        highWaterMark,
        transform(chunk: Buffer, _encoding, callback) {
          let results: Buffer | undefined
          try {
            results = take(chunk)
          } catch (error) {
            // A chunk may be larger than the memory left. An exception from here would end the process.
            return callback(error as Error)
          }
          callback(null, results)
        },
        flush(callback) {
          callback(rest.length === 0 ? null : endedInsideFloat(rest.length))
        },
      })
    },
  }[publicName]
}

// The chunk belongs to its owner, and may begin at any byte. So the results have memory of their own.
function resultsOf(bytes: Buffer, kernel: Kernel, scaling: Scaling): Buffer {
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
