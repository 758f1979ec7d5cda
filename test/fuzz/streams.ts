// What must hold for a stream, whatever its chunks, delays and aborts.

import { ok as assert, equal } from 'node:assert/strict'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import type { Api } from '../../src/api/api'

/** A run of a stream, as JSON. */
export interface Plan {
  bytes: number[]
  /** The lengths of the chunks, used in turn. 0 is an empty chunk. */
  sizes: number[]
  highWaterMark: number
  beta: number
  threshold: number
  /** Who aborts, and before which of its chunks. */
  end: { by: 'nobody' | 'source' | 'reader' | 'stream'; before: number }
  /** The reader's slow chunks, counted modulo 8. */
  slow: number[]
}

// Floats of every kind. Random bytes would be mostly huge or tiny floats.
const float = fc.oneof(
  fc.float(),
  fc.float({ min: -20, max: 20, noNaN: true }),
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 1e-40),
)
const bytes = fc
  .tuple(fc.array(float, { maxLength: 200 }), fc.array(fc.nat(255), { maxLength: 3 }))
  .map(([floats, tail]) => [...new Uint8Array(Float32Array.from(floats).buffer), ...tail])

export const plans: fc.Arbitrary<Plan> = fc.record({
  bytes: fc.oneof(bytes, fc.array(fc.nat(255), { maxLength: 300 })),
  sizes: fc
    .array(fc.nat(70), { minLength: 1, maxLength: 9 })
    .filter((sizes) => sizes.some((size) => size > 0)),
  highWaterMark: fc.constantFrom(0, 1, 3, 16, 1024, 65536),
  beta: fc.constantFrom(1, 2, -0.5),
  threshold: fc.constantFrom(Number.MAX_VALUE, 20, 0),
  end: fc.record({
    by: fc.constantFrom('nobody', 'nobody', 'source', 'reader', 'stream'),
    before: fc.nat(8),
  }),
  slow: fc.uniqueArray(fc.nat(7), { maxLength: 3 }),
})

const longestMilliseconds = 5000
const reason = new Error('aborted by the plan')

/** Checks everything for one run; rejects if something does not hold. */
export async function checkStream(plan: Plan, { softplus }: Api): Promise<void> {
  const { beta, threshold, highWaterMark } = plan
  const stream = softplus.stream({ beta, threshold, highWaterMark })
  const results: Buffer[] = []
  const chunks = cut(plan)
  const breaks = (who: Plan['end']['by'], i: number) => plan.end.by === who && plan.end.before === i
  const source = function* () {
    for (const [i, { chunk }] of chunks.entries()) {
      if (breaks('source', i)) throw reason
      if (breaks('stream', i)) stream.destroy(reason)
      yield chunk
    }
  }
  const reader = new Writable({
    highWaterMark: 1,
    write(result: Buffer, _encoding, callback) {
      if (breaks('reader', results.length)) return callback(reason)
      const place = results.push(result) - 1
      if (plan.slow.includes(place % 8)) setTimeout(callback, 1)
      else callback()
    },
  })
  const running = pipeline(Readable.from(source(), { highWaterMark: 1 }), stream, reader)
  const failure = await inTime(running)
  for (const { chunk, copy } of chunks) assert(chunk.equals(copy), 'a chunk was written to')
  // The results must not share memory with the chunks, whose owner may overwrite them.
  for (const { chunk } of chunks) chunk.fill(0xa5)
  checkResults(Buffer.concat(results), failure, plan, softplus)
}

/** The chunks, each at another misalignment, with copies of them. */
function cut({ bytes, sizes }: Plan): { chunk: Buffer; copy: Buffer }[] {
  const chunks: { chunk: Buffer; copy: Buffer }[] = []
  for (let at = 0; at < bytes.length; ) {
    const copy = Buffer.from(bytes.slice(at, at + sizes[chunks.length % sizes.length]))
    const chunk = Buffer.alloc(copy.length + 8).subarray(chunks.length % 4, -4)
    chunks.push({ chunk: chunk.subarray(0, copy.length), copy })
    copy.copy(chunk)
    at += copy.length
  }
  return chunks
}

async function inTime(running: Promise<void>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the stream hangs')), longestMilliseconds)
  })
  const ended = running.then(
    () => undefined,
    (error: unknown) => error,
  )
  return await Promise.race([ended, late]).finally(() => clearTimeout(timer))
}

function checkResults(
  results: Buffer,
  failure: unknown,
  { bytes, beta, threshold, end }: Plan,
  softplus: Api['softplus'],
): void {
  const whole = bytes.slice(0, bytes.length - (bytes.length % 4))
  const y = softplus(new Float32Array(Uint8Array.from(whole).buffer), { beta, threshold })
  const expected = Buffer.from(y.buffer)
  assert(
    results.equals(expected.subarray(0, results.length)),
    'the bits differ from those of the call',
  )
  if (failure === reason && end.by !== 'nobody') return
  if (bytes.length === whole.length) {
    equal(failure, undefined)
    equal(results.length, expected.length, 'bytes are missing')
  } else {
    // After an error, streams of Node drop what a slow reader has not read yet.
    equal((failure as NodeJS.ErrnoException | undefined)?.code, 'ERR_OUT_OF_RANGE')
  }
}
