// The command on bad disks and in bad company: full, read-only and forbidden places, hostile files,
// signals at any moment. It ends with the exit code that its help tells, and leaves what was there.

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
  readdirSync,
  readFileSync,
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
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { softplus } from '../src/index'
import { corpus } from './fuzz/corpus'
import { floatBytes, npyFile } from './npy-writer'

const command = fileURLToPath(new URL('../dist/cli.cjs', import.meta.url))
const onLinux = process.platform === 'linux'
const onWindows = process.platform === 'win32'
const isRoot = process.getuid?.() === 0

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'softplus-disk-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

const x = Float32Array.from({ length: 60_000 }, (_, i) => Math.sin(i) * 20)
const xBytes = floatBytes(x)
const yBytes = floatBytes(softplus(x))

const at = (name: string) => join(folder, name)
const read = (name: string) => readFileSync(at(name))
const names = () => readdirSync(folder).sort()

interface Place {
  input?: Buffer
  stdin?: number
  stdout?: number
  stderr?: number
  /** Another user, who is given a copy of the command. */
  uid?: number
}

function run(args: string[], { input, stdin, stdout, stderr, uid }: Place = {}) {
  const result = spawnSync(process.execPath, [commandFor(uid), ...args], {
    cwd: folder,
    ...(input && { input }),
    stdio: [stdin ?? 'pipe', stdout ?? 'pipe', stderr ?? 'pipe'],
    ...(uid !== undefined && { uid, gid: uid, env: { SOFTPLUS_BACKEND: 'js' } }),
    timeout: 30_000,
  })
  const { status: code, signal } = result
  return { code, signal, stdout: result.stdout, stderr: result.stderr?.toString() ?? '' }
}

// The clone may be where only its owner gets to.
function commandFor(uid: number | undefined): string {
  if (uid === undefined) return command
  const copy = mkdtempSync(at('command-'))
  chmodSync(copy, 0o755)
  for (const file of ['cli.cjs', 'index.cjs'])
    copyFileSync(join(dirname(command), file), join(copy, file))
  return join(copy, 'cli.cjs')
}

