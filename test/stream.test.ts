// activation.stream: the bits of the call, however the bytes are cut up, and as streams of Node behave.
import { deepEqual } from 'node:assert/strict'
import { Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backends } from './backends'
import { floats } from './floats'
import { floatBytes } from './npy-writer'

// Chunks at any misalignment.
function* cut(bytes: Buffer, sizes: number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.min(sizes[i % sizes.length], bytes.length - at)
    const chunk = Buffer.alloc(size + 3).subarray(i % 4, (i % 4) + size)
    bytes.copy(chunk, 0, at, at + size)
    at += size
    yield chunk
  }
}

const collect = async (stream: AsyncIterable<Uint8Array>) => {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe.each(backends)('$name', ({ api: { softplus, relu } }) => {
  test.each([{}, { threshold: 3 }, { beta: 2 }])('any chunks, %o', async (options) => {
    const sizes = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 9 })
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 300 }), sizes, async (length, chunks) => {
        const x = floats(length)
        const stream = Readable.from(cut(floatBytes(x), chunks)).pipe(softplus.stream(options))
        deepEqual(await collect(stream), floatBytes(softplus(x, options)))
      }),
      { numRuns: 50 },
    )
  })

  test.each([
    ['derivative', softplus.derivative],
    ['secondDerivative', softplus.secondDerivative],
    ['inverse', softplus.inverse],
    ['relu', relu],
    ['reluDerivative', relu.derivative],
  ])('%s', async (_, f) => {
    const x = floats(1000)
    const stream = Readable.from(cut(floatBytes(x), [7, 1000, 64])).pipe(f.stream())
    deepEqual(await collect(stream), floatBytes(f(x)))
  })

  test('keeps nothing of a chunk that its owner writes over afterwards', async () => {
    const x = floats(1000)
    const stream = softplus.stream()
    const results = collect(stream)
    for (const chunk of cut(floatBytes(x), [7, 1000, 61])) {
      await new Promise((taken) => stream.write(chunk, taken))
      chunk.fill(0xff)
    }
    stream.end()
    deepEqual(await results, floatBytes(softplus(x)))
  })

  test('leaves its chunks as they are', async () => {
    const chunk = floatBytes(floats(100))
    const before = Buffer.from(chunk)
    await collect(Readable.from([chunk]).pipe(softplus.stream()))
    expect(chunk).toEqual(before)
  })

  test.each([1, 2, 3, 5])('%i bytes are no float32', async (length) => {
    const left = length % 4
    await expect(
      pipeline(Readable.from([Buffer.alloc(length)]), softplus.stream(), collect),
    ).rejects.toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
      message: expect.stringContaining(`got ${left} byte${left === 1 ? '' : 's'} left over`),
    })
  })

  test('asks its source to wait', async () => {
    const stream = softplus.stream({ highWaterMark: 64 })
    expect([stream.readableHighWaterMark, stream.writableHighWaterMark]).toEqual([64, 64])
    let made = 0
    const endless = new Readable({
      highWaterMark: 64,
      read() {
        made += 64
        this.push(Buffer.alloc(64))
      },
    })
    endless.pipe(stream)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(made).toBeLessThan(1024)
    endless.destroy()
    stream.destroy()
  })

  test('errors pass, and destroying ends it', async () => {
    const reason = new Error('the disk is gone')
    const failing = new Readable({
      read() {
        this.destroy(reason)
      },
    })
    await expect(pipeline(failing, softplus.stream(), collect)).rejects.toBe(reason)
    const stream = softplus.stream()
    stream.destroy()
    await expect(collect(stream)).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })
  })

  test('compose, web streams, async iterators', async () => {
    const x = floats(64)
    const want = floatBytes(softplus.derivative(softplus(x)))
    const source = () => Readable.from(cut(floatBytes(x), [10]))
    const both = source().compose(softplus.stream()).compose(softplus.derivative.stream())
    deepEqual(await collect(both), want)
    const web = Readable.toWeb(source()) as ReadableStream<Uint8Array>
    const pair = Duplex.toWeb(softplus.stream())
    const through = web.pipeThrough(pair as never) as ReadableStream<Uint8Array>
    deepEqual(await collect(through), floatBytes(softplus(x)))
  })

  test('refuses options as the call does', () => {
    expect(() => softplus.stream({ beta: 0 })).toThrow(/^beta must be/)
    expect(() => relu.stream({ beta: 2 } as never)).toThrow(/^beta must be left out/)
    expect(() => softplus.stream({ highWaterMark: -1 })).toThrow(/HighWaterMark/)
    expect(() => softplus.stream(3 as never)).toThrow(/^options must be an object/)
  })
})
