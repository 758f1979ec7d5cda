// The command on full, read-only and forbidden disks, on hostile files, and under signals at any moment. It exits with the
// code that its help documents, and leaves existing files as they were.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { softplus } from '../src/index'
import {
  at,
  command,
  endOf,
  isRoot,
  makeFifo,
  names,
  onLinux,
  onWindows,
  type Result,
  read,
  resultOf,
  runHere,
  runProcess,
  runShell,
  samples,
  sizeOf,
  start,
  temporaries,
  useFolder,
  whileRunning,
  write,
} from './command'
import { corpus } from './fuzz/corpus'
import { floatBytes, npyFile } from './npy-writer'

useFolder()

const x = samples(60_000)
const xBytes = floatBytes(x)
const yBytes = floatBytes(softplus(x))

/** Runs a copy of the command as another user: the clone may be where only its owner may read. */
function runAs(uid: number | undefined, args: string[]): Result {
  if (uid === undefined) return runProcess(args)
  const copy = mkdtempSync(at('command-'))
  chmodSync(copy, 0o755)
  for (const file of ['cli.cjs', 'index.cjs', 'modules.cjs'])
    copyFileSync(join(dirname(command), file), join(copy, file))
  const env = { SOFTPLUS_BACKEND: 'js' }
  return resultOf(process.execPath, [join(copy, 'cli.cjs'), ...args], { uid, gid: uid, env })
}

/** Expects the exit code of a refusal by the system, and one line on stderr with the system's reason. */
function expectRefusal(result: Result, message: RegExp): void {
  expect(result.stderr).toMatch(message)
  expect(result.stderr).toMatch(/^softplus: [^\n]*\n$/)
  expect([result.code, result.signal]).toEqual([1, null])
}

function withOpen<T>(path: string, flags: string, use: (file: number) => T): T {
  const file = openSync(path, flags)
  try {
    return use(file)
  } finally {
    closeSync(file)
  }
}

/** Whether a test can run here. Prints why it cannot. */
function possible(what: string, reason: string | undefined): boolean {
  if (reason !== undefined) process.stderr.write(`cli-disk: not tested: ${what}: ${reason}\n`)
  return reason === undefined
}

const needs = (what: string, met: boolean, reason: string) =>
  possible(what, met ? undefined : reason)

const linuxOnly = needs('/proc, /dev/full', onLinux, 'only Linux has them')
const unixOnly = needs('FIFOs, sockets, signals', !onWindows, 'those of Windows are different')

describe('paths that lead nowhere', () => {
  beforeEach(() => write('in.f32', xBytes))

  test.each([
    ['a folder that is not there, to read', ['no/in.f32', '-o', 'out.f32'], /ENOENT/],
    ['a folder that is not there, to write', ['in.f32', '-o', 'no/out.f32'], /ENOENT/],
    ['a path under a file, to read', ['in.f32/in.f32', '-o', 'out.f32'], /ENOTDIR|ENOENT/],
    ['a path under a file, to write', ['in.f32', '-o', 'in.f32/out.f32'], /ENOTDIR|ENOENT/],
    ['a file as the folder', ['in.f32', '-o', 'in.f32/'], /ENOTDIR|ENOENT/],
    ['a name too long, to read', [`${'n'.repeat(300)}.f32`, '-o', 'o.f32'], /ENAMETOOLONG|ENOENT/],
    ['a name too long, to write', ['in.f32', '-o', `${'n'.repeat(300)}`], /ENAMETOOLONG|ENOENT/],
  ])('%s', async (_, args, message) => {
    expectRefusal(await runHere(['apply', ...args]), message)
    expect(names()).toEqual(['in.f32'])
    expect(read('in.f32').equals(xBytes)).toBe(true)
  })

  test.runIf(linuxOnly)('links in a circle, links to nothing', async () => {
    symlinkSync('loop.f32', at('loop.f32'))
    symlinkSync('nothing.f32', at('dangling.f32'))
    expectRefusal(
      await runHere(['apply', 'loop.f32', '-o', 'o.f32']),
      /cannot read loop\.f32: ELOOP/,
    )
    expectRefusal(
      runProcess(['apply', 'in.f32', '-o', 'loop.f32']),
      /cannot write loop\.f32: ELOOP/,
    )
    expectRefusal(
      runProcess(['apply', 'dangling.f32', '--in-place']),
      /cannot read dangling\.f32: ENOENT/,
    )
    expect(names()).toEqual(['dangling.f32', 'in.f32', 'loop.f32'])
  })

  test.runIf(linuxOnly)('what /proc refuses', () => {
    symlinkSync('/proc/self/mem', at('memory.f32'))
    writeFileSync(at('out.f32'), 'as it was')
    expectRefusal(
      runProcess(['apply', 'memory.f32', '-o', 'out.f32']),
      /cannot read memory\.f32: EIO/,
    )
    expectRefusal(
      runProcess(['apply', 'in.f32', '-o', '/proc/out.f32']),
      /cannot write \/proc\/out\.f32: E/,
    )
    expect(names()).toEqual(['in.f32', 'memory.f32', 'out.f32'])
    expect(read('out.f32').toString()).toBe('as it was')
  })
})