/** Refused by the system: the exit code, and one line on stderr that has the system's reason. */
function expectRefusal(result: ReturnType<typeof run>, message: RegExp): void {
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

/** A conditional test says why it does not run. */
function possible(what: string, reason: string | undefined): boolean {
  if (reason !== undefined) process.stderr.write(`cli-disk: not tested: ${what}: ${reason}\n`)
  return reason === undefined
}

const needs = (what: string, met: boolean, reason: string) =>
  possible(what, met ? undefined : reason)

const linuxOnly = needs('/proc, /dev/full', onLinux, 'there are none but on Linux')
const unixOnly = needs('FIFOs, sockets, signals', !onWindows, 'Windows has others')

describe('paths that lead nowhere', () => {
  beforeEach(() => writeFileSync(at('in.f32'), xBytes))

  test.each([
    ['a folder that is not there, to read', ['no/in.f32', '-o', 'out.f32'], /ENOENT/],
    ['a folder that is not there, to write', ['in.f32', '-o', 'no/out.f32'], /ENOENT/],
    ['a path under a file, to read', ['in.f32/in.f32', '-o', 'out.f32'], /ENOTDIR|ENOENT/],
    ['a path under a file, to write', ['in.f32', '-o', 'in.f32/out.f32'], /ENOTDIR|ENOENT/],
    ['a file as the folder', ['in.f32', '-o', 'in.f32/'], /ENOTDIR|ENOENT/],
    ['a name too long, to read', [`${'n'.repeat(300)}.f32`, '-o', 'o.f32'], /ENAMETOOLONG|ENOENT/],
    ['a name too long, to write', ['in.f32', '-o', `${'n'.repeat(300)}`], /ENAMETOOLONG|ENOENT/],
  ])('%s', (_, args, message) => {
    expectRefusal(run(['apply', ...args]), message)
    expect(names()).toEqual(['in.f32'])
    expect(read('in.f32').equals(xBytes)).toBe(true)
  })

  test.runIf(linuxOnly)('links in a circle, links to nothing', () => {
    symlinkSync('loop.f32', at('loop.f32'))
    symlinkSync('nothing.f32', at('dangling.f32'))
    expectRefusal(run(['apply', 'loop.f32', '-o', 'o.f32']), /cannot read loop\.f32: ELOOP/)
    expectRefusal(run(['apply', 'in.f32', '-o', 'loop.f32']), /cannot write loop\.f32: ELOOP/)
    expectRefusal(run(['apply', 'dangling.f32', '--in-place']), /cannot read dangling\.f32: ENOENT/)
    expect(names()).toEqual(['dangling.f32', 'in.f32', 'loop.f32'])
  })

  test.runIf(linuxOnly)('what /proc refuses', () => {
    symlinkSync('/proc/self/mem', at('memory.f32'))
    writeFileSync(at('out.f32'), 'as it was')
    expectRefusal(run(['apply', 'memory.f32', '-o', 'out.f32']), /cannot read memory\.f32: EIO/)
    expectRefusal(
      run(['apply', 'in.f32', '-o', '/proc/out.f32']),
      /cannot write \/proc\/out\.f32: E/,
    )
    expect(names()).toEqual(['in.f32', 'memory.f32', 'out.f32'])
    expect(read('out.f32').toString()).toBe('as it was')
  })
})

// Root may do anything, so it has another user try.
const uid = isRoot ? 65534 : undefined

describe.runIf(unixOnly)('what a user may not', () => {
  const aside = (name: string) => !name.startsWith('command-')

  beforeEach(() => {
    chmodSync(folder, 0o755)
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
    expectRefusal(run(['apply', ...args], { uid }), message)
    expect(readdirSync(at('mine'))).toEqual([])
    expect(readdirSync(at('locked'))).toEqual(['in.f32'])
    expect(read('locked/in.f32').equals(xBytes)).toBe(true)
    expect(names().filter(aside)).toEqual(['hidden', 'in.f32', 'locked', 'mine', 'unreadable.f32'])
  })

  test('what it may do, it does', () => {
    expect(run(['apply', 'in.f32', '-o', 'mine/o.f32'], { uid })).toMatchObject({ code: 0 })
    expect(read('mine/o.f32')).toHaveLength(xBytes.length)
  })

  const twoUsers = needs('a file of another user', isRoot, 'only root can make one')
  test.runIf(twoUsers)(
    "replace another's file in a sticky folder, once the result is complete",
    () => {
      writeFileSync(at('mine/in.f32'), xBytes)
      chmodSync(at('mine'), 0o1777)
      expectRefusal(
        run(['apply', 'mine/in.f32', '--in-place'], { uid }),
        /write mine\/in\.f32: EPERM/,
      )
      expect(readdirSync(at('mine'))).toEqual(['in.f32'])
      expect(read('mine/in.f32').equals(xBytes)).toBe(true)
    },
  )
})

/** Mounts a small file system over the folder `disk`, or tells why it cannot. */
function mount(options: string): string | undefined {
  mkdirSync(at('disk'), { recursive: true })
  const args = ['-t', 'tmpfs', '-o', options, 'tmpfs', at('disk')]
  const { status, stderr, error } = spawnSync('mount', args)
  return status === 0 ? undefined : (error?.message ?? stderr.toString().trim())
}

function unmount(): void {
  const { status, stderr } = spawnSync('umount', [at('disk')])
  if (status !== 0) throw new Error(stderr.toString())
}

function reasonNotToMount(): string | undefined {
  if (!isRoot) return 'only root may mount'
  folder = mkdtempSync(join(tmpdir(), 'softplus-disk-'))
  const reason = mount('size=1m')
  if (reason === undefined) unmount()
  rmSync(folder, { recursive: true })
  return reason
}

describe.runIf(possible('full and read-only disks', reasonNotToMount()))('a disk of 1 MiB', () => {
  const mebibyte = Buffer.alloc(1 << 20)

  afterEach(unmount)

  test('full: a new file is not there, --in-place leaves the old one whole', () => {
    mount('size=1m')
    writeFileSync(at('large.f32'), mebibyte)
    writeFileSync(at('disk/old.f32'), mebibyte.subarray(0, 700_000))
    expectRefusal(run(['apply', 'large.f32', '-o', 'disk/new.f32']), /write disk\/new\.f32: ENOSPC/)
    expectRefusal(run(['apply', 'disk/old.f32', '--in-place']), /write disk\/old\.f32: ENOSPC/)
    expectRefusal(run(['apply', 'large.f32', '-o', 'disk/old.f32']), /disk\/old\.f32: ENOSPC/)
    expectRefusal(
      run(['apply', '-', '-o', 'disk/new.f32'], { input: mebibyte }),
      /write disk\/new\.f32: ENOSPC/,
    )
    expect(readdirSync(at('disk'))).toEqual(['old.f32'])
    expect(read('disk/old.f32').equals(mebibyte.subarray(0, 700_000))).toBe(true)
  })

  test('full after some of several: those are done', () => {
    mount('size=1m')
    for (const name of ['a.f32', 'b.f32', 'c.f32', 'd.f32', 'e.f32'])
      writeFileSync(at(name), xBytes)
    const inputs = names().filter((name) => name.endsWith('.f32'))
    expectRefusal(
      run(['apply', '-q', ...inputs, '-o', 'disk/']),
      /cannot write disk\/e\.f32: ENOSPC/,
    )
    const done = readdirSync(at('disk'))
    expect(done).toEqual(inputs.slice(0, 4))
    for (const name of done) expect(read(`disk/${name}`).equals(yBytes)).toBe(true)
  })

  test('without room for another file', () => {
    mount('size=1m,nr_inodes=2')
    writeFileSync(at('disk/old.f32'), xBytes)
    expectRefusal(run(['apply', 'disk/old.f32', '--in-place']), /write disk\/old\.f32: ENOSPC/)
    expect(read('disk/old.f32').equals(xBytes)).toBe(true)
  })

  test('read-only', () => {
    mount('size=1m')
    writeFileSync(at('disk/old.f32'), xBytes)
    mount('remount,ro')
    expectRefusal(run(['apply', 'disk/old.f32', '--in-place']), /write disk\/old\.f32: EROFS/)
    expectRefusal(run(['apply', 'disk/old.f32', '-o', 'disk/new.f32']), /disk\/new\.f32: EROFS/)
    expect(readdirSync(at('disk'))).toEqual(['old.f32'])
    expect(read('disk/old.f32').equals(xBytes)).toBe(true)
  })
})

describe.runIf(linuxOnly)('/dev/full', () => {
  beforeEach(() => writeFileSync(at('in.f32'), xBytes))

  test('as the output', () => {
    expectRefusal(run(['apply', 'in.f32', '-o', '/dev/full']), /cannot write \/dev\/full: ENOSPC/)
  })

  test.each([[['apply', 'in.f32', '-o', '-']], [['--help']], [['info']]])(
    'as stdout of %j',
    (args) => {
      withOpen('/dev/full', 'w', (stdout) =>
        expectRefusal(run(args, { stdout }), /cannot write standard output: ENOSPC/),
      )
    },
  )

  test('as stderr: what was asked for is done', () => {
    const done = withOpen('/dev/full', 'w', (stderr) =>
      run(['apply', 'in.f32', '-o', 'out.f32'], { stderr }),
    )
    expect([done.code, done.signal]).toEqual([0, null])
    expect(read('out.f32').equals(yBytes)).toBe(true)
  })

  test('as stderr: a failure keeps its exit code', () => {
    const failed = withOpen('/dev/full', 'w', (stderr) => run(['apply', 'x.txt'], { stderr }))
    expect([failed.code, failed.signal]).toEqual([2, null])
  })

  test('a limit on the size of files', () => {
    const limited = `ulimit -f 100; exec "${process.execPath}" "${command}" apply in.f32 -o out.f32`
    const { status, signal, stderr } = spawnSync('sh', ['-c', limited], { cwd: folder })
    expect(stderr.toString()).toMatch(/^softplus: cannot write out\.f32: EFBIG, .*\n$/)
    expect([status, signal]).toEqual([1, null])
    expect(names()).toEqual(['in.f32'])
  })
})

describe.runIf(unixOnly)('what is no file', () => {
  const fifo = (name: string) => expect(spawnSync('mkfifo', [at(name)]).status).toBe(0)
  const start = (args: string[]) =>
    spawn(process.execPath, [command, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })

  test('a FIFO is read to its end, and written', async () => {
    fifo('in.f32')
    fifo('out.f32')
    const child = start(['apply', 'in.f32', '-o', 'out.f32'])
    const reader = spawn('cat', [at('out.f32')])
    const writer = spawn('sh', ['-c', 'cat > "$0"', at('in.f32')], { stdio: ['pipe', 2, 2] })
    writer.stdin?.end(xBytes)
    const results: Buffer[] = []
    reader.stdout.on('data', (part) => results.push(part))
    const ends = await Promise.all([child, reader].map(endOf))
    expect(ends).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ])
    expect(Buffer.concat(results).equals(yBytes)).toBe(true)
    expect(statSync(at('out.f32')).isFIFO()).toBe(true)
  })

  test.each([
    ['in its header', 40, /it is cut off/],
    ['in its data', 10_000, /expected 240000 bytes .* the file holds 99\d\d; it is cut off/],
  ])('a FIFO that ends %s', async (_, length, message) => {
    fifo('in.npy')
    const child = start(['apply', 'in.npy', '-o', 'out.npy'])
    const stderr = textOf(child)
    writeFileSync(at('in.npy'), npyFile({ shape: [60_000], data: xBytes }).subarray(0, length))
    expect(await endOf(child)).toEqual({ code: 2, signal: null })
    expect(await stderr).toMatch(message)
    expect(names()).toEqual(['in.npy'])
  })

  test('a FIFO whose reader goes away', async () => {
    fifo('out.f32')
    writeFileSync(at('in.f32'), Buffer.alloc(1 << 24))
    const child = start(['apply', 'in.f32', '-o', 'out.f32'])
    const reader = spawn('head', ['-c', '100', at('out.f32')])
    expect(await endOf(reader)).toEqual({ code: 0, signal: null })
    expect(await endOf(child)).toEqual({ code: 0, signal: null })
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s while waiting for a reader', async (signal) => {
    fifo('in.f32')
    fifo('out.f32')
    const child = start(['apply', 'in.f32', '-o', 'out.f32'])
    // Once it has opened its input, it opens its output next, and waits there.
    const writer = await openedForReading(child, 'in.f32')
    await setTimeout(200)
    expect(child.exitCode).toBe(null)
    child.kill(signal)
    expect(await endOf(child)).toEqual({ code: null, signal })
    closeSync(writer)
    expect(names()).toEqual(['in.f32', 'out.f32'])
  })

  /** Opens a FIFO to write into it, once the child has opened it to read. */
  async function openedForReading(child: ChildProcess, name: string): Promise<number> {
    const late = Date.now() + 15_000
    while (child.exitCode === null && Date.now() < late) {
      try {
        return openSync(at(name), constants.O_WRONLY | constants.O_NONBLOCK)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
        await setTimeout(5)
      }
    }
    throw new Error(`it was not seen to open ${name}`)
  }

  test('a socket', async () => {
    writeFileSync(at('in.f32'), xBytes)
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(at('socket.f32'), resolve))
    expectRefusal(run(['apply', 'socket.f32', '-o', 'o.f32']), /cannot read socket\.f32: ENXIO/)
    expectRefusal(run(['apply', 'in.f32', '-o', 'socket.f32']), /cannot write socket\.f32: ENXIO/)
    await new Promise((resolve) => server.close(resolve))
    expect(names()).toEqual(['in.f32'])
  })

  test.each([['/'], ['/dev/null']])('stdin is %s', (path) => {
    const { code, signal } = withOpen(path, 'r', (stdin) =>
      run(['apply', '-', '-o', 'out.f32'], { stdin }),
    )
    expect([code, signal]).toEqual(path === '/' ? [1, null] : [0, null])
    expect(names()).toEqual(path === '/' ? [] : ['out.f32'])
  })
})

