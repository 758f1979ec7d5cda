// The command and streams on a big-endian CPU, which is simulated here.

import { afterEach, describe, expect, test, vi } from 'vitest'
import { convertLittleEndian } from '../src/endian'
import { softplus } from '../src/index'
import { read, runHere, samples, useFolder, write } from './command'
import { floatBytes, npyFile } from './npy-writer'

const host = vi.hoisted(() => ({ swaps: false }))

vi.mock('../src/endian', async (original) => {
  const real = await original<typeof import('../src/endian')>()
  return {
    convertLittleEndian: (bytes: Uint8Array, swaps = host.swaps) =>
      real.convertLittleEndian(bytes, swaps),
  }
})

useFolder()

afterEach(() => {
  host.swaps = false
})

const x = samples(3000)

/** The bytes as a big-endian host sees them in a Float32Array. */
const swapped = (bytes: Buffer) => Buffer.from(bytes).swap32()

describe('a host of the other byte order', () => {
  // This host's floats have the file's byte order. With every float swapped in the file, it must swap as that host does.
  test.each([['none'], ['2']])('swaps before and after, --threads %s', async (threads) => {
    host.swaps = true
    const data = swapped(floatBytes(x))
    write('x.npy', npyFile({ shape: [x.length], data }))
    const more = threads === 'none' ? [] : ['--threads', threads]
    await runHere(['apply', 'x.npy', '-o', 'y.npy', '-q', ...more])
    const result = npyFile({ shape: [x.length], data: swapped(floatBytes(softplus(x))) })
    expect(read('y.npy').equals(result)).toBe(true)
  })

  test('streams swap before and after, too', async () => {
    host.swaps = true
    const stream = softplus.stream()
    stream.end(swapped(floatBytes(x)))
    const results = Buffer.concat(await stream.toArray())
    expect(results.equals(swapped(floatBytes(softplus(x))))).toBe(true)
  })

  test('reverses the bytes of each float, and touches no others', () => {
    const memory = Uint8Array.from({ length: 14 }, (_, i) => i)
    const bytes = memory.subarray(3, 11)
    convertLittleEndian(bytes, false)
    expect([...memory]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
    convertLittleEndian(bytes, true)
    expect([...memory]).toEqual([0, 1, 2, 6, 5, 4, 3, 10, 9, 8, 7, 11, 12, 13])
  })
})
