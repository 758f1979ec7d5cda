// The command in this process: what it reads and writes, what it refuses, its exit codes, and the signals it takes.

import { spawn, spawnSync } from 'node:child_process'
import { pbkdf2 } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { exitCodes, UsageError } from '../src/cli/errors'
import { openOutput } from '../src/cli/io/output'
import { removeIfPossible, sweep, temporaryPath } from '../src/cli/io/temporary'
import { reportFailure, run } from '../src/cli/run'
import { SystemFailure } from '../src/files/errors'
import { backend, relu, softplus } from '../src/index'
import {
  at,
  captured,
  makeFifo,
  names,
  onWindows,
  read,
  runHere,
  samples,
  useFolder,
  write,
  x,
  xBytes,
  yBytes,
} from './command'
import { floatBytes, headerDict, npyFile } from './npy-writer'

useFolder()

describe('apply', () => {
  test.each([
    [['--beta', '2'], { beta: 2 }],
    [['--beta=-2'], { beta: -2 }],
    [['--beta', '1e-3'], { beta: 1e-3 }],
    [['--threshold', '3.5'], { threshold: 3.5 }],
    [['--threshold=-1'], { threshold: -1 }],
    [['--threshold', 'Infinity'], { threshold: Infinity }],
    [['--threshold', 'inf'], { threshold: Infinity }],
    [['--threshold=-inf'], { threshold: -Infinity }],
    [['--beta', '.5', '--threshold', '2'], { beta: 0.5, threshold: 2 }],
  ])('%j is passed on', async (args, options) => {
    write('in.f32', xBytes)
    for (const [name, activate] of [
      ['softplus', softplus],
      ['derivative', softplus.derivative],
    ] as const) {
      const { code, stderr } = await runHere([
        'apply',
        'in.f32',
        '-o',
        'out.f32',
        '-f',
        name,
        ...args,
      ])
      expect(code, stderr).toBe(0)
      expect(read('out.f32')).toEqual(floatBytes(activate(x, options)))
    }
  })

  describe('to a .npy file', () => {
    const activated = yBytes
    const dict = "{'shape':(3L,20L), 'fortran_order' : False,'descr':\"<f4\"}"
    // One to four bytes of padding, so that the data begins at every offset modulo 4.
    const paddings = ['\n', ' \n', '  \n', '   \n']
    const files: [name: string, file: Buffer][] = [
      ['version 1.0', npyFile({ shape: [60], data: xBytes })],
      ['version 2.0', npyFile({ version: [2, 0], shape: [3, 4, 5], data: xBytes })],
      ['version 3.0', npyFile({ version: [3, 0], shape: [3, 20], data: xBytes })],
      ['Fortran order', npyFile({ shape: [20, 3], fortranOrder: true, data: xBytes })],
      ...paddings.map((padding): [string, Buffer] => [
        `an unusual header and ${padding.length} bytes of padding`,
        npyFile({ header: dict + padding, data: xBytes }),
      ]),
    ]

    test.each(files)('%s: the header is kept, the data is activated', async (_, file) => {
      write('in.npy', file)
      const { code, stderr } = await runHere(['apply', 'in.npy', '-o', 'out.npy'])
      expect(code, stderr).toBe(0)
      const header = file.subarray(0, file.length - xBytes.length)
      expect(read('out.npy')).toEqual(Buffer.concat([header, activated]))
      expect(read('in.npy')).toEqual(file)
    })

    test('a 0-dimensional array is one element', async () => {
      write('in.npy', npyFile({ shape: [], data: floatBytes(Float32Array.of(0)) }))
      expect((await runHere(['apply', 'in.npy', '-o', 'out.npy'])).stderr).toContain(
        ', 1 elements,',
      )
      const data = floatBytes(softplus(Float32Array.of(0)))
      expect(read('out.npy')).toEqual(npyFile({ shape: [], data }))
    })

    test.each([[[0]], [[3, 0, 5]]])('an empty array, shape %j', async (shape) => {
      write('in.npy', npyFile({ shape }))
      const { code, stderr } = await runHere(['apply', 'in.npy', '-o', 'out.npy'])
      expect(code).toBe(0)
      expect(stderr).toBe(`softplus: backend ${backend.name}, softplus, 0 elements\n`)
      expect(read('out.npy')).toEqual(npyFile({ shape }))
    })
  })

  test('an empty .f32 file', async () => {
    write('in.f32', Buffer.alloc(0))
    expect((await runHere(['apply', 'in.f32', '-o', 'out.f32'])).code).toBe(0)
    expect(read('out.f32')).toHaveLength(0)
  })

  test('an extension in capitals', async () => {
    write('IN.NPY', npyFile({ shape: [60], data: xBytes }))
    expect((await runHere(['apply', 'IN.NPY', '-o', 'OUT.NPY'])).code).toBe(0)
    expect(read('OUT.NPY')).toEqual(npyFile({ shape: [60], data: yBytes }))
  })

  test('a name that begins with a dash, after --', async () => {
    write('-in.f32', xBytes)
    expect((await runHere(['apply', '-o', 'out.f32', '--', '-in.f32'])).code).toBe(0)
    expect(existsSync(at('out.f32'))).toBe(true)
  })

  describe('the output', () => {
    test('may be the input', async () => {
      write('data.npy', npyFile({ shape: [60], data: xBytes }))
      expect((await runHere(['apply', 'data.npy', '-o', 'data.npy'])).code).toBe(0)
      expect(read('data.npy')).toEqual(npyFile({ shape: [60], data: yBytes }))
      expect(names()).toEqual(['data.npy'])
    })

    test('replaces an existing file, longer or not', async () => {
      write('in.f32', xBytes)
      write('out.f32', Buffer.alloc(1000))
      expect((await runHere(['apply', 'in.f32', '-o', 'out.f32'])).code).toBe(0)
      expect(read('out.f32')).toEqual(yBytes)
    })

    test.skipIf(onWindows)("keeps the existing file's permissions", async () => {
      write('in.f32', xBytes)
      writeFileSync(at('out.f32'), '', { mode: 0o600 })
      expect((await runHere(['apply', 'in.f32', '-o', 'out.f32'])).code).toBe(0)
      expect(statSync(at('out.f32')).mode & 0o777).toBe(0o600)
    })

    test.skipIf(onWindows)('goes to where a link leads, and the link stays', async () => {
      write('in.f32', xBytes)
      mkdirSync(at('elsewhere'))
      write('elsewhere/out.f32', Buffer.alloc(0))
      symlinkSync('elsewhere/out.f32', at('link.f32'))
      expect((await runHere(['apply', 'in.f32', '-o', 'link.f32'])).code).toBe(0)
      expect(lstatSync(at('link.f32')).isSymbolicLink()).toBe(true)
      expect(read('elsewhere/out.f32')).toEqual(yBytes)
      expect(names('elsewhere')).toEqual(['out.f32'])
    })

    test.skipIf(onWindows)('can be a device, which stays one', async () => {
      write('in.f32', xBytes)
      expect((await runHere(['apply', 'in.f32', '-o', '/dev/null'])).code).toBe(0)
      expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
    })

    test.runIf(existsSync('/dev/full'))('on a full device is a failure', async () => {
      write('in.f32', xBytes)
      const { code, stderr } = await runHere(['apply', 'in.f32', '-o', '/dev/full'])
      expect(code).toBe(1)
      expect(stderr).toMatch(/^softplus: cannot write \/dev\/full: ENOSPC, .*\n$/)
    })

    test('of the other format is refused', async () => {
      write('in.f32', xBytes)
      const { code, stderr } = await runHere(['apply', 'in.f32', '-o', 'out.npy'])
      expect(code).toBe(2)
      expect(stderr).toMatch(
        /^softplus: out\.npy: the name must end in \.f32, .* got \.npy\. .*\n$/,
      )
      expect(names()).toEqual(['in.f32'])
      const piped = await runHere(['apply', '-', '-o', 'out.npy'], xBytes)
      expect(piped.code).toBe(2)
      expect(names()).toEqual(['in.f32'])
    })
  })
})