describe('hostile .npy files', () => {
  const refused = corpus('.npy').filter(({ name }) => name.startsWith('refused-'))

  test.each(refused)('$name', ({ bytes }) => {
    writeFileSync(at('x.npy'), bytes)
    const { code, signal, stderr } = run(['apply', 'x.npy', '--in-place'])
    expect([code, signal]).toEqual([2, null])
    expect(stderr).toMatch(/^softplus: x\.npy: [\x20-\x7e…\xa0-\xff]{20,500}\n$/)
    expect(names()).toEqual(['x.npy'])
    expect(read('x.npy')).toEqual(bytes)
  })

  test.each([
    ['a header of 4 GiB', npyFile({ version: [2, 0] }).fill(0xff, 8, 12), /at most 65535 bytes/],
    ['2^53 - 1 elements', npyFile({ shape: [2 ** 53 - 1] }), /bytes of data .* it is cut off/],
  ])('%s, claimed by a file of 8 GiB', (_, start, message) => {
    withOpen(at('x.npy'), 'w', (file) => {
      writeFileSync(file, start)
      ftruncateSync(file, 2 ** 33)
    })
    const { code, signal, stderr } = run(['apply', 'x.npy', '-o', 'y.npy'])
    expect(stderr).toMatch(message)
    expect([code, signal]).toEqual([2, null])
    expect(names()).toEqual(['x.npy'])
  })

  test('a file that another program cuts while it is read is not taken for whole', async () => {
    const length = 2 ** 28
    const head = npyFile({ shape: [length / 4] })
    withOpen(at('x.npy'), 'w', (file) => {
      writeFileSync(file, head)
      ftruncateSync(file, head.length + length)
    })
    const child = slowly(['x.npy', '-o', 'y.npy'])
    const stderr = textOf(child)
    await temporaryOf(child)
    withOpen(at('x.npy'), 'r+', (file) => ftruncateSync(file, head.length + length / 2))
    expect(await endOf(child)).toEqual({ code: 2, signal: null })
    expect(await stderr).toMatch(/the file holds 134217728; it is cut off/)
    expect(names()).toEqual(['x.npy'])
  })
})