// Root may do everything, so as root the tests run the command as another user.
const uid = isRoot ? 65534 : undefined

describe.runIf(unixOnly)('what a user may not', () => {
  const aside = (name: string) => !name.startsWith('command-')

  beforeEach(() => {
    chmodSync(at(), 0o755)
    for (const name of ['mine', 'locked', 'hidden']) mkdirSync(at(name))
    chmodSync(at('mine'), 0o777)
    for (const name of ['in.f32', 'unreadable.f32', 'locked/in.f32', 'hidden/in.f32'])
      writeFileSync(at(name), xBytes)
    chmodSync(at('unreadable.f32'), 0o200)
    chmodSync(at('locked'), 0o555)
    chmodSync(at('hidden'), 0o600)
  })

  afterEach(() => {
    for (const name of ['locked', 'hidden']) chmodSync(at(name), 0o755)
  })

  test.each([
    [
      'read the file',
      ['unreadable.f32', '-o', 'mine/o.f32'],
      /cannot read unreadable\.f32: EACCES/,
    ],
    ['enter its folder', ['hidden/in.f32', '-o', 'mine/o.f32'], /read hidden\/in\.f32: EACCES/],
    ['write into the folder', ['in.f32', '-o', 'locked/o.f32'], /write locked\/o\.f32: EACCES/],
    ['enter that folder', ['in.f32', '-o', 'hidden/o.f32'], /write hidden\/o\.f32: EACCES/],
    ['replace it', ['locked/in.f32', '--in-place'], /cannot write locked\/in\.f32: EACCES/],
  ])('%s', (_, args, message) => {
    expectRefusal(runAs(uid, ['apply', ...args]), message)
    expect(names('mine')).toEqual([])
    expect(names('locked')).toEqual(['in.f32'])
    expect(read('locked/in.f32').equals(xBytes)).toBe(true)
    expect(names().filter(aside)).toEqual(['hidden', 'in.f32', 'locked', 'mine', 'unreadable.f32'])
  })

  test('a permitted write', () => {
    expect(runAs(uid, ['apply', 'in.f32', '-o', 'mine/o.f32'])).toMatchObject({ code: 0 })
    expect(read('mine/o.f32')).toHaveLength(xBytes.length)
  })

  const twoUsers = needs('a file of another user', isRoot, 'only root can make one')
  test.runIf(twoUsers)(
    "replace another's file in a sticky folder, once the result is complete",
    () => {
      writeFileSync(at('mine/in.f32'), xBytes)
      chmodSync(at('mine'), 0o1777)
      expectRefusal(
        runAs(uid, ['apply', 'mine/in.f32', '--in-place']),
        /write mine\/in\.f32: EPERM/,
      )
      expect(names('mine')).toEqual(['in.f32'])
      expect(read('mine/in.f32').equals(xBytes)).toBe(true)
    },
  )
})

