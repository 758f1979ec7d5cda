// The order in which the command writes, closes and renames files. Windows replaces no file that is open.

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
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { dispatch } from '../src/cli/dispatch'
import { openOutput } from '../src/cli/output'
import { softplus } from '../src/index'
import { floatBytes } from './npy-writer'

const openAtRename = vi.hoisted((): string[][] => [])

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  const rename: typeof real.rename = (from, to) => {
    openAtRename.push(openFiles())
    return real.rename(from, to)
  }
  return { ...real, rename }
})

// A file system that has no modes refuses to set them.
const refusal = vi.hoisted((): { code?: string } => ({}))

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>()
  const fchmodSync: typeof real.fchmodSync = (fd, mode) => {
    if (refusal.code) throw Object.assign(new Error('no modes'), { code: refusal.code })
    real.fchmodSync(fd, mode)
  }
  return { ...real, fchmodSync }
})

// Writes that wait, and when descriptors are closed.
const disk = vi.hoisted(() => ({
  waitsFor: Promise.resolve(),
  events: [] as string[],
}))

vi.mock('../src/cli/descriptors', async (original) => {
  const real = await original<typeof import('../src/cli/descriptors')>()
  return {
    ...real,
    async writeTo(fd: number, part: Uint8Array) {
      await disk.waitsFor
      disk.events.push('written')
      return real.writeTo(fd, part)
    },
    closerOf(fd: number) {
      const close = real.closerOf(fd)
      return () => {
        disk.events.push('closed')
        return close()
      }
    },
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
  refusal.code = undefined
  disk.waitsFor = Promise.resolve()
  disk.events = []
  rmSync(folder, { recursive: true })
})

const at = (name: string) => join(folder, name)
const x = Float32Array.from({ length: 3000 }, (_, i) => Math.sin(i) * 20)

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

test.skipIf(process.platform === 'win32').each([
  ['a file', () => at('y.f32')],
  ['a device', () => '/dev/null'],
])('%s is closed only after the write under way', async (_, path) => {
  const output = await openOutput(path())
  let release = () => {}
  disk.waitsFor = new Promise((resolve) => {
    release = resolve
  })
  const writing = output.write(floatBytes(x))
  const discarding = output.discard()
  for (let i = 0; i < 10; i++) await setImmediate()
  expect(disk.events).toEqual([])
  release()
  await writing
  await discarding
  expect(disk.events).toEqual(['written', 'closed'])
  expect(readdirSync(folder)).toEqual([])
})

test('a failed write is reported by itself, and the output is closed', async () => {
  const output = await openOutput(at('y.f32'))
  disk.waitsFor = Promise.reject(new Error('broken'))
  await expect(output.write(floatBytes(x))).rejects.toThrow(/cannot write .*broken/)
  await output.discard()
  expect(disk.events).toEqual(['closed'])
  expect(readdirSync(folder)).toEqual([])
})

test.skipIf(process.platform === 'win32').each(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'])(
  'a result stays where setting its mode fails with %s',
  async (code) => {
    writeFileSync(at('x.f32'), floatBytes(x))
    refusal.code = code
    await dispatch(['apply', at('x.f32'), '-o', at('y.f32'), '-q'])
    expect(readFileSync(at('y.f32')).equals(floatBytes(softplus(x)))).toBe(true)
  },
)

test.skipIf(process.platform === 'win32')(
  'other failures to set the mode are failures',
  async () => {
    writeFileSync(at('x.f32'), floatBytes(x))
    refusal.code = 'EIO'
    await expect(dispatch(['apply', at('x.f32'), '-o', at('y.f32'), '-q'])).rejects.toThrow(/EIO/)
    expect(readdirSync(folder)).toEqual(['x.f32'])
  },
)
