// The order in which the command writes, closes and renames files. Windows cannot replace an open file.

import { readdirSync, readlinkSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { openOutput } from '../src/cli/io/output'
import {
  at,
  names,
  onLinux,
  onWindows,
  read,
  runHere,
  useFolder,
  write,
  xBytes,
  yBytes,
} from './command'

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

// Makes writes wait, and records when they end and when descriptors are closed.
const disk = vi.hoisted(() => ({
  waitsFor: Promise.resolve(),
  events: [] as string[],
}))

vi.mock('../src/cli/io/descriptors', async (original) => {
  const real = await original<typeof import('../src/cli/io/descriptors')>()
  return {
    ...real,
    async writeAll(fd: number, bytes: Uint8Array) {
      await disk.waitsFor
      disk.events.push('written')
      return real.writeAll(fd, bytes)
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
      // The descriptor that read the folder is closed by now.
      return []
    }
  })
}

useFolder()

afterEach(() => {
  refusal.code = undefined
  disk.waitsFor = Promise.resolve()
  disk.events = []
})

test.runIf(onLinux)(
  'neither the input nor the result is open when the result is renamed',
  async () => {
    write('x.f32')
    await runHere(['apply', 'x.f32', '--in-place', '-q'])
    await runHere(['apply', 'x.f32', '-o', 'y.f32', '-q'])
    expect(openAtRename).toHaveLength(2)
    for (const paths of openAtRename) {
      expect(paths.length).toBeGreaterThan(0)
      expect(paths.filter((path) => path.startsWith(at()))).toEqual([])
    }
  },
)

test.skipIf(onWindows).each([
  ['a file', () => at('y.f32')],
  ['a device', () => '/dev/null'],
])('%s is closed only after the write under way', async (_, path) => {
  const output = await openOutput(path())
  let release = () => {}
  disk.waitsFor = new Promise((resolve) => {
    release = resolve
  })
  const writing = output.write(xBytes)
  const discarding = output.discard()
  for (let i = 0; i < 10; i++) await setImmediate()
  expect(disk.events).toEqual([])
  release()
  await writing
  await discarding
  expect(disk.events).toEqual(['written', 'closed'])
  expect(names()).toEqual([])
})

test('a failed write is reported by itself, and the output is closed', async () => {
  const output = await openOutput(at('y.f32'))
  disk.waitsFor = Promise.reject(new Error('broken'))
  await expect(output.write(xBytes)).rejects.toThrow(/cannot write .*broken/)
  await output.discard()
  expect(disk.events).toEqual(['closed'])
  expect(names()).toEqual([])
})

test.skipIf(onWindows).each(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'])(
  'a result stays where setting its mode fails with %s',
  async (code) => {
    write('x.f32')
    refusal.code = code
    await runHere(['apply', 'x.f32', '-o', 'y.f32', '-q'])
    expect(read('y.f32').equals(yBytes)).toBe(true)
  },
)

test.skipIf(onWindows)('other failures to set the mode are failures', async () => {
  write('x.f32')
  refusal.code = 'EIO'
  const { code, stderr } = await runHere(['apply', 'x.f32', '-o', 'y.f32', '-q'])
  expect(stderr).toMatch(/EIO/)
  expect(code).toBe(1)
  expect(names()).toEqual(['x.f32'])
})