/** Mounts a small file system over the folder. Returns why that is not possible. */
function mount(options: string, folder = at('disk')): string | undefined {
  mkdirSync(folder, { recursive: true })
  const args = ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]
  const { status, stderr, error } = spawnSync('mount', args)
  return status === 0 ? undefined : (error?.message ?? stderr.toString().trim())
}

function unmount(folder = at('disk')): void {
  const { status, stderr } = spawnSync('umount', [folder])
  if (status !== 0) throw new Error(stderr.toString())
}

function reasonNotToMount(): string | undefined {
  if (!isRoot) return 'only root may mount'
  const folder = mkdtempSync(join(tmpdir(), 'softplus-disk-'))
  const reason = mount('size=1m', folder)
  if (reason === undefined) unmount(folder)
  rmSync(folder, { recursive: true })
  return reason
}

describe.runIf(possible('full and read-only disks', reasonNotToMount()))('a disk of 1 MiB', () => {
  const mebibyte = Buffer.alloc(1 << 20)

  afterEach(() => unmount())

  test('full: no new file appears, and --in-place keeps the old one', () => {
    mount('size=1m')
    writeFileSync(at('large.f32'), mebibyte)
    writeFileSync(at('disk/old.f32'), mebibyte.subarray(0, 700_000))
    expectRefusal(
      runProcess(['apply', 'large.f32', '-o', 'disk/new.f32']),
      /write disk\/new\.f32: ENOSPC/,
    )
    expectRefusal(
      runProcess(['apply', 'disk/old.f32', '--in-place']),
      /write disk\/old\.f32: ENOSPC/,
    )
    expectRefusal(
      runProcess(['apply', 'large.f32', '-o', 'disk/old.f32']),
      /disk\/old\.f32: ENOSPC/,
    )
    expectRefusal(
      runProcess(['apply', '-', '-o', 'disk/new.f32'], { input: mebibyte }),
      /write disk\/new\.f32: ENOSPC/,
    )
    expect(names('disk')).toEqual(['old.f32'])
    expect(read('disk/old.f32').equals(mebibyte.subarray(0, 700_000))).toBe(true)
  })

  test('full after four of five inputs: those four are done', () => {
    mount('size=1m')
    for (const name of ['a.f32', 'b.f32', 'c.f32', 'd.f32', 'e.f32'])
      writeFileSync(at(name), xBytes)
    const inputs = names().filter((name) => name.endsWith('.f32'))
    expectRefusal(
      runProcess(['apply', '-q', ...inputs, '-o', 'disk/']),
      /cannot write disk\/e\.f32: ENOSPC/,
    )
    const done = names('disk')
    expect(done).toEqual(inputs.slice(0, 4))
    for (const name of done) expect(read(`disk/${name}`).equals(yBytes)).toBe(true)
  })

  test('without an inode for another file', () => {
    mount('size=1m,nr_inodes=2')
    writeFileSync(at('disk/old.f32'), xBytes)
    expectRefusal(
      runProcess(['apply', 'disk/old.f32', '--in-place']),
      /write disk\/old\.f32: ENOSPC/,
    )
    expect(read('disk/old.f32').equals(xBytes)).toBe(true)
  })

  test('full: a shard that does not fit is not done, and the others are', () => {
    mount('size=5m')
    writeFileSync(at('large.f32'), Buffer.alloc(6 << 20))
    const args = ['apply', '-q', 'large.f32', '-o', 'disk/new.f32']
    expect(runProcess([...args, '--shard', '2/3']).code).toBe(0)
    expect(runProcess([...args, '--shard', '1/3']).code).toBe(0)
    expectRefusal(runProcess([...args, '--shard', '3/3']), /write \S*disk\/new\.f32: ENOSPC/)
    expect(runProcess([...args, '--status', '--shards', '3']).stdout.toString()).toBe('3/3\n')
    expect(names('disk')).toEqual(['.new.f32.shards'])
    mount('remount,size=7m')
    expect(runProcess([...args, '--shard', '3/3']).code).toBe(0)
    runProcess(['apply', '-q', 'large.f32', '-o', 'whole.f32'])
    expect(read('disk/new.f32').equals(read('whole.f32'))).toBe(true)
  })

  test('read-only', () => {
    mount('size=1m')
    writeFileSync(at('disk/old.f32'), xBytes)
    mount('remount,ro')
    expectRefusal(
      runProcess(['apply', 'disk/old.f32', '--in-place']),
      /write disk\/old\.f32: EROFS/,
    )
    expectRefusal(
      runProcess(['apply', 'disk/old.f32', '-o', 'disk/new.f32']),
      /disk\/new\.f32: EROFS/,
    )
    writeFileSync(at('in.f32'), xBytes)
    const args = ['apply', 'in.f32', '-o', 'disk/new.f32', '--shard', '1/2']
    expectRefusal(runProcess(args), /cannot write \S*disk\/new\.f32: EROFS/)
    expect(names('disk')).toEqual(['old.f32'])
    expect(read('disk/old.f32').equals(xBytes)).toBe(true)
  })
})