describe('several inputs', () => {
  test('several inputs go into a folder, or over themselves', async () => {
    mkdirSync(at('in'))
    mkdirSync(at('out'))
    write('in/a.f32', xBytes)
    write('in/b.npy', npyFile({ shape: [60], data: xBytes }))
    const inputs = ['in/a.f32', 'in/b.npy']
    const { code, stderr } = await runHere(['apply', ...inputs, '-o', 'out/'])
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/^softplus: in\/a\.f32, backend .*\nsoftplus: in\/b\.npy, backend .*\n$/)
    const want = [yBytes, npyFile({ shape: [60], data: yBytes })]
    expect(names('out')).toEqual(['a.f32', 'b.npy'])
    expect([read('out/a.f32'), read('out/b.npy')]).toEqual(want)
    expect(await runHere(['apply', ...inputs, '--in-place', '--quiet'])).toMatchObject({
      code: 0,
      stderr: '',
    })
    expect([read('in/a.f32'), read('in/b.npy')]).toEqual(want)
  })

  test('a wrong file among them: those before it are done, it is as it was', async () => {
    for (const name of ['a', 'c']) write(`${name}.f32`, xBytes)
    write('b.f32', Buffer.alloc(7))
    const { code, stderr } = await runHere(['apply', 'a.f32', 'b.f32', 'c.f32', '--in-place'])
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /^softplus: a\.f32, .*\nsoftplus: b\.f32: the data must be float32, .*\n$/,
    )
    expect(read('a.f32')).toEqual(yBytes)
    expect([read('b.f32'), read('c.f32')]).toEqual([Buffer.alloc(7), xBytes])
    expect(names()).toHaveLength(3)
  })

  test('a folder that is not there', async () => {
    write('a.f32', xBytes)
    const { code, stderr } = await runHere(['apply', 'a.f32', '-o', 'no/'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/cannot write no\/a\.f32: ENOENT, /)
  })
})

