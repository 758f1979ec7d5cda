// Which temporary files of killed runs are removed: it depends on the machine and the boot they are from.

import { spawnSync } from 'node:child_process'
import { readlinkSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { at, names, useFolder } from './command'

const ids = vi.hoisted((): Record<string, string | undefined> => ({}))

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>()
  const readFileSync = ((path: string, ...rest: [never]) =>
    ids[path] ?? real.readFileSync(path, ...rest)) as typeof real.readFileSync
  return { ...real, readFileSync }
})

useFolder()

afterEach(() => {
  vi.resetModules()
})

interface Host {
  machine?: string
  boot: string
}

/** Loads the command's module as on that host. */
async function on({ machine = '5f2c\n', boot }: Host) {
  ids['/etc/machine-id'] = machine
  ids['/proc/sys/kernel/random/boot_id'] = boot
  vi.resetModules()
  return import('../src/cli/io/temporary')
}

const { pid: deadPid } = spawnSync(process.execPath, ['--version'])

/** Creates a file as a run on that host would leave it, last written at this time, if it was killed. */
async function leave(host: Host, writtenAt = Date.now()): Promise<string> {
  const { temporaryPath } = await on(host)
  const path = temporaryPath(at()).replace(`-${process.pid}-`, `-${deadPid}-`)
  writeFileSync(path, '')
  utimesSync(path, writtenAt / 1000, writtenAt / 1000)
  return path
}

async function isSweptOn(host: Host): Promise<boolean> {
  const { sweep } = await on(host)
  await sweep(at())
  return names().length === 0
}

// Before this machine was started.
const longAgo = Date.UTC(2000)

test('from this boot: removed', async () => {
  await leave({ boot: 'one' })
  expect(await isSweptOn({ boot: 'one' })).toBe(true)
})

test('from another boot, written to since this machine started: kept, as another host of this name may be writing it', async () => {
  await leave({ boot: 'one' })
  expect(await isSweptOn({ boot: 'two' })).toBe(false)
})

test('from an earlier boot of this machine: removed', async () => {
  await leave({ boot: 'one' }, longAgo)
  expect(await isSweptOn({ boot: 'two' })).toBe(true)
})

test('from another machine of this name: kept', async () => {
  await leave({ machine: 'a77e\n', boot: 'one' }, longAgo)
  expect(await isSweptOn({ boot: 'one' })).toBe(false)
  expect(await isSweptOn({ boot: 'two' })).toBe(false)
})

test('from another boot, where machines have no id: kept', async () => {
  await leave({ machine: '\n', boot: 'one' }, longAgo)
  expect(await isSweptOn({ machine: '\n', boot: 'two' })).toBe(false)
  expect(await isSweptOn({ machine: '\n', boot: 'one' })).toBe(true)
})

test('from another boot, where /etc/machine-id holds no id yet: kept', async () => {
  await leave({ machine: 'uninitialized\n', boot: 'one' }, longAgo)
  expect(await isSweptOn({ machine: 'uninitialized\n', boot: 'two' })).toBe(false)
})

test('a file that cannot be looked at does not keep others from being removed', async () => {
  // A folder lists its names in any order, so there are many of both kinds.
  for (let i = 0; i < 20; i++) {
    await leave({ boot: 'one' }, longAgo)
    const link = await leave({ boot: 'one' }, longAgo)
    rmSync(link)
    symlinkSync('nothing', link)
  }
  expect(await isSweptOn({ boot: 'two' })).toBe(false)
  const left = names()
  expect(left).toHaveLength(20)
  for (const name of left) expect(readlinkSync(at(name))).toBe('nothing')
})

test('where the system has no boot id, the time when it started replaces it', async () => {
  await leave({ machine: '\n', boot: '' })
  expect(await isSweptOn({ machine: '\n', boot: 'one' })).toBe(false)
  expect(await isSweptOn({ machine: '\n', boot: '' })).toBe(true)
})