describe.runIf(linuxOnly)('/dev/full', () => {
  beforeEach(() => write('in.f32', xBytes))

  test('as the output', () => {
    expectRefusal(
      runProcess(['apply', 'in.f32', '-o', '/dev/full']),
      /cannot write \/dev\/full: ENOSPC/,
    )
  })

  test.each([[['apply', 'in.f32', '-o', '-']], [['--help']], [['info']]])(
    'as stdout of %j',
    (args) => {
      withOpen('/dev/full', 'w', (stdout) =>
        expectRefusal(runProcess(args, { stdout }), /cannot write standard output: ENOSPC/),
      )
    },
  )

  test('as stderr: the command does its work', () => {
    const done = withOpen('/dev/full', 'w', (stderr) =>
      runProcess(['apply', 'in.f32', '-o', 'out.f32'], { stderr }),
    )
    expect([done.code, done.signal]).toEqual([0, null])
    expect(read('out.f32').equals(yBytes)).toBe(true)
  })

  test('as stderr: a failure keeps its exit code', () => {
    const failed = withOpen('/dev/full', 'w', (stderr) =>
      runProcess(['apply', 'x.txt'], { stderr }),
    )
    expect([failed.code, failed.signal]).toEqual([2, null])
  })

  test('a limit on the size of files', () => {
    const limited = `ulimit -f 100; exec "${process.execPath}" "${command}" apply in.f32 -o out.f32`
    expectRefusal(runShell(limited), /^softplus: cannot write out\.f32: EFBIG, /)
    expect(names()).toEqual(['in.f32'])
  })
})