/** Starts it on what takes it a while, so that something can happen on the way. */
function slowly(args: string[]): ChildProcess {
  return spawn(process.execPath, [command, 'apply', ...args], {
    cwd: folder,
    env: { ...process.env, SOFTPLUS_BACKEND: 'js' },
  })
}

function endOf(child: ChildProcess) {
  return new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}

async function textOf(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const part of child.stderr ?? []) text += part
  return text
}

const temporaries = () => names().filter((name) => /^\.softplus-.*\.tmp$/.test(name))

/** Waits until the child has written a part of its result; returns the name that the part has. */
async function temporaryOf(child: ChildProcess): Promise<string> {
  while (child.exitCode === null) {
    const [name] = temporaries().filter((name) => name.includes(`-${child.pid}-`))
    if (name !== undefined && sizeOf(name) > 0) return name
    await setTimeout(2)
  }
  throw new Error('it ended before it was seen to write')
}

const sizeOf = (name: string) => statSync(at(name), { throwIfNoEntry: false })?.size ?? 0

describe.runIf(unixOnly)('signals in the middle of a large file', () => {
  const length = 2 ** 28

  // All zeros: softplus would make each of them ln 2.
  beforeEach(() => withOpen(at('large.f32'), 'w', (file) => ftruncateSync(file, length)))

  const start = () => slowly(['large.f32', '--in-place', '-q'])

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
    const child = start()
    const ended = endOf(child)
    await temporaryOf(child)
    for (let i = 0; i < times; i++) child.kill(signal)
    expect(await ended).toEqual({ code, signal: null })
    expectWhole()
    expect(names()).toEqual(['large.f32'])
  })

  test('SIGTERM when the temporary file cannot be removed: exit code 143 nevertheless', async () => {
    const child = start()
    const ended = endOf(child)
    const name = await temporaryOf(child)
    rmSync(at(name))
    mkdirSync(at(name))
    child.kill('SIGTERM')
    expect(await ended).toEqual({ code: 143, signal: null })
    expectWhole()
  })

  test('SIGKILL: the file is whole, and the next runs leave no more than it did', async () => {
    for (let i = 0; i < 3; i++) {
      const child = start()
      const ended = endOf(child)
      await temporaryOf(child)
      child.kill('SIGKILL')
      expect(await ended).toEqual({ code: null, signal: 'SIGKILL' })
      expectWhole()
      expect(temporaries()).toHaveLength(1)
    }
    writeFileSync(at('in.f32'), xBytes)
    expect(run(['apply', 'in.f32', '-o', 'out.f32']).code).toBe(0)
    expect(names()).toEqual(['in.f32', 'large.f32', 'out.f32'])
    expect(read('out.f32').equals(yBytes)).toBe(true)
  })

  test('a run leaves the temporary file of another that is under way, and of other machines', async () => {
    const elsewhere = `.softplus-00000000-999999999-${'0'.repeat(16)}.tmp`
    writeFileSync(at(elsewhere), '')
    const child = start()
    const ended = endOf(child)
    const name = await temporaryOf(child)
    writeFileSync(at('in.f32'), xBytes)
    expect(run(['apply', 'in.f32', '-o', 'out.f32']).code).toBe(0)
    expect(existsSync(at(name))).toBe(true)
    child.kill('SIGTERM')
    expect((await ended).code).toBe(143)
    expect(names()).toEqual([elsewhere, 'in.f32', 'large.f32', 'out.f32'])
  })
})
