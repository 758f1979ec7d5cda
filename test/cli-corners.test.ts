// Corners of the command: private files, writers that hold a pipe open, names with odd characters, files that change or
// are named twice, closed standard streams, signals.

import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { backend, softplus } from '../src/index'
import {
  at,
  command,
  deadline,
  endOf,
  endWithTest,
  heldFifo,
  holdForReading,
  letGo,
  makeFifo,
  names,
  onLinux,
  onWindows,
  piece,
  read,
  resultOf,
  runHere,
  runProcess,
  runShell,
  start,
  temporaries,
  untilTemporary,
  useFolder,
  write,
  xBytes,
  yBytes,
} from './command'
import { floatBytes, npyFile } from './npy-writer'

useFolder()

const modeOf = (name: string) => statSync(at(name)).mode & 0o777

describe.skipIf(onWindows)('the temporary file is private', () => {
  test.each([
    ['for a private file', 0o600, '022', 0o600],
    ['for one that others may read', 0o644, '077', 0o644],
    ['for one that the group may write', 0o664, '022', 0o664],
    ['for a new file', undefined, '022', 0o644],
    ['for a new file, where the umask is strict', undefined, '077', 0o600],
  ])('%s', async (_, existing, umask, result) => {
    if (existing !== undefined) {
      write('out.f32', 'as it was')
      chmodSync(at('out.f32'), existing)
    }
    const fifo = heldFifo('in.f32')
    const child = start(['apply', 'in.f32', '-o', 'out.f32'], { umask })
    const end = endOf(child)
    expect(modeOf(await untilTemporary(child))).toBe(0o600)
    writeSync(fifo, xBytes)
    // The input ends here: the command has opened the FIFO already, and nobody else has it open now.
    letGo(fifo)
    expect(await end).toMatchObject({ code: 0 })
    expect(modeOf('out.f32')).toBe(result)
    expect(read('out.f32').equals(yBytes)).toBe(true)
  })
})

describe.skipIf(onWindows)('exits after an error while the input is still open', () => {
  const wrongHeader = npyFile({ dtype: '<f8', shape: [1000] })

  test.each([
    ['a wrong header', ['-', '-o', 'out.npy'], wrongHeader, 2, /got float64/],
    ['an unknown version', ['-', '-o', 'out.npy'], npyFile({ version: [9, 1] }), 2, /got 9\.1/],
    ['a name for another format', ['-', '-o', 'out.npy'], xBytes, 2, /the name must end in \.f32/],
    [
      'more than the header says',
      ['-', '-o', 'out.npy'],
      npyFile({ shape: [10], data: Buffer.alloc(2 * piece) }),
      2,
      /must be 40 bytes .*; got \d+ or more/,
    ],
    ['no folder', ['-', '-o', 'no/out.f32'], xBytes, 1, /ENOENT/],
  ])('to stdin: %s', async (_, args, bytes, code, message) => {
    const child = start(['apply', ...args])
    const end = endOf(child)
    child.stdin?.write(bytes)
    const result = await end
    expect(result).toMatchObject({ code, signal: null })
    expect(result.stderr).toMatch(message)
    expect(result.stderr).toMatch(/^softplus: [^\n]*\n$/)
    expect(names()).toEqual([])
  })

  test.runIf(existsSync('/dev/full'))('to stdin: a full disk', async () => {
    const child = start(['apply', '-', '-o', '/dev/full'])
    const end = endOf(child)
    // One whole piece, which cannot be written, and one byte of the next.
    child.stdin?.write(Buffer.alloc(piece + 1))
    expect(await end).toMatchObject({ code: 1, stderr: expect.stringMatching(/ENOSPC/) })
  })

  test.each([
    ['no folder', ['in.f32', '-o', 'no/out.f32'], undefined, 1, /ENOENT/],
    ['a wrong header', ['in.npy', '-o', 'out.npy'], wrongHeader, 2, /got float64/],
    ['a name for another format', ['in.npy', '-o', 'out.f32'], undefined, 2, /must end in \.npy/],
  ])('to a FIFO: %s', async (_, args, bytes, code, message) => {
    const fifo = heldFifo(args[0])
    if (bytes) writeSync(fifo, bytes)
    const end = await endOf(start(['apply', ...args]))
    expect(end).toMatchObject({ code, signal: null })
    expect(end.stderr).toMatch(message)
    expect(names()).toEqual([args[0]])
  })

  test('to a FIFO without a writer: no folder', async () => {
    makeFifo('in.f32')
    const end = await endOf(start(['apply', 'in.f32', '-o', 'no/out.f32']))
    expect(end).toMatchObject({ code: 1, stderr: expect.stringMatching(/ENOENT/) })
  })

  test('a FIFO whose writer comes late is read to its end', async () => {
    makeFifo('in.f32')
    const child = start(['apply', 'in.f32', '-o', 'out.f32'])
    const end = endOf(child)
    await untilTemporary(child)
    await setTimeout(100)
    const writer = spawn('sh', ['-c', 'cat > in.f32'], { cwd: at() })
    endWithTest(writer)
    writer.stdin.end(xBytes)
    expect(await end).toMatchObject({ code: 0 })
    expect(read('out.f32').equals(yBytes)).toBe(true)
  })
})