describe.runIf(unixOnly)('what is no file', () => {
  test('a FIFO is read to its end, and written', async () => {
    makeFifo('in.f32')
    makeFifo('out.f32')
    const child = start(['apply', 'in.f32', '-o', 'out.f32'])
    const reader = spawn('cat', [at('out.f32')])
    const writer = spawn('sh', ['-c', 'cat > "$0"', at('in.f32')], { stdio: ['pipe', 2, 2] })
    writer.stdin?.end(xBytes)
    const results: Buffer[] = []
    reader.stdout.on('data', (part) => results.push(part))
    const ends = await Promise.all([child, reader].map(endOf))
    for (const end of ends) expect(end).toMatchObject({ code: 0, signal: null })
    expect(Buffer.concat(results).equals(yBytes)).toBe(true)
    expect(statSync(at('out.f32')).isFIFO()).toBe(true)
  })

  test.each([
    ['in its header', 40, /The file is cut off/],
    ['in its data', 10_000, /must be 240000 bytes .*; got 99\d\d\. The file is cut off/],
  ])('a FIFO that ends %s', async (_, length, message) => {
    makeFifo('in.npy')
    const child = start(['apply', 'in.npy', '-o', 'out.npy'])
    const end = endOf(child)
    write('in.npy', npyFile({ shape: [60_000], data: xBytes }).subarray(0, length))
    expect(await end).toMatchObject({
      code: 2,
      signal: null,
      stderr: expect.stringMatching(message),
    })
    expect(names()).toEqual(['in.npy'])
  })

  test('a FIFO whose reader goes away', async () => {
    makeFifo('out.f32')
    writeFileSync(at('in.f32'), Buffer.alloc(1 << 24))
    const child = start(['apply', 'in.f32', '-o', 'out.f32'])
    const reader = spawn('head', ['-c', '100', at('out.f32')])
    for (const process of [reader, child])
      expect(await endOf(process)).toMatchObject({ code: 0, signal: null })
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s while waiting for a reader', async (signal) => {
    makeFifo('in.f32')
    makeFifo('out.f32')
    const child = start(['apply', 'in.f32', '-o', 'out.f32'])
    // After its input it opens its output, and waits for a reader.
    const writer = await openedForReading(child, 'in.f32')
    await setTimeout(200)
    expect(child.exitCode).toBe(null)
    child.kill(signal)
    expect(await endOf(child)).toMatchObject({ code: null, signal })
    closeSync(writer)
    expect(names()).toEqual(['in.f32', 'out.f32'])
  })

  /** Opens a FIFO to write into it, once the child has opened it to read. */
  const openedForReading = (child: ChildProcess, name: string) =>
    whileRunning(child, () => {
      try {
        return openSync(at(name), constants.O_WRONLY | constants.O_NONBLOCK)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
        return undefined
      }
    })

  test('a socket', async () => {
    write('in.f32', xBytes)
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(at('socket.f32'), resolve))
    expectRefusal(
      runProcess(['apply', 'socket.f32', '-o', 'o.f32']),
      /cannot read socket\.f32: ENXIO/,
    )
    expectRefusal(
      runProcess(['apply', 'in.f32', '-o', 'socket.f32']),
      /cannot write socket\.f32: ENXIO/,
    )
    await new Promise((resolve) => server.close(resolve))
    expect(names()).toEqual(['in.f32'])
  })

  test.each([['/'], ['/dev/null']])('stdin is %s', (path) => {
    const { code, signal } = withOpen(path, 'r', (stdin) =>
      runProcess(['apply', '-', '-o', 'out.f32'], { stdin }),
    )
    expect([code, signal]).toEqual(path === '/' ? [1, null] : [0, null])
    expect(names()).toEqual(path === '/' ? [] : ['out.f32'])
  })
})

describe('hostile .npy files', () => {
  const refused = corpus('.npy').filter(({ name }) => name.startsWith('refused-'))

  test.each(refused)('$name', async ({ bytes }) => {
    write('x.npy', bytes)
    const { code, signal, stderr } = await runHere(['apply', 'x.npy', '--in-place'])
    expect([code, signal]).toEqual([2, null])
    expect(stderr).toMatch(/^softplus: x\.npy: [\x20-\x7e…\xa0-\xff]{20,500}\n$/)
    expect(names()).toEqual(['x.npy'])
    expect(read('x.npy')).toEqual(bytes)
  })

  test.each([
    ['a header of 4 GiB', npyFile({ version: [2, 0] }).fill(0xff, 8, 12), /at most 65535 bytes/],
    [
      '2^53 - 1 elements',
      npyFile({ shape: [2 ** 53 - 1] }),
      /the data must be \d+ bytes .*\. The file is cut off/,
    ],
  ])('%s, claimed by a file of 8 GiB', async (_, start, message) => {
    withOpen(at('x.npy'), 'w', (file) => {
      writeFileSync(file, start)
      ftruncateSync(file, 2 ** 33)
    })
    const { code, signal, stderr } = await runHere(['apply', 'x.npy', '-o', 'y.npy'])
    expect(stderr).toMatch(message)
    expect([code, signal]).toEqual([2, null])
    expect(names()).toEqual(['x.npy'])
  })

  test('a file that another program cuts while it is read is refused', async () => {
    const length = 2 ** 28
    const head = npyFile({ shape: [length / 4] })
    withOpen(at('x.npy'), 'w', (file) => {
      writeFileSync(file, head)
      ftruncateSync(file, head.length + length)
    })
    const child = slowly(['x.npy', '-o', 'y.npy'])
    const end = endOf(child)
    await temporaryOf(child)
    withOpen(at('x.npy'), 'r+', (file) => ftruncateSync(file, head.length + length / 2))
    const { code, signal, stderr } = await end
    expect(stderr).toMatch(/; got 134217728\. The file is cut off/)
    expect([code, signal]).toEqual([2, null])
    expect(names()).toEqual(['x.npy'])
  })
})

