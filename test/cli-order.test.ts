// The command on hosts that are not at hand: Windows, which replaces no file that is open, and big-endian CPUs.

import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { dispatch } from '../src/cli/dispatch'
import { convertLittleEndian } from '../src/endian'
import { softplus } from '../src/index'
import { floatBytes, npyFile } from './npy-writer'

const openAtRename = vi.hoisted((): string[][] => [])
const host = vi.hoisted(() => ({ swaps: false }))

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  const rename: typeof real.rename = (from, to) => {
    openAtRename.push(openFiles())
    return real.rename(from, to)
  }
  return { ...real, rename }
})

vi.mock('../src/endian', async (original) => {
  const real = await original<typeof import('../src/endian')>()
  return {
    convertLittleEndian: (bytes: Uint8Array, swaps = host.swaps) =>
      real.convertLittleEndian(bytes, swaps),
  }
})

function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)]
    } catch {
      // The one that the folder was read by.
      return []
    }
  })
}

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'softplus-order-'))
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})

afterEach(() => {
  vi.restoreAllMocks()
  host.swaps = false
  rmSync(folder, { recursive: true })
})

const at = (name: string) => join(folder, name)
const x = Float32Array.from({ length: 3000 }, (_, i) => Math.sin(i) * 20)

/** What a big-endian host's Float32Array would hold of these bytes. */
const swapped = (bytes: Buffer) => Buffer.from(bytes).swap32()

test.runIf(process.platform === 'linux')(
  'neither the input nor the result is open when the result is renamed',
  async () => {
    writeFileSync(at('x.f32'), floatBytes(x))
    await dispatch(['apply', at('x.f32'), '--in-place', '-q'])
    await dispatch(['apply', at('x.f32'), '-o', at('y.f32'), '-q'])
    expect(openAtRename).toHaveLength(2)
    for (const paths of openAtRename) {
      expect(paths.length).toBeGreaterThan(0)
      expect(paths.filter((path) => path.startsWith(folder))).toEqual([])
    }
  },
)

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