describe.skipIf(onWindows)('names on stderr', () => {
  test('are escaped in the summary, one line each', async () => {
    const hostile = ['a\x1b[2J\x1b[31m.f32', 'b\nsoftplus: all is well.f32', 'c\u202e\x9b1m.f32']
    for (const name of hostile) write(name)
    const { code, stderr } = await runHere(['apply', '--in-place', ...hostile])
    expect(code).toBe(0)
    expect(stderr.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
    expect(stderr).not.toContain('\u202e')
    expect(stderr.split('\n')).toHaveLength(hostile.length + 1)
    expect(stderr).toMatch(/^softplus: a\\x1b\[2J\\x1b\[31m\.f32, backend /)
  })

  const python = spawnSync('python3', ['-c', 'import pty']).status === 0

  // Runs the command on a terminal, and sends it a signal while the bar shows. The command waits then, because the reader of
  // its output reads nothing. Prints what the terminal got. Exits as the command does, or with 99 at the deadline.
  const onTerminal = `
import os, pty, select, signal, sys, time
name, fifo, command = sys.argv[1], sys.argv[2], sys.argv[3:]
reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
seen, sent, late = b'', False, time.time() + ${deadline / 1000}
while time.time() < late:
    if select.select([terminal], [], [], 0.1)[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    if not sent and b' MB, ' in seen:
        os.kill(pid, getattr(signal, name))
        sent = True
sys.stdout.buffer.write(seen)
sys.stdout.flush()
if time.time() >= late:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    sys.exit(99)
status = os.waitpid(pid, 0)[1]
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 100)
`

  test.runIf(python).each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])(
    '%s while the bar shows: its name is escaped, cursor and line wrap are restored',
    (signal, code) => {
      const name = 'a{bar}{eta}\x1b[31m\n.f32'
      write(name, Buffer.alloc(3 * piece))
      makeFifo('out.f32')
      const args = [process.execPath, command, 'apply', name, '-o', 'out.f32']
      const program = ['-c', onTerminal, signal, 'out.f32', ...args]
      const { code: got, stdout: bytes, stderr } = resultOf('python3', program)
      const stdout = bytes.toString()
      expect(stderr).toBe('')
      expect(stdout).toContain('a{bar}{eta}\\x1b[31m .f32 ')
      expect(stdout).not.toContain('\x1b[31m')
      for (const what of ['\x1b[?25', '\x1b[?7']) {
        expect(stdout).toContain(`${what}l`)
        expect(stdout.lastIndexOf(`${what}h`)).toBeGreaterThan(stdout.lastIndexOf(`${what}l`))
      }
      expect(got).toBe(code)
    },
  )
})

describe.skipIf(onWindows)('an input that changes while it is read', () => {
  const count = (3 * piece) / 4
  const long = Float32Array.from({ length: count }, (_, i) => (i % 1000) / 100 - 5)
  const result = () => Buffer.concat([floatBytes(long), floatBytes(softplus(long))])
  // Without a limit, a command that reads its own results for ever would fill the disk.
  const limited = `ulimit -f ${(16 * piece) / 512}; exec "$1" "$0"`

  function expectAppended(line: string, expected: Buffer, before = ''): void {
    const { code, stderr } = runShell(`${before} ${limited} ${line}`)
    expect(stderr).toMatch(/^softplus: backend /)
    expect(code).toBe(0)
    expect(read('app.f32').equals(expected)).toBe(true)
  }

  test('because its results are appended to it: it is read up to its size at opening', () => {
    write('app.f32', floatBytes(long))
    expectAppended('apply app.f32 -o - >> app.f32', result())
  })

  test('the same on standard input', () => {
    write('app.f32', floatBytes(long))
    expectAppended('apply - -o - < app.f32 >> app.f32', result())
  })

  test.runIf(existsSync('/proc/self/fdinfo'))(
    'standard input that does not start at offset 0',
    () => {
      write('app.f32', Buffer.concat([Buffer.alloc(8), floatBytes(long)]))
      expectAppended(
        'apply - -o - >> app.f32',
        Buffer.concat([Buffer.alloc(8), result()]),
        'exec < app.f32; dd bs=8 count=1 of=/dev/null 2> /dev/null;',
      )
    },
  )

  test.runIf(existsSync('/proc/version'))('a file without a size is read to its end', async () => {
    symlinkSync('/proc/version', at('version.f32'))
    const bytes = readFileSync('/proc/version')
    const { code, stderr } = await runHere(['apply', 'version.f32', '-o', 'out'])
    expect(stderr).toMatch(
      bytes.length % 4 === 0 ? / elements,/ : RegExp(`got ${bytes.length} bytes, which leaves`),
    )
    expect(code).toBe(bytes.length % 4 === 0 ? 0 : 2)
  })

  test('because it is cut: it is refused', async () => {
    write('in.f32', Buffer.alloc(16 * piece))
    makeFifo('out.f32')
    holdForReading('out.f32')
    const child = start(['apply', 'in.f32', '-o', 'out.f32'])
    const end = endOf(child)
    // The command has read a few pieces, and waits for a reader.
    await untilFull('out.f32')
    truncateSync(at('in.f32'), 12 * piece)
    const drain = spawn('cat', ['out.f32'], { cwd: at(), stdio: 'ignore' })
    endWithTest(drain)
    const result = await end
    expect(result.code).toBe(2)
    expect(result.stderr).toMatch(
      /in\.f32: the file must still have the 67108864 bytes .* got 50331648\. Run the command again /,
    )
  })

  async function untilFull(fifo: string): Promise<void> {
    const writer = openSync(at(fifo), constants.O_WRONLY | constants.O_NONBLOCK)
    const late = Date.now() + deadline
    try {
      while (Date.now() < late) {
        writeSync(writer, Buffer.alloc(4))
        await setTimeout(20)
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return
      throw error
    } finally {
      closeSync(writer)
    }
    throw new Error(`${fifo} was not seen full`)
  }
})

describe('one file by two names', () => {
  beforeEach(() => {
    write('a.f32')
    write('b.f32')
    mkdirSync(at('out'))
  })

  const links: [what: string, other: string, make: () => void][] = [
    ['the same name', 'a.f32', () => {}],
    ['another spelling', './out/../a.f32', () => {}],
    ['a link', 'link.f32', () => symlinkSync('a.f32', at('link.f32'))],
    ['a hard link', 'hard.f32', () => linkSync(at('a.f32'), at('hard.f32'))],
  ]

  test.skipIf(onWindows).each(links)(
    '--in-place, %s: refused, nothing written',
    async (_, other, make) => {
      make()
      const { code, stderr } = await runHere(['apply', '--in-place', 'b.f32', 'a.f32', other])
      expect(code).toBe(2)
      expect(stderr).toMatch(
        /^softplus: INPUTs and OUTPUTs must be different files; got a\.f32 and .*\n$/,
      )
      for (const name of ['a.f32', 'b.f32']) expect(read(name).equals(xBytes)).toBe(true)
    },
  )

  test.skipIf(onWindows)(
    'an input that is the result of another: refused, nothing written',
    async () => {
      write('out/a.f32', 'as it was')
      symlinkSync('out/a.f32', at('link.f32'))
      expect(await runHere(['apply', 'a.f32', 'link.f32', '-o', 'out/'])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/got out\/a\.f32 and link\.f32/),
      })
      expect(names('out')).toEqual(['a.f32'])
      expect(read('out/a.f32').toString()).toBe('as it was')
    },
  )

  test.skipIf(onWindows)('two outputs that are one file: refused, nothing written', async () => {
    write('out/a.f32', 'as it was')
    symlinkSync('a.f32', at('out/b.f32'))
    expect(await runHere(['apply', 'a.f32', 'b.f32', '-o', 'out/'])).toMatchObject({
      code: 2,
      stderr:
        'softplus: INPUTs and OUTPUTs must be different files; got out/a.f32 and out/b.f32, which are the same file. ' +
        'Name another OUTPUT (see softplus --help)\n',
    })
    expect(read('out/a.f32').toString()).toBe('as it was')
  })

  test.skipIf(onWindows)(
    'two outputs that are links to one new file: refused, nothing written',
    async () => {
      mkdirSync(at('new'))
      symlinkSync('../new/y.f32', at('out/a.f32'))
      symlinkSync('second.f32', at('out/b.f32'))
      symlinkSync(at('out/../new/y.f32'), at('out/second.f32'))
      expect(await runHere(['apply', 'a.f32', 'b.f32', '-o', 'out/'])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/got out\/a\.f32 and out\/b\.f32, which are the same file/),
      })
      expect(names('new')).toEqual([])
    },
  )

  test.skipIf(onWindows)(
    'an input that links to the new result of another: refused, nothing written',
    async () => {
      symlinkSync('out/a.f32', at('link.f32'))
      expect(await runHere(['apply', 'a.f32', 'link.f32', '-o', 'out/'])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/got out\/a\.f32 and link\.f32, which are the same file/),
      })
      expect(names('out')).toEqual([])
    },
  )

  test.skipIf(onWindows)('links in a circle among several: exit code 1', async () => {
    symlinkSync('loop.f32', at('loop.f32'))
    symlinkSync('b.f32', at('out/b.f32'))
    expect(await runHere(['apply', 'a.f32', 'b.f32', '-o', 'out/'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cannot write out\/b\.f32: ELOOP/),
    })
    expect(await runHere(['apply', 'loop.f32', 'b.f32', '--in-place'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cannot read loop\.f32: ELOOP/),
    })
  })

  test.skipIf(onWindows)(
    'links to new files of one name in different folders are accepted',
    async () => {
      for (const name of ['one', 'two']) mkdirSync(at(name))
      symlinkSync('../one/y.f32', at('out/a.f32'))
      symlinkSync('../two/y.f32', at('out/b.f32'))
      expect(await runHere(['apply', 'a.f32', 'b.f32', '-o', 'out/'])).toMatchObject({ code: 0 })
      for (const name of ['one/y.f32', 'two/y.f32']) expect(read(name).equals(yBytes)).toBe(true)
    },
  )

  test('hard links to one input are accepted with -o DIR/', async () => {
    linkSync(at('a.f32'), at('hard.f32'))
    expect(await runHere(['apply', 'a.f32', 'hard.f32', '-o', 'out/'])).toMatchObject({ code: 0 })
    expect(names('out')).toEqual(['a.f32', 'hard.f32'])
    expect(await runHere(['apply', 'a.f32', 'b.f32', '--in-place'])).toMatchObject({ code: 0 })
    // The result is a new file under one name. The other name keeps the old file.
    expect(read('a.f32').equals(yBytes)).toBe(true)
    expect(read('hard.f32').equals(xBytes)).toBe(true)
  })

  test.skipIf(onWindows)('a FIFO with --in-place: refused', async () => {
    heldFifo('fifo.f32')
    const end = await endOf(start(['apply', '--in-place', 'a.f32', 'fifo.f32']))
    expect(end).toMatchObject({ code: 2 })
    expect(end.stderr).toMatch(/fifo\.f32 must be a file with --in-place; got a FIFO\. .*\n$/)
    expect(statSync(at('fifo.f32')).isFIFO()).toBe(true)
    expect(read('a.f32').equals(xBytes)).toBe(true)
  })
})

