// The order in which the command writes, syncs, closes and renames files. Windows cannot replace an open file.

import { readdirSync, readlinkSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
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

// Windows refuses to rename over a file that a program has open.
const renames = vi.hoisted(() => ({ refused: '', refusals: 0, calls: 0 }))

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  const rename: typeof real.rename = (from, to) => {
    openAtRename.push(openFiles())
    disk.events.push('renamed')
    if (renames.calls++ < renames.refusals)
      return Promise.reject(Object.assign(new Error('refused'), { code: renames.refused }))
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

// Makes writes wait, and records when they end, and when descriptors are synced and closed.
const disk = vi.hoisted(() => ({
  waitsFor: Promise.resolve(),
  events: [] as string[],
  failsToSync: false,
}))

vi.mock('../src/files/descriptors', async (original) => {
  const real = await original<typeof import('../src/files/descriptors')>()
  return {
    ...real,
    async writeAll(fd: number, bytes: Uint8Array) {
      await disk.waitsFor
      disk.events.push('written')
      return real.writeAll(fd, bytes)
    },
    async syncFile(fd: number) {
      disk.events.push('synced')
      if (disk.failsToSync) throw Object.assign(new Error('i/o error'), { code: 'EIO' })
      return real.syncFile(fd)
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
  if (!onLinux) return []
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
  Object.assign(renames, { refused: '', refusals: 0, calls: 0 })
  disk.waitsFor = Promise.resolve()
  disk.events = []
  disk.failsToSync = false
  openAtRename.length = 0
})

test('a result is synced before it replaces a file, and not where there is none', async () => {
  write('x.f32')
  await runHere(['apply', 'x.f32', '-o', 'y.f32', '-q'])
  const steps = () => disk.events.filter((event) => event !== 'closed')
  expect(steps()).toEqual(['written', 'written', 'renamed'])
  for (const replacing of [['-o', 'y.f32'], ['-o', 'x.f32'], ['--in-place']]) {
    disk.events = []
    expect(await runHere(['apply', 'x.f32', '-q', ...replacing])).toMatchObject({ code: 0 })
    expect(steps()).toEqual(['written', 'written', 'synced', 'renamed'])
  }
})

test('a disk that fails to sync: the file stays as it was', async () => {
  write('x.f32')
  disk.failsToSync = true
  const { code, stderr } = await runHere(['apply', 'x.f32', '--in-place', '-q'])
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'softplus: cannot write x.f32: EIO, i/o error\n',
  })
  expect(read('x.f32')).toEqual(xBytes)
  expect(names()).toEqual(['x.f32'])
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

describe('renaming over a file that a program has open', () => {
  const renameOn = (platform: string, refused: string, refusals: number) => {
    write('x.f32')
    write('y.f32')
    Object.assign(renames, { refused, refusals })
    const here = Object.getOwnPropertyDescriptor(process, 'platform')
    Object.defineProperty(process, 'platform', { ...here, value: platform })
    onTestFinished(() => {
      Object.defineProperty(process, 'platform', { ...here })
    })
    return runHere(['apply', 'x.f32', '-o', 'y.f32', '-q'])
  }

  test.each(['EPERM', 'EACCES', 'EBUSY'])(
    'on Windows, %s for a moment: no failure',
    async (code) => {
      expect(await renameOn('win32', code, 3)).toMatchObject({ code: 0, stderr: '' })
      expect(renames.calls).toBe(4)
      expect(read('y.f32').equals(yBytes)).toBe(true)
      expect(names()).toEqual(['x.f32', 'y.f32'])
    },
  )

  test('on Windows, for good: the output stays as it was, and the message says why', async () => {
    const { code, stderr } = await renameOn('win32', 'EPERM', Number.POSITIVE_INFINITY)
    expect(stderr).toMatch(/cannot write y\.f32: EPERM, .*another program has it open/)
    expect(code).toBe(1)
    expect(read('y.f32').equals(xBytes)).toBe(true)
    expect(names()).toEqual(['x.f32', 'y.f32'])
  })

  test.each([
    ['win32', 'ENOSPC'],
    ['linux', 'EPERM'],
  ])('on %s, %s: a failure at once', async (platform, code) => {
    const { code: exitCode, stderr } = await renameOn(platform, code, 1)
    expect(stderr).toMatch(code)
    expect(exitCode).toBe(1)
    expect(renames.calls).toBe(1)
    expect(names()).toEqual(['x.f32', 'y.f32'])
  })
})
