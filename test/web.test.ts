// What the package gives where Node's modules are missing: streams of the Web's kind, and turns of the event loop.
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createApi } from '../src/api/api'
import { web } from '../src/backend/web'
import type { Softplus, SoftplusOptions, StreamOptions, WebTransform } from '../src/types'
import { backends } from './backends'
import { expectSame } from './floats'

const bytesOf = (x: Float32Array) => new Uint8Array(x.buffer, x.byteOffset, x.byteLength)

/** Sends chunks through a stream, and returns all bytes that come out. */
async function through(stream: TransformStream, chunks: Iterable<unknown>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const source = new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
  for await (const part of source.pipeThrough(stream)) parts.push(part)
  return new Uint8Array(Buffer.concat(parts))
}

describe.each(backends)('$name, a TransformStream', ({ kernels, api }) => {
  const softplus = createApi(kernels, web).softplus as unknown as Softplus<WebTransform>
  const x = Float32Array.from({ length: 5_003 }, (_, i) => Math.sin(i) * (i % 7 ? 9 : 120))
  const given = x.slice()

  test.each<SoftplusOptions & StreamOptions>([
    {},
    { beta: -2, threshold: 1 },
    { highWaterMark: 64 },
  ])('has the bits of the call, %o', async ({ highWaterMark, ...options }) => {
    const want = api.softplus(x, options)
    for (const size of [7, 4096, 10_001, x.byteLength]) {
      const bytes = bytesOf(x)
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      )
      const stream = softplus.stream({ ...options, highWaterMark })
      const got = await through(stream, chunks)
      expectSame(new Float32Array(got.buffer), want, `chunks of ${size} bytes`)
    }
    expectSame(x, given, 'x')
  })

  test('takes ArrayBuffers and every view', async () => {
    const floats = Float32Array.of(-1, 0, 1)
    const chunks = [floats, floats.buffer.slice(0), new DataView(floats.buffer, 4, 4)]
    const got = new Float32Array((await through(softplus.stream(), chunks)).buffer)
    expect([...got]).toEqual([...api.softplus(Float32Array.of(-1, 0, 1, -1, 0, 1, 0))])
  })

  test('fails for other chunks, and for bytes left over', async () => {
    for (const highWaterMark of [undefined, 64])
      await expect(through(softplus.stream({ highWaterMark }), ['text'])).rejects.toMatchObject({
        code: 'ERR_INVALID_ARG_TYPE',
        message:
          'chunk must be a Uint8Array, another view or an ArrayBuffer; got the string "text"',
      })
    await expect(through(softplus.stream(), [new Uint8Array(6)])).rejects.toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
      message: 'The stream must end after a whole float32 (4 bytes); got 2 bytes left over',
    })
  })
})

describe('later', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
    vi.resetModules()
  })

  const order = async (): Promise<string[]> => {
    const { later } = await import('../src/later')
    const seen: string[] = []
    await new Promise<void>((resolve) => {
      later(() => {
        seen.push('first')
        later(() => {
          seen.push('third')
          resolve()
        })
      })
      later(() => seen.push('second'))
      Promise.resolve().then(() => seen.push('microtask'))
      seen.push('now')
    })
    return seen
  }
  const inOrder = ['now', 'microtask', 'first', 'second', 'third']

  test('runs in order, after what waits already', async () => {
    expect(await order()).toEqual(inOrder)
  })

  test('takes messages without setImmediate, and timers without both', async () => {
    vi.stubGlobal('setImmediate', undefined)
    const timeout = vi.spyOn(globalThis, 'setTimeout')
    // Browsers' way: no timer, whose nested calls they hold back.
    expect(await order()).toEqual(inOrder)
    expect(timeout).not.toHaveBeenCalled()
    vi.resetModules()
    vi.stubGlobal('MessageChannel', undefined)
    expect(await order()).toEqual(inOrder)
    expect(timeout).toHaveBeenCalled()
  })
})
