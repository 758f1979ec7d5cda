// The command and streams on big-endian CPUs, which are not at hand.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { dispatch } from '../src/cli/dispatch'
import { convertLittleEndian } from '../src/endian'
import { softplus } from '../src/index'
import { floatBytes, npyFile } from './npy-writer'

const host = vi.hoisted(() => ({ swaps: false }))

vi.mock('../src/endian', async (original) => {
  const real = await original<typeof import('../src/endian')>()
  return {
    convertLittleEndian: (bytes: Uint8Array, swaps = host.swaps) =>
      real.convertLittleEndian(bytes, swaps),
  }
})

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'softplus-bytes-'))
})

afterEach(() => {
  host.swaps = false
  rmSync(folder, { recursive: true })
})

const at = (name: string) => join(folder, name)
const x = Float32Array.from({ length: 3000 }, (_, i) => Math.sin(i) * 20)

/** What a big-endian host's Float32Array would hold of these bytes. */
const swapped = (bytes: Buffer) => Buffer.from(bytes).swap32()

describe('a host of the other byte order', () => {
  // This one takes bytes for floats as they are; with each swapped it sees what that host would see without swaps.
  test.each([['none'], ['2']])('swaps before and after, --threads %s', async (threads) => {
    host.swaps = true
    const data = swapped(floatBytes(x))
    writeFileSync(at('x.npy'), npyFile({ shape: [x.length], data }))
    const more = threads === 'none' ? [] : ['--threads', threads]
    await dispatch(['apply', at('x.npy'), '-o', at('y.npy'), '-q', ...more])
    const result = npyFile({ shape: [x.length], data: swapped(floatBytes(softplus(x))) })
    expect(readFileSync(at('y.npy')).equals(result)).toBe(true)
  })

  test('streams do, too', async () => {
    host.swaps = true
    const stream = softplus.stream()
    stream.end(swapped(floatBytes(x)))
    const results = Buffer.concat(await stream.toArray())
    expect(results.equals(swapped(floatBytes(softplus(x))))).toBe(true)
  })

  test('the bytes of each float change places, and no others', () => {
    const memory = Uint8Array.from({ length: 14 }, (_, i) => i)
    const bytes = memory.subarray(3, 11)
    convertLittleEndian(bytes, false)
    expect([...memory]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
    convertLittleEndian(bytes, true)
    expect([...memory]).toEqual([0, 1, 2, 6, 5, 4, 3, 10, 9, 8, 7, 11, 12, 13])
  })
})
