// Temporary files that runs left behind: which machine and which of its boots they are from, and which of them go.

import { spawnSync } from 'node:child_process'
import {
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const ids = vi.hoisted((): Record<string, string | undefined> => ({}))

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>()
  const readFileSync = ((path: string, ...rest: [never]) =>
    ids[path] ?? real.readFileSync(path, ...rest)) as typeof real.readFileSync
  return { ...real, readFileSync }
})

let folder: string

beforeEach(() => {
  folder = mkdtempSync(`${tmpdir()}/softplus-left-over-`)
})

afterEach(() => {
  vi.resetModules()
  rmSync(folder, { recursive: true })
})

interface Host {
  machine?: string
  boot: string
}

/** The command's module as it would be loaded there. */
async function on({ machine = '5f2c\n', boot }: Host) {
  ids['/etc/machine-id'] = machine
  ids['/proc/sys/kernel/random/boot_id'] = boot
  vi.resetModules()
  return import('../src/cli/temporary')
}

const { pid: deadPid } = spawnSync(process.execPath, ['--version'])

/** Has a run there leave a file that it wrote to last at this time, and die. */
async function leave(host: Host, writtenAt = Date.now()): Promise<string> {
  const { temporaryPath } = await on(host)
  const path = temporaryPath(folder).replace(`-${process.pid}-`, `-${deadPid}-`)
  writeFileSync(path, '')
  utimesSync(path, writtenAt / 1000, writtenAt / 1000)
  return path
}

async function isSweptOn(host: Host): Promise<boolean> {
  const { sweep } = await on(host)
  await sweep(folder)
  return readdirSync(folder).length === 0
}

// Before every machine that runs this was started.
const longAgo = Date.UTC(2000)

test('of this boot: goes', async () => {
  await leave({ boot: 'one' })
  expect(await isSweptOn({ boot: 'one' })).toBe(true)
})

test('of another boot, written to since this machine started: another host of this name may be at it', async () => {
  await leave({ boot: 'one' })
  expect(await isSweptOn({ boot: 'two' })).toBe(false)
})

test('of an earlier boot of this machine: goes', async () => {
  await leave({ boot: 'one' }, longAgo)
  expect(await isSweptOn({ boot: 'two' })).toBe(true)
})

test('of another machine of this name: stays', async () => {
  await leave({ machine: 'a77e\n', boot: 'one' }, longAgo)
  expect(await isSweptOn({ boot: 'one' })).toBe(false)
  expect(await isSweptOn({ boot: 'two' })).toBe(false)
})

test('of another boot, where machines have no id: stays', async () => {
  await leave({ machine: '\n', boot: 'one' }, longAgo)
  expect(await isSweptOn({ machine: '\n', boot: 'two' })).toBe(false)
  expect(await isSweptOn({ machine: '\n', boot: 'one' })).toBe(true)
})

test('of another boot, where /etc/machine-id holds no id yet: stays', async () => {
  await leave({ machine: 'uninitialized\n', boot: 'one' }, longAgo)
  expect(await isSweptOn({ machine: 'uninitialized\n', boot: 'two' })).toBe(false)
})

test('one that cannot be looked at keeps no other from going', async () => {
  // A folder tells its names in any order: many of both kinds, one after the other.
  for (let i = 0; i < 20; i++) {
    await leave({ boot: 'one' }, longAgo)
    const link = await leave({ boot: 'one' }, longAgo)
    rmSync(link)
    symlinkSync('nothing', link)
  }
  expect(await isSweptOn({ boot: 'two' })).toBe(false)
  const left = readdirSync(folder)
  expect(left).toHaveLength(20)
  for (const name of left) expect(readlinkSync(`${folder}/${name}`)).toBe('nothing')
})

test('where the system has no boot id, the time of its start stands for it', async () => {
  await leave({ machine: '\n', boot: '' })
  expect(await isSweptOn({ machine: '\n', boot: 'one' })).toBe(false)
  expect(await isSweptOn({ machine: '\n', boot: '' })).toBe(true)
})