describe('wrong input: exit code 2, one line, nothing written', () => {
  const data = Buffer.alloc(48)
  const typed = (dtype: string, size: number) =>
    npyFile({ dtype, shape: [2], data: Buffer.alloc(2 * size) })
  const structured = headerDict({ shape: [1] }).replace("'<f4'", "[('a', '<f4'), ('b', '<f4')]")
  const convert = "numpy: a\\.astype\\('<f4'\\)\n$"
  const cases: [what: string, name: string, bytes: Buffer, message: RegExp][] = [
    ['float64', 'x.npy', typed('<f8', 8), RegExp(`got float64 \\('<f8'\\)\\. .*${convert}`)],
    ['float16', 'x.npy', typed('<f2', 2), RegExp(`got float16 \\('<f2'\\)\\. .*${convert}`)],
    ['big-endian', 'x.npy', typed('>f4', 4), RegExp(`got big-endian float32 .*${convert}`)],
    ['integers', 'x.npy', typed('<i4', 4), RegExp(`got int32 \\('<i4'\\)\\. .*${convert}`)],
    ['bytes', 'x.npy', typed('|u1', 1), RegExp(`got uint8 \\('\\|u1'\\)\\. .*${convert}`)],
    ['booleans', 'x.npy', typed('|b1', 1), RegExp(`got '\\|b1'\\. .*${convert}`)],
    ['complex numbers', 'x.npy', typed('<c8', 8), /got complex64 .*numpy: a\.real\.astype/],
    ['objects', 'x.npy', typed('|O', 8), RegExp(`got '\\|O'\\. .*${convert}`)],
    [
      'a structured dtype',
      'x.npy',
      npyFile({ header: structured, data: Buffer.alloc(8) }),
      /got a structured type \[\('a', '<f4'\), .*numpy: a\['FIELD'\]\.astype\('<f4'\)\n$/,
    ],
    [
      'no fields',
      'x.npy',
      npyFile({ header: headerDict({ shape: [1] }).replace("'<f4'", '[]') }),
      /got a structured type \[\]\. .*FIELD/,
    ],
    [
      'data cut off',
      'x.npy',
      npyFile({ shape: [3, 4], data: data.subarray(1) }),
      /must be 48 bytes \(shape \(3, 4\) of '<f4'\); got 47\. The file is cut off/,
    ],
    ['data too long', 'x.npy', npyFile({ shape: [11], data }), /must be 44 bytes .*; got 48\. If /],
    ['a huge shape', 'x.npy', npyFile({ shape: [2 ** 40, 2 ** 40], data }), /at most 2\^53 - 1/],
    ['another magic', 'x.npy', Buffer.from('PK\x03\x04abcd'), /\(\\x93NUMPY\); got the bytes 504b/],
    ['an empty .npy', 'x.npy', Buffer.alloc(0), /got no bytes at all/],
    ['an unknown version', 'x.npy', npyFile({ version: [9, 1], data }), /3\.0; got 9\.1\./],
    ['a header cut off', 'x.npy', npyFile({ shape: [12] }).subarray(0, 40), /The file is cut off/],
    [
      'no literal',
      'x.npy',
      npyFile({ header: 'import os' }),
      /must be a Python literal with a string, .* at character 0; got "import os"/,
    ],
    ['controls in the header', 'x.npy', typed('\x1b[2J\x07', 1), /got '\\x1b\[2J\\x07'/],
    [
      'raw bytes left over',
      'x.f32',
      Buffer.alloc(10),
      /got 10 bytes, which leaves 2 over\. .*numpy/,
    ],
    ['another extension', 'x.bin', xBytes, /must end in \.npy .* or \.f32 .*; got '\.bin'/],
    ['no extension', 'x', xBytes, /got no extension/],
  ]

  test.each(cases)('%s', async (_, name, bytes, message) => {
    write(name, bytes)
    write('out', Buffer.from('as it was'))
    const existing = await runHere(['apply', name, '-o', 'out'])
    expect(existing.stderr).toMatch(message)
    expect(existing.stderr).toMatch(/^softplus: x.*\n$/)
    expect(existing.code).toBe(2)
    expect(existing.stdout).toHaveLength(0)
    expect(read('out').toString()).toBe('as it was')

    expect((await runHere(['apply', name, '-o', 'new'])).code).toBe(2)
    expect(names()).toEqual(['out', name].sort())
  })

  test('in place, the input stays as it was', async () => {
    write('x.npy', typed('<f8', 8))
    expect((await runHere(['apply', 'x.npy', '-o', 'x.npy'])).code).toBe(2)
    expect(read('x.npy')).toEqual(typed('<f8', 8))
  })
})

describe('what the file system refuses: exit code 1, the code and the path', () => {
  test.each([
    ['a missing input', ['missing.npy', '-o', 'out.npy'], /cannot read missing\.npy: ENOENT, /],
    ['a directory as input', ['folder', '-o', 'out.npy'], /cannot read folder: EISDIR, /],
    ['a directory as output', ['in.f32', '-o', 'folder'], /cannot write folder: EISDIR, /],
    ['no such directory', ['in.f32', '-o', 'no/out.f32'], /cannot write no\/out\.f32: ENOENT, /],
    [
      'a file as directory',
      ['in.f32', '-o', 'in.f32/o'],
      /cannot write in\.f32\/o: ENO(TDIR|ENT), /,
    ],
    ['a line break in a name', ['a\nb.npy', '-o', 'o.npy'], /cannot read a b\.npy: ENOENT, /],
  ])('%s', async (_, args, message) => {
    write('in.f32', xBytes)
    mkdirSync(at('folder'))
    const { code, stdout, stderr } = await runHere(['apply', ...args])
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^softplus: .*\n$/)
    expect(code).toBe(1)
    expect(stdout).toHaveLength(0)
    expect(names()).toEqual(['folder', 'in.f32'])
  })

  test.skipIf(onWindows || process.getuid?.() === 0)('an unwritable directory', async () => {
    write('in.f32', xBytes)
    mkdirSync(at('locked'), { mode: 0o500 })
    const { code, stderr } = await runHere(['apply', 'in.f32', '-o', 'locked/out.f32'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^softplus: cannot write locked\/out\.f32: EACCES, .*\n$/)
  })
})

describe('wrong usage: exit code 2 and a hint', () => {
  test.each([
    [[], /the command must be apply or info; got none/],
    [['aply', 'x'], /the command must be apply or info; got 'aply'/],
    [['--loud'], /'--loud'/],
    [['apply'], /INPUT must be a \.npy, \.arrow or \.f32 file, or - for stdin; got none/],
    [['apply', ''], /INPUT must be .* got none/],
    [
      ['apply', 'a.npy'],
      /OUTPUT must be a file, DIR\/ or - for stdout; got none\. Give -o OUTPUT or --in-place/,
    ],
    [
      ['apply', 'a.npy', 'b.npy', '-o', 'c.npy'],
      /OUTPUT must be DIR\/, .* for 2 INPUTs; got -o c\.npy/,
    ],
    [['apply', 'a.npy', 'b/a.npy', '-o', 'c/'], /different names with -o c\/; got a\.npy twice/],
    [['apply', '-', '-o', 'c/'], /INPUTs must be files with -o c\/; got -/],
    [['apply', '-', 'b.npy', '-o', 'c/'], /INPUTs must be files with -o c\/; got -/],
    [['apply', '-', '--in-place'], /INPUTs must be files with --in-place; got -/],
    [
      ['apply', 'a.npy', '--in-place', '-o', 'b.npy'],
      /-o must be left out with --in-place; got -o b\.npy/,
    ],
    [
      ['apply', 'a.npy', '-o', 'b.npy', '--threads', '0'],
      /--threads must be an integer from 1 to 1024; got '0'/,
    ],
    [['apply', 'a.npy', '-o', 'b.npy', '--threads', 'all'], /--threads must be .*; got 'all'/],
    [['apply', 'a.npy', '-o'], /'-o, --output <value>' argument missing/],
    [['apply', 'a.npy', '-o', 'b.npy', '--loud'], /'--loud'/],
    [
      ['apply', 'a.npy', '-o', 'b.npy', '--function', 'tanh'],
      /--function must be softplus, derivative, second-derivative, .+ or .+; got 'tanh'/,
    ],
    [['apply', 'a.npy', '-o', 'b.npy', '--function', 'toString'], /got 'toString'/],
    [
      ['apply', 'a.npy', '-o', 'b.npy', '--function', 'relu', '--beta', '2'],
      /--beta must be left out with --function relu; got 2\. .* take it are softplus, .+, inverse /,
    ],
    [
      ['apply', 'a.npy', '-o', 'b.npy', '--function', 'relu-derivative', '--threshold', '2'],
      /--threshold must be left out with --function relu-derivative; got 2\. /,
    ],
    [['apply', 'a.npy', '-o', 'b.npy', '--beta', 'two'], /--beta must be a number; got 'two'/],
    [['apply', 'a.npy', '-o', 'b.npy', '--beta', ''], /--beta must be a number; got ''/],
    [['apply', 'a.npy', '-o', 'b.npy', '--beta', '0x2'], /--beta must be a number; got '0x2'/],
    [['apply', 'a.npy', '-o', 'b.npy', '--beta', '-2'], /--beta=-/],
    [['apply', 'a.npy', '-o', 'b.npy', '--beta', '0'], /beta must be finite and not 0/],
    [['apply', 'a.npy', '-o', 'b.npy', '--beta', '1e-60'], /beta must be finite and not 0/],
    [['apply', 'a.npy', '-o', 'b.npy', '--beta', 'inf'], /beta must be finite/],
    [
      ['apply', 'a.npy', '-o', 'b.npy', '--threshold', 'nan'],
      /--threshold must be a number; got 'nan'/,
    ],
    [['info', 'more'], /more/],
    [['info', '--jsn'], /'--jsn'/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await runHere(args)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^softplus: .* \(see softplus --help\)\n$/)
    expect(code).toBe(2)
    expect(stdout).toHaveLength(0)
    expect(names()).toEqual([])
  })
})

describe('apply, a few thousand elements', () => {
  const long = samples(5000)
  const npy = (floats: Float32Array) =>
    npyFile({ shape: [floats.length], data: floatBytes(floats) })

  beforeEach(() => {
    write('x.npy', npy(long))
    write('x.f32', floatBytes(long))
  })

  const scaled = { beta: 2, threshold: 3 }

  test.each<[input: string, output: string, more: string[], result: Buffer]>([
    ['x.npy', 'y.npy', [], npy(softplus(long))],
    ['x.f32', 'y.f32', ['--beta', '2', '--threshold', '3'], floatBytes(softplus(long, scaled))],
    ['x.f32', 'y.f32', ['--threads', '2', '-f', 'inverse'], floatBytes(softplus.inverse(long))],
    ['x.f32', 'y.f32', ['-f', 'relu-derivative', '-q'], floatBytes(relu.derivative(long))],
  ])('%s -o %s %j', async (input, output, more, result) => {
    const { code, stdout, stderr } = await runHere(['apply', input, '-o', output, ...more])
    expect(code).toBe(0)
    expect(read(output).equals(result)).toBe(true)
    expect(stdout).toHaveLength(0)
    expect(stderr).toMatch(more.includes('-q') ? /^$/ : /^softplus: backend \w+, .* 5,000 elements/)
  })

  test.each([
    ['raw', floatBytes(long), floatBytes(softplus(long))],
    ['.npy', npy(long), npy(softplus(long))],
  ])('from stdin to stdout, %s', async (_, input, result) => {
    const { code, stdout } = await runHere(['apply', '-', '-o', '-'], input)
    expect(code).toBe(0)
    expect(stdout.equals(result)).toBe(true)
  })

  test.skipIf(onWindows)('from a FIFO to a FIFO', async () => {
    for (const name of ['in.f32', 'out.f32']) makeFifo(name)
    const reader = spawn('cat', [at('out.f32')])
    const writer = spawn('sh', ['-c', 'cat "$0" > "$1"', at('x.f32'), at('in.f32')])
    const [results] = await Promise.all([
      reader.stdout.toArray(),
      runHere(['apply', 'in.f32', '-o', 'out.f32']),
      once(writer, 'close'),
    ])
    expect(Buffer.concat(results).equals(floatBytes(softplus(long)))).toBe(true)
  })

  test.skipIf(onWindows)(
    '--in-place refuses FIFOs, links to another input and names that are not UTF-8',
    async () => {
      makeFifo('fifo.f32')
      symlinkSync('x.f32', at('link.f32'))
      for (const [inputs, message] of [
        [['x.f32', 'fifo.f32'], /got a FIFO/],
        [['x.f32', 'link.f32'], /link\.f32, which are the same file/],
        [['a\ufffd.f32'], /names in UTF-8/],
      ] as const) {
        const { code, stderr } = await runHere(['apply', '--in-place', ...inputs])
        expect(stderr).toMatch(message)
        expect(code).toBe(2)
      }
      expect(read('x.f32').equals(floatBytes(long))).toBe(true)
    },
  )

  test.skipIf(onWindows)('to the file that a link leads to', async () => {
    symlinkSync('new.f32', at('link.f32'))
    expect(await runHere(['apply', 'x.f32', '-o', 'link.f32'])).toMatchObject({ code: 0 })
    expect(read('new.f32').equals(floatBytes(softplus(long)))).toBe(true)
    symlinkSync('new\ufffd.f32', at('wrong.f32'))
    const { code, stderr } = await runHere(['apply', 'x.f32', '-o', 'wrong.f32'])
    expect(stderr).toMatch(/must lead to a name in UTF-8/)
    expect(code).toBe(2)
  })

  test('a bar on a terminal', async () => {
    const { isTTY } = process.stderr
    process.stderr.isTTY = true
    const { stderr } = await runHere(['apply', 'x.f32', '-o', 'y.f32']).finally(() => {
      process.stderr.isTTY = isTTY
    })
    expect(stderr).toMatch(/x\.f32 .*100% of 0\.0 MB[\s\S]*softplus: backend/)
    expect(read('y.f32').equals(floatBytes(softplus(long)))).toBe(true)
  })

  test('a .f32 file that begins as a .npy file does is float32 all the same', async () => {
    for (const version of [
      [9, 9],
      [1, 0],
    ]) {
      const bytes = Buffer.concat([npyFile({ shape: [1] }).subarray(0, 6), Buffer.alloc(10, 9)])
      bytes.set(version, 6)
      write('x.f32', bytes)
      expect(await runHere(['apply', 'x.f32', '-o', 'y.f32'])).toMatchObject({ code: 0 })
      const floats = new Float32Array(new Uint8Array(bytes).buffer)
      expect(read('y.f32').equals(floatBytes(softplus(floats)))).toBe(true)
    }
  })
})

test.each([
  [['--help'], /^softplus - .*[\s\S]*Exit codes:/],
  [['apply', '--help'], /^softplus apply - .*[\s\S]*relu-derivative/],
  [['info', '--help'], /^softplus - /],
  [['--version'], /^\d+\.\d+\.\d+\n$/],
  [['info'], /^softplus +\d.*\nbackend +\w+\n/],
  [['info', '--json'], /^\{\n {2}"version"/],
])('%j', async (args, text) => {
  const { code, stdout, stderr } = await runHere(args)
  expect(stdout.toString()).toMatch(text)
  expect([code, stderr]).toEqual([0, ''])
})

describe('failures', () => {
  test.each([
    ['usage', new UsageError('so not'), 2, 'so not (see softplus --help)'],
    [
      'system',
      new SystemFailure('read x', Object.assign(new Error('ill'), { code: 'EX' })),
      1,
      'cannot read x: EX, ill',
    ],
    ['not an Error', 'a string', 1, 'a string'],
    ['a cause that is not an Error', new SystemFailure('read x', 'ill'), 1, 'cannot read x: ill'],
    ['line breaks and controls', new Error('a\r\nb\nc\x1b[2J\x07'), 1, 'a b c\\x1b[2J\\x07'],
    [
      'characters that are invisible or reverse text',
      new Error('a\u202eb\u2028c\ufeff\u00ad'),
      1,
      'a\\u{202e}b\\u{2028}c\\u{feff}\\xad',
    ],
  ])('%s', async (_, error, code, line) => {
    const failure = await captured(async () => reportFailure(error))
    expect(failure).toMatchObject({ code, stderr: `softplus: ${line}\n` })
  })
})

describe('the output file', () => {
  test.each([
    ['SIGHUP', exitCodes.hangUp],
    ['SIGINT', exitCodes.interrupt],
    ['SIGTERM', exitCodes.terminate],
  ] as const)('%s removes what is not complete', async (signal, code) => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never)
    const before = process.listenerCount(signal)
    const output = await openOutput(at('y.f32'))
    await output.write(floatBytes(x))
    expect(names()).toHaveLength(1)
    expect(process.listenerCount(signal)).toBe(before + 1)
    process.listeners(signal).at(-1)?.(signal as never)
    expect(names()).toEqual([])
    expect(exit).toHaveBeenCalledWith(code)
    await output.discard()
    expect(process.listenerCount(signal)).toBe(before)
  })

  test('a signal while the temporary file is created leaves none', async () => {
    vi.spyOn(process, 'exit').mockImplementation((() => {}) as never)
    const before = process.listenerCount('SIGTERM')
    // Keeps every thread of the pool busy, so that a file created in one of them would come after the signal.
    process.once('newListener', () => {
      for (let i = 0; i < 16; i++) pbkdf2('', '', 100_000, 16, 'sha256', () => {})
    })
    const opening = openOutput(at('y.f32'))
    while (process.listenerCount('SIGTERM') === before) await setImmediate()
    process.listeners('SIGTERM').at(-1)?.('SIGTERM' as never)
    const output = await opening
    expect(names()).toEqual([])
    await output.discard()
  })

  test('a folder that is not there leaves no listener for signals', async () => {
    const before = process.listenerCount('SIGINT')
    await expect(openOutput(at('no/y.f32'))).rejects.toThrow(/ENOENT/)
    expect(process.listenerCount('SIGINT')).toBe(before)
    await expect(openOutput(at())).rejects.toThrow(/EISDIR/)
  })

  test('temporary files: those of dead processes of this machine go, once in a run', async () => {
    const { pid } = spawnSync(process.execPath, ['--version'])
    const dead = () => temporaryPath(at()).replace(`-${process.pid}-`, `-${pid}-`)
    const alive = temporaryPath(at())
    const elsewhere = dead().replace(/softplus-[0-9a-f]{8}/, 'softplus-00000000')
    const init = temporaryPath(at()).replace(`-${process.pid}-`, '-1-')
    const kept = [alive, elsewhere, init, at('.softplus-mine.tmp')]
    for (const path of [...kept, dead(), dead()]) writeFileSync(path, '')
    mkdirSync(dead())
    await sweep(at())
    expect(names()).toHaveLength(kept.length + 1)
    for (const path of kept) expect(readFileSync(path)).toHaveLength(0)
    writeFileSync(dead(), '')
    await sweep(at())
    expect(names()).toHaveLength(kept.length + 2)
  })

  test('sweeping and removing what is not there', async () => {
    await sweep(at('no'))
    removeIfPossible(at('no'))
    expect(names()).toEqual([])
  })
})