describe.skipIf(onWindows)('links as the output', () => {
  beforeEach(() => write('in.f32'))

  test('to a file that does not exist: it is created, and the links stay', async () => {
    mkdirSync(at('other'))
    symlinkSync('other/second.f32', at('first.f32'))
    symlinkSync('../new.f32', at('other/second.f32'))
    expect(await runHere(['apply', 'in.f32', '-o', 'first.f32'])).toMatchObject({ code: 0 })
    for (const name of ['first.f32', 'other/second.f32'])
      expect(lstatSync(at(name)).isSymbolicLink()).toBe(true)
    expect(lstatSync(at('new.f32')).isFile()).toBe(true)
    expect(read('first.f32').equals(yBytes)).toBe(true)
    expect(names()).toEqual(['first.f32', 'in.f32', 'new.f32', 'other'])
  })

  test('into a folder that does not exist: exit code 1, and the link stays', async () => {
    symlinkSync('no/out.f32', at('link.f32'))
    const { code, stderr } = await runHere(['apply', 'in.f32', '-o', 'link.f32'])
    expect(stderr).toMatch(/cannot write link\.f32: ENOENT/)
    expect(code).toBe(1)
    expect(lstatSync(at('link.f32')).isSymbolicLink()).toBe(true)
  })

  test('a path through a link and back up is followed as the system does', async () => {
    mkdirSync(at('far/deep'), { recursive: true })
    mkdirSync(at('near'))
    symlinkSync('../far/deep', at('near/link'))
    expect(await runHere(['apply', 'in.f32', '-o', 'near/link/../one.f32'])).toMatchObject({
      code: 0,
    })
    expect(await runHere(['apply', 'in.f32', '-o', 'near/link/../'])).toMatchObject({ code: 0 })
    expect(names('far')).toEqual(['deep', 'in.f32', 'one.f32'])
    expect(names('near')).toEqual(['link'])
  })
})

