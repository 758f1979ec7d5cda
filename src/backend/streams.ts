// Streams that pass bytes through a converter: Node's kind and the Web's. Imports neither.

import type { Transform } from 'node:stream'
import { invalidType } from '../errors'
import type { Converter } from './contract'

type BufferSource = ArrayBufferView | ArrayBuffer

export const createNodeStream = (
  NodeTransform: typeof Transform,
  converter: Converter,
  highWaterMark: number | undefined,
): Transform =>
  new NodeTransform({
    highWaterMark,
    transform(chunk: Buffer, _encoding, callback) {
      let results: Buffer | undefined
      try {
        const bytes = converter.convert(chunk)
        results = bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      } catch (error) {
        // A chunk may be larger than the memory left. An exception from here would end the process.
        return callback(error as Error)
      }
      callback(null, results)
    },
    flush(callback) {
      try {
        converter.end()
      } catch (error) {
        return callback(error as Error)
      }
      callback()
    },
  })

export function createWebStream(
  converter: Converter,
  highWaterMark: number | undefined,
): TransformStream<BufferSource, Uint8Array> {
  // Whatever else a chunk is, transform() refuses it.
  const size = (chunk: BufferSource | undefined) => chunk?.byteLength ?? 1
  const strategy = highWaterMark === undefined ? undefined : { highWaterMark, size }
  return new TransformStream<BufferSource, Uint8Array>(
    {
      transform(chunk, controller) {
        const results = converter.convert(bytesOf(chunk))
        if (results !== undefined) controller.enqueue(results)
      },
      flush: () => converter.end(),
    },
    strategy,
    strategy,
  )
}

function bytesOf(chunk: BufferSource): Uint8Array {
  if (ArrayBuffer.isView(chunk))
    return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  if (Object.prototype.toString.call(chunk) === '[object ArrayBuffer]') return new Uint8Array(chunk)
  throw invalidType('chunk', 'a Uint8Array, another view or an ArrayBuffer', chunk)
}
