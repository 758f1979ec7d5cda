// Makes streams: bytes of little-endian float32 in, as many bytes of results out.

import type { Converter, Kernel, Kernels, Platform, Scaling } from '../backend/contract'
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
      return platform.createStream(createConverter(kernel, scaling), options?.highWaterMark)
    },
  }[publicName]
}

// A chunk belongs to its owner, and may begin and end inside a float. So the results have memory of their own.
function createConverter(kernel: Kernel, scaling: Scaling): Converter {
  // The first bytes of a float whose last bytes are in the next chunk.
  let rest = new Uint8Array(0)
  return {
    convert(chunk) {
      const length = rest.length + chunk.length
      const whole = length - (length % 4)
      if (whole === 0) {
        rest = joined(rest, chunk, length)
        return undefined
      }
      const results = joined(rest, chunk, whole)
      // Not by slice(), which shares memory if the chunk is a Buffer.
      rest = new Uint8Array(chunk.subarray(chunk.length - (length % 4)))
      convertLittleEndian(results)
      const floats = new Float32Array(results.buffer)
      kernel(floats, floats, ...scaling)
      convertLittleEndian(results)
      return results
    },
    end() {
      if (rest.length > 0) throw endedInsideFloat(rest.length)
    },
  }
}

/** The first `length` bytes of the two after each other, in new memory. */
function joined(first: Uint8Array, second: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  bytes.set(first)
  bytes.set(second.subarray(0, length - first.length), first.length)
  return bytes
}

const endedInsideFloat = (left: number): Error =>
  withCode(
    new RangeError(
      `The stream must end after a whole float32 (4 bytes); got ${left} ${left === 1 ? 'byte' : 'bytes'} left over`,
    ),
    'ERR_OUT_OF_RANGE',
  )