describe.runIf(onLinux)('names that are not UTF-8', () => {
  // A shell's printf, because Node cannot pass such arguments to a child.
  const notUtf8 = '"$(printf \'a\\377.f32\')"'

  test.each([
    ['an input', `"$1" "$0" apply ${notUtf8} -o out.f32`],
    ['an input, in place', `"$1" "$0" apply --in-place ${notUtf8}`],
    ['an output', `"$1" "$0" apply in.f32 -o ${notUtf8}`],
  ])('as %s: refused, another file is left alone', (_, line) => {
    write('in.f32')
    write('a\ufffd.f32')
    const before = names()
    const { code, stderr } = runShell(line)
    expect(stderr).toMatch(
      /^softplus: INPUT and OUTPUT must be names in UTF-8, .* got a\ufffd\.f32\. /,
    )
    expect(code).toBe(2)
    expect(names()).toEqual(before)
    expect(read('a\ufffd.f32').equals(xBytes)).toBe(true)
  })

  test('as the target of a link: refused, another file is left alone', () => {
    write('in.f32')
    write('a\ufffd.f32')
    const line = `cp in.f32 ${notUtf8}; ln -s ${notUtf8} link.f32; "$1" "$0" apply in.f32 -o link.f32`
    const { code, stderr } = runShell(line)
    expect(stderr).toMatch(/^softplus: link\.f32 must lead to a name in UTF-8; /)
    expect(code).toBe(2)
    expect(read('a\ufffd.f32').equals(xBytes)).toBe(true)
    expect(temporaries()).toEqual([])
  })
})