/** Starts the command on its slowest backend, so that something can happen while it runs. */
const slowly = (args: string[]) => start(['apply', ...args], { env: { SOFTPLUS_BACKEND: 'js' } })

/** Waits until the child has written a part of its result; returns the temporary file's name. */
const temporaryOf = (child: ChildProcess) =>
  whileRunning(child, () =>
    temporaries().find((name) => name.includes(`-${child.pid}-`) && sizeOf(name) > 0),
  )

describe.runIf(unixOnly)('signals in the middle of a large file', () => {
  const length = 2 ** 28

  // All zeros. Softplus of 0 is ln 2, so a part that was activated shows.
  beforeEach(() => withOpen(at('large.f32'), 'w', (file) => ftruncateSync(file, length)))

  const startLarge = () => slowly(['large.f32', '--in-place', '-q'])

  function expectWhole(): void {
    expect(sizeOf('large.f32')).toBe(length)
    const part = Buffer.alloc(4096)
    withOpen(at('large.f32'), 'r', (file) => {
      for (const position of [0, length / 2, length - part.length]) {
        expect(readSync(file, part, 0, part.length, position)).toBe(part.length)
        expect(part.equals(Buffer.alloc(4096))).toBe(true)
      }
    })
  }

  test.each([
    ['SIGINT', 130, 1],
    ['SIGTERM', 143, 1],
    ['SIGINT', 130, 3],
  ] as const)('%s: exit code %i, nothing left (sent %i times)', async (signal, code, times) => {
    const child = startLarge()
    const end = endOf(child)
    await temporaryOf(child)
    for (let i = 0; i < times; i++) child.kill(signal)
    expect(await end).toMatchObject({ code, signal: null })
    expectWhole()
    expect(names()).toEqual(['large.f32'])
  })

  test('SIGTERM when the temporary file cannot be removed: the exit code is still 143', async () => {
    const child = startLarge()
    const end = endOf(child)
    const name = await temporaryOf(child)
    rmSync(at(name))
    mkdirSync(at(name))
    child.kill('SIGTERM')
    expect(await end).toMatchObject({ code: 143, signal: null })
    expectWhole()
  })

  test('SIGKILL: the file is whole, and each next run removes the temporary file of the one before', async () => {
    for (let i = 0; i < 3; i++) {
      const child = startLarge()
      const end = endOf(child)
      await temporaryOf(child)
      child.kill('SIGKILL')
      expect(await end).toMatchObject({ code: null, signal: 'SIGKILL' })
      expectWhole()
      expect(temporaries()).toHaveLength(1)
    }
    write('in.f32', xBytes)
    expect(runProcess(['apply', 'in.f32', '-o', 'out.f32']).code).toBe(0)
    expect(names()).toEqual(['in.f32', 'large.f32', 'out.f32'])
    expect(read('out.f32').equals(yBytes)).toBe(true)
  })

  test('the temporary files of a running process and of other machines are kept', async () => {
    const elsewhere = `.softplus-00000000-999999999-${'0'.repeat(16)}.tmp`
    writeFileSync(at(elsewhere), '')
    const child = startLarge()
    const end = endOf(child)
    const name = await temporaryOf(child)
    write('in.f32', xBytes)
    expect(runProcess(['apply', 'in.f32', '-o', 'out.f32']).code).toBe(0)
    expect(existsSync(at(name))).toBe(true)
    child.kill('SIGTERM')
    expect((await end).code).toBe(143)
    expect(names()).toEqual([elsewhere, 'in.f32', 'large.f32', 'out.f32'])
  })
})