describe('main', () => {
  const main = (args: string[]) =>
    captured(async () => {
      vi.resetModules()
      vi.spyOn(process, 'argv', 'get').mockReturnValue(['node', 'softplus', ...args])
      await import('../src/cli/main')
      await vi.waitFor(() => expect(process.exitCode).not.toBe(undefined))
      return Number(process.exitCode)
    })

  afterEach(() => {
    process.exitCode = undefined
    vi.unstubAllEnvs()
  })

  test.each([
    [['--version'], 0, /^$/],
    [['aply'], 2, /got 'aply' \(see softplus --help\)/],
    [['apply', 'no.f32', '-o', 'y.f32'], 1, /cannot read no\.f32: ENOENT/],
  ])('%j: exit code %i', async (args, code, message) => {
    const ended = await main(args)
    expect(ended.stderr).toMatch(message)
    expect(ended.code).toBe(code)
  })

  test('a backend that cannot run: exit code 2', async () => {
    vi.stubEnv('SOFTPLUS_BACKEND', 'abacus')
    const { code, stderr } = await main(['info'])
    expect(stderr).toMatch(/^softplus: SOFTPLUS_BACKEND must be .*; got "abacus"/)
    expect(code).toBe(2)
  })

  test('help needs no backend', async () => {
    vi.stubEnv('SOFTPLUS_BACKEND', 'abacus')
    expect(await main(['--help'])).toMatchObject({ code: 0, stderr: '' })
  })

  test('a reader that closes the pipe: exit code 0, nothing on stderr', async () => {
    const closed = Object.assign(new Error('closed'), { code: 'EPIPE' })
    const ended = await captured(async () => {
      vi.spyOn(process.stdout, 'write').mockImplementation(((
        _: unknown,
        done: (e: Error) => void,
      ) => done(closed)) as never)
      return run(['--help'])
    })
    expect(ended).toMatchObject({ code: 0, stderr: '' })
  })
})