describe.runIf(onLinux)(
  'a link to a name that is not UTF-8, where another link has its name in U+FFFD',
  () => {
    test.each([
      ['to one output', 'link.f32'],
      ['to several', 'out/'],
    ])('%s: refused, what that link leads to is left alone', (_, output) => {
      for (const name of ['in.f32', 'more.f32', 'other.f32']) write(name)
      mkdirSync(at('out'))
      symlinkSync(at('other.f32'), at('a\ufffd.f32'))
      const name = '"$PWD/$(printf \'a\\377.f32\')"'
      const inputs = output === 'out/' ? 'in.f32 more.f32' : 'in.f32'
      const line = `ln -s ${name} link.f32; ln -s ${name} out/in.f32; "$1" "$0" apply ${inputs} -o ${output}`
      const { code, stderr } = runShell(line)
      expect(stderr).toMatch(/ must lead to a name in UTF-8; got a link to .*a\ufffd\.f32\. /)
      expect(code).toBe(2)
      expect(read('other.f32').equals(xBytes)).toBe(true)
      expect(temporaries()).toEqual([])
      expect(names('out')).toEqual(['in.f32'])
    })
  },
)

describe.skipIf(onWindows)('standard streams', () => {
  beforeEach(() => {
    write('in.f32')
    write('out.f32', 'as it was')
  })

  test.each([
    ['stdin closed', '"$1" "$0" apply - -o out.f32 <&-', 'read standard input', '<'],
    ['stdout closed', '"$1" "$0" apply in.f32 -o - >&-', 'write standard output', '>'],
    [
      'stdin /dev/null for both',
      '"$1" "$0" apply - -o out.f32 <>/dev/null',
      'read standard input',
      '<',
    ],
  ])('%s: exit code 1, no output replaced, what to do', (_, line, action, sign) => {
    const { code, stderr } = runShell(line)
    expect(stderr).toBe(
      `softplus: cannot ${action}: EBADF, it must be open; got none, or /dev/null opened for reading and writing. ` +
        `Redirect it with ${sign} /dev/null\n`,
    )
    expect(code).toBe(1)
    expect(read('out.f32').toString()).toBe('as it was')
    expect(names()).toEqual(['in.f32', 'out.f32'])
  })

  test('/dev/null is an empty input, and takes every output', () => {
    expect(runShell('"$1" "$0" apply - -o out.f32 < /dev/null')).toMatchObject({ code: 0 })
    expect(read('out.f32')).toHaveLength(0)
    expect(runShell('"$1" "$0" apply in.f32 -o - > /dev/null')).toMatchObject({ code: 0 })
  })

  test('closed standard streams are ignored unless `-` is used', () => {
    expect(runShell('"$1" "$0" apply in.f32 -o out.f32 <&- >&-')).toMatchObject({ code: 0 })
    expect(read('out.f32').equals(yBytes)).toBe(true)
    expect(runShell('"$1" "$0" --version >&-')).toMatchObject({ code: 0 })
  })
})

describe.skipIf(onWindows)('signals while a FIFO is held open', () => {
  const signals = [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const

  test.each(signals)('%s by its writer: exit code %i, nothing left', async (signal, code) => {
    heldFifo('in.f32')
    write('out.f32', 'as it was')
    const child = start(['apply', 'in.f32', '-o', 'out.f32'])
    const end = endOf(child)
    await untilTemporary(child)
    child.kill(signal)
    expect(await end).toMatchObject({ code, signal: null })
    expect(names()).toEqual(['in.f32', 'out.f32'])
    expect(read('out.f32').toString()).toBe('as it was')
  })

  test.each(['--help', 'apply --help'])('%s tells the exit codes', (args) => {
    const text = runProcess(args.split(' ')).stdout.toString()
    for (const [signal, code] of signals)
      expect(text).toMatch(RegExp(`^ +${code} .*\\(${signal}\\)$`, 'm'))
  })
})

describe('the command and Node', () => {
  test.skipIf(onWindows)('info --json escapes what a terminal would not show as it is', () => {
    const odd = 'a\x1b\x9b\u202e\u2028\u{e0001}'
    mkdirSync(at(`${odd}/dist`), { recursive: true })
    const copy = at(`${odd}/dist/cli.cjs`)
    for (const file of ['cli.cjs', 'index.cjs', 'modules.cjs'])
      copyFileSync(join(dirname(command), file), at(`${odd}/dist/${file}`))
    const { stdout } = spawnSync(process.execPath, [copy, 'info', '--json'])
    const json = stdout.toString()
    expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    expect(JSON.parse(json).error).toContain(odd)
  })

  test('no V8 flag is changed', () => {
    write(
      'hook.cjs',
      "require('node:v8').setFlagsFromString = (flag) => console.error('changed', flag)",
    )
    write('in.f32')
    const hook = { NODE_OPTIONS: `--require ${JSON.stringify(at('hook.cjs'))}` }
    const { code, stderr } = runProcess(['apply', 'in.f32', '-o', 'out.f32'], { env: hook })
    expect(stderr).toMatch(/^softplus: backend [^\n]*\n$/)
    expect(code).toBe(0)
  })

  test('the help of --threads says that backend js has no threads', () => {
    const help = runProcess(['apply', '--help']).stdout.toString()
    const [threads] = /--threads N[\s\S]*?(?=\n {2}-)/.exec(help) ?? []
    expect(threads).toMatch(/js has\s+no\s+threads/)
    expect(threads).not.toMatch(/pool|no addon/)
  })

  test.each(backend.available)('--threads with backend %s gives the same bits', (name) => {
    write('in.f32')
    const args = ['apply', 'in.f32', '-o', 'out.f32', '--threads', '3']
    expect(runProcess(args, { env: { SOFTPLUS_BACKEND: name } })).toMatchObject({ code: 0 })
    expect(read('out.f32').equals(yBytes)).toBe(true)
  })
})
