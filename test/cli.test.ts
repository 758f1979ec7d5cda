// The command, run as a process: what it writes, what it says, how it exits, what it leaves behind.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { backend, relu, softplus } from '../src/index'
import { floatBytes, headerDict, npyFile } from './npy-writer'

const root = fileURLToPath(new URL('..', import.meta.url))
const command = join(root, 'dist/cli.cjs')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const onWindows = process.platform === 'win32'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'softplus-cli-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

interface RunOptions {
  input?: Buffer
  env?: Record<string, string>
}

function run(args: string[], { input, env }: RunOptions = {}) {
  const result = spawnSync(process.execPath, [command, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    ...(input && { input }),
    maxBuffer: 1 << 28,
  })
  return { code: result.status, stdout: result.stdout, stderr: result.stderr.toString() }
}

function write(name: string, bytes: Uint8Array): void {
  writeFileSync(join(folder, name), bytes)
}

function read(name: string): Buffer {
  return readFileSync(join(folder, name))
}

function floatsIn(name: string): Float32Array {
  return new Float32Array(new Uint8Array(read(name)).buffer)
}

/** Values from every part of the line, the infinities included. */
function samples(count: number): Float32Array {
  const special = [0, -0, Infinity, -Infinity, 1e-40, -1e-40, 88, -88, -103.9, 3e38]
  return Float32Array.from({ length: count }, (_, i) => special[i] ?? Math.sin(i) * 20)
}

const x = samples(60)
const xBytes = floatBytes(x)

// The bits of a NaN may differ from backend to backend, so it is only where values are compared.
const xAndNaN = Float32Array.of(...x, Number.NaN)

describe('apply', () => {
  describe.each(backend.available)('with backend %s', (name) => {
    const env = { SOFTPLUS_BACKEND: name }

    test.each([
      ['softplus', softplus(xAndNaN)],
      ['derivative', softplus.derivative(xAndNaN)],
      ['second-derivative', softplus.secondDerivative(xAndNaN)],
      ['inverse', softplus.inverse(xAndNaN)],
      ['relu', relu(xAndNaN)],
      ['relu-derivative', relu.derivative(xAndNaN)],
    ])("%s gives the package's bits", (functionName, expected) => {
      write('in.f32', floatBytes(xAndNaN))
      const args = ['apply', 'in.f32', '-o', 'out.f32', '--function', functionName]
      const { code, stderr, stdout } = run(args, { env })
      expect(stderr).toMatch(
        new RegExp(
          `^softplus: backend ${name}, ${functionName}, 61 elements, [\\d.]+ ns/element, [\\d.]+ GB/s\n$`,
        ),
      )
      expect(code).toBe(0)
      expect(stdout).toHaveLength(0)
      expect(floatsIn('out.f32')).toEqual(expected)
    })
  })

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
  ])('%j is passed on', (args, options) => {
    write('in.f32', xBytes)
    for (const [name, activate] of [
      ['softplus', softplus],
      ['derivative', softplus.derivative],
    ] as const) {
      const { code, stderr } = run(['apply', 'in.f32', '-o', 'out.f32', '-f', name, ...args])
      expect(code, stderr).toBe(0)
      expect(read('out.f32')).toEqual(floatBytes(activate(x, options)))
    }
  })

  describe('to a .npy file', () => {
    const activated = floatBytes(softplus(x))
    const dict = "{'shape':(3L,20L), 'fortran_order' : False,'descr':\"<f4\"}"
    // Headers of 1 to 4 more bytes, so that the data begins at every offset from a multiple of 4.
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

    test.each(files)('%s: the header is kept, the data is activated', (_, file) => {
      write('in.npy', file)
      const { code, stderr } = run(['apply', 'in.npy', '-o', 'out.npy'])
      expect(code, stderr).toBe(0)
      const header = file.subarray(0, file.length - xBytes.length)
      expect(read('out.npy')).toEqual(Buffer.concat([header, activated]))
      expect(read('in.npy')).toEqual(file)
    })

    test('a 0-dimensional array is one element', () => {
      write('in.npy', npyFile({ shape: [], data: floatBytes(Float32Array.of(0)) }))
      expect(run(['apply', 'in.npy', '-o', 'out.npy']).stderr).toContain(', 1 elements,')
      const data = floatBytes(softplus(Float32Array.of(0)))
      expect(read('out.npy')).toEqual(npyFile({ shape: [], data }))
    })

    test.each([[[0]], [[3, 0, 5]]])('an empty array, shape %j', (shape) => {
      write('in.npy', npyFile({ shape }))
      const { code, stderr } = run(['apply', 'in.npy', '-o', 'out.npy'])
      expect(code).toBe(0)
      expect(stderr).toBe(`softplus: backend ${backend.name}, softplus, 0 elements\n`)
      expect(read('out.npy')).toEqual(npyFile({ shape }))
    })
  })

  test('an empty .f32 file', () => {
    write('in.f32', Buffer.alloc(0))
    expect(run(['apply', 'in.f32', '-o', 'out.f32']).code).toBe(0)
    expect(read('out.f32')).toHaveLength(0)
  })

  test('an extension in capitals', () => {
    write('IN.NPY', npyFile({ shape: [60], data: xBytes }))
    expect(run(['apply', 'IN.NPY', '-o', 'OUT.NPY']).code).toBe(0)
    expect(read('OUT.NPY')).toEqual(npyFile({ shape: [60], data: floatBytes(softplus(x)) }))
  })

  test('a name that begins with a dash, after --', () => {
    write('-in.f32', xBytes)
    expect(run(['apply', '-o', 'out.f32', '--', '-in.f32']).code).toBe(0)
    expect(existsSync(join(folder, 'out.f32'))).toBe(true)
  })

  describe('with - for stdin and stdout', () => {
    const npy = npyFile({ shape: [60], data: xBytes })
    const npyResult = npyFile({ shape: [60], data: floatBytes(softplus(x)) })

    test('.npy through pipes', () => {
      const { code, stdout, stderr } = run(['apply', '-', '-o', '-'], { input: npy })
      expect(code).toBe(0)
      expect(stdout).toEqual(npyResult)
      expect(stderr).toContain('60 elements')
    })

    test('raw float32 through pipes', () => {
      const { code, stdout } = run(['apply', '-', '-o', '-'], { input: xBytes })
      expect(code).toBe(0)
      expect(stdout).toEqual(floatBytes(softplus(x)))
    })

    test('a file to stdout', () => {
      write('in.npy', npy)
      expect(run(['apply', 'in.npy', '-o', '-']).stdout).toEqual(npyResult)
      expect(readdirSync(folder)).toEqual(['in.npy'])
    })

    test('stdin to a file', () => {
      expect(run(['apply', '-', '-o', 'out.npy'], { input: npy }).stdout).toHaveLength(0)
      expect(read('out.npy')).toEqual(npyResult)
    })

    test('more than a pipe holds arrives whole', () => {
      const large = samples(3_000_001)
      const { code, stdout } = run(['apply', '-', '-o', '-'], { input: floatBytes(large) })
      expect(code).toBe(0)
      expect(stdout.equals(floatBytes(softplus(large)))).toBe(true)
    })

    test('stdin of neither format', () => {
      const { code, stdout, stderr } = run(['apply', '-', '-o', '-'], { input: Buffer.alloc(7) })
      expect(code).toBe(2)
      expect(stdout).toHaveLength(0)
      expect(stderr).toMatch(/^softplus: standard input: must be float32, .* got 7 bytes/)
    })
  })

  describe('the output', () => {
    test('may be the input', () => {
      write('data.npy', npyFile({ shape: [60], data: xBytes }))
      expect(run(['apply', 'data.npy', '-o', 'data.npy']).code).toBe(0)
      expect(read('data.npy')).toEqual(npyFile({ shape: [60], data: floatBytes(softplus(x)) }))
      expect(readdirSync(folder)).toEqual(['data.npy'])
    })

    test('replaces an existing file, longer or not', () => {
      write('in.f32', xBytes)
      write('out.f32', Buffer.alloc(1000))
      expect(run(['apply', 'in.f32', '-o', 'out.f32']).code).toBe(0)
      expect(read('out.f32')).toEqual(floatBytes(softplus(x)))
    })

    test.skipIf(onWindows)("keeps the existing file's permissions", () => {
      write('in.f32', xBytes)
      writeFileSync(join(folder, 'out.f32'), '', { mode: 0o600 })
      expect(run(['apply', 'in.f32', '-o', 'out.f32']).code).toBe(0)
      expect(statSync(join(folder, 'out.f32')).mode & 0o777).toBe(0o600)
    })

    test.skipIf(onWindows)('goes to where a link leads, and the link stays', () => {
      write('in.f32', xBytes)
      mkdirSync(join(folder, 'elsewhere'))
      write('elsewhere/out.f32', Buffer.alloc(0))
      symlinkSync('elsewhere/out.f32', join(folder, 'link.f32'))
      expect(run(['apply', 'in.f32', '-o', 'link.f32']).code).toBe(0)
      expect(lstatSync(join(folder, 'link.f32')).isSymbolicLink()).toBe(true)
      expect(read('elsewhere/out.f32')).toEqual(floatBytes(softplus(x)))
      expect(readdirSync(join(folder, 'elsewhere'))).toEqual(['out.f32'])
    })

    test.skipIf(onWindows)('can be a device, which stays one', () => {
      write('in.f32', xBytes)
      expect(run(['apply', 'in.f32', '-o', '/dev/null']).code).toBe(0)
      expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
    })

    test.runIf(existsSync('/dev/full'))('on a full device is a failure', () => {
      write('in.f32', xBytes)
      const { code, stderr } = run(['apply', 'in.f32', '-o', '/dev/full'])
      expect(code).toBe(1)
      expect(stderr).toMatch(/^softplus: cannot write \/dev\/full: ENOSPC, .*\n$/)
    })

    test('of the other format is refused', () => {
      write('in.f32', xBytes)
      const { code, stderr } = run(['apply', 'in.f32', '-o', 'out.npy'])
      expect(code).toBe(2)
      expect(stderr).toMatch(/^softplus: out.npy: expected a name ending in .f32, .*\n$/)
      expect(readdirSync(folder)).toEqual(['in.f32'])
      const piped = run(['apply', '-', '-o', 'out.npy'], { input: xBytes })
      expect(piped.code).toBe(2)
      expect(readdirSync(folder)).toEqual(['in.f32'])
    })
  })
})

describe('large and many files', () => {
  const piece = 1 << 22

  test.each([
    ['raw, whole pieces', 2 * (piece / 4), undefined],
    ['raw, a piece and a float', piece / 4 + 1, undefined],
    ['.npy, a header of an odd length', 3 * (piece / 4) - 7, ' \n'],
    ['.npy, exactly a piece with its header', piece / 4, '\n'],
  ])('%s', (_, count, padding) => {
    const values = samples(count)
    const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count},), }`
    const pack = (data: Buffer) =>
      padding === undefined ? data : npyFile({ header: dict + padding, data })
    const name = padding === undefined ? 'x.f32' : 'x.npy'
    write(name, pack(floatBytes(values)))
    const want = pack(floatBytes(softplus(values, { beta: 2 })))
    for (const more of [[], ['--threads', '2']]) {
      const { code, stderr } = run(['apply', name, '-o', `y-${name}`, '--beta', '2', ...more])
      expect(code, stderr).toBe(0)
      expect(read(`y-${name}`).equals(want)).toBe(true)
    }
    const piped = run(['apply', '-', '-o', '-', '--beta', '2'], { input: read(name) })
    expect(piped.stdout.equals(want)).toBe(true)
  })

  test('several inputs go into a folder, or over themselves', () => {
    mkdirSync(join(folder, 'in'))
    mkdirSync(join(folder, 'out'))
    write('in/a.f32', xBytes)
    write('in/b.npy', npyFile({ shape: [60], data: xBytes }))
    const inputs = ['in/a.f32', 'in/b.npy']
    const { code, stderr } = run(['apply', ...inputs, '-o', 'out/'])
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/^softplus: in\/a\.f32, backend .*\nsoftplus: in\/b\.npy, backend .*\n$/)
    const want = [floatBytes(softplus(x)), npyFile({ shape: [60], data: floatBytes(softplus(x)) })]
    expect(readdirSync(join(folder, 'out'))).toEqual(['a.f32', 'b.npy'])
    expect([read('out/a.f32'), read('out/b.npy')]).toEqual(want)
    expect(run(['apply', ...inputs, '--in-place', '--quiet'])).toMatchObject({
      code: 0,
      stderr: '',
    })
    expect([read('in/a.f32'), read('in/b.npy')]).toEqual(want)
  })

  test('a wrong file among them: those before it are done, it is as it was', () => {
    for (const name of ['a', 'c']) write(`${name}.f32`, xBytes)
    write('b.f32', Buffer.alloc(7))
    const { code, stderr } = run(['apply', 'a.f32', 'b.f32', 'c.f32', '--in-place'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^softplus: a\.f32, .*\nsoftplus: b\.f32: must be float32, .*\n$/)
    expect(read('a.f32')).toEqual(floatBytes(softplus(x)))
    expect([read('b.f32'), read('c.f32')]).toEqual([Buffer.alloc(7), xBytes])
    expect(readdirSync(folder)).toHaveLength(3)
  })

  test('a folder that is not there', () => {
    write('a.f32', xBytes)
    const { code, stderr } = run(['apply', 'a.f32', '-o', 'no/'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/cannot write no\/a\.f32: ENOENT, /)
  })

  test('a pipe that ends too soon leaves no file', () => {
    const whole = npyFile({ shape: [2_000_000], data: Buffer.alloc(8_000_000) })
    const input = whole.subarray(0, -5)
    const { code, stderr } = run(['apply', '-', '-o', 'out.npy'], { input })
    expect(code).toBe(2)
    expect(stderr).toMatch(/^softplus: standard input: expected 8000000 bytes .* holds 7999995; /)
    expect(readdirSync(folder)).toEqual([])
  })

  test.skipIf(!existsSync('/usr/bin/script'))('a bar on a terminal, none when quiet', () => {
    write('x.f32', Buffer.alloc(16 * piece))
    const onTerminal = (more: string) =>
      spawnSync(
        'script',
        ['-qec', `${process.execPath} ${command} apply x.f32 -o y.f32${more}`, '/dev/null'],
        {
          cwd: folder,
          encoding: 'utf8',
        },
      ).stdout
    expect(onTerminal('')).toMatch(/x\.f32 .*100% of 67\.1 MB[\s\S]*softplus: backend/)
    expect(onTerminal(' -q')).not.toContain('x.f32')
  })
})

describe('wrong input: exit code 2, one line, nothing written', () => {
  const data = Buffer.alloc(48)
  const typed = (dtype: string, size: number) =>
    npyFile({ dtype, shape: [2], data: Buffer.alloc(2 * size) })
  const structured = headerDict({ shape: [1] }).replace("'<f4'", "[('a', '<f4'), ('b', '<f4')]")
  const convert = "numpy: a\\.astype\\('<f4'\\)\n$"
  const cases: [what: string, name: string, bytes: Buffer, message: RegExp][] = [
    ['float64', 'x.npy', typed('<f8', 8), RegExp(`got float64 \\('<f8'\\); .*${convert}`)],
    ['float16', 'x.npy', typed('<f2', 2), RegExp(`got float16 \\('<f2'\\); .*${convert}`)],
    ['big-endian', 'x.npy', typed('>f4', 4), RegExp(`got big-endian float32 .*${convert}`)],
    ['integers', 'x.npy', typed('<i4', 4), RegExp(`got int32 \\('<i4'\\); .*${convert}`)],
    ['bytes', 'x.npy', typed('|u1', 1), RegExp(`got uint8 \\('\\|u1'\\); .*${convert}`)],
    ['booleans', 'x.npy', typed('|b1', 1), RegExp(`got '\\|b1'; .*${convert}`)],
    ['complex numbers', 'x.npy', typed('<c8', 8), /got complex64 .*numpy: a\.real\.astype/],
    ['objects', 'x.npy', typed('|O', 8), RegExp(`got '\\|O'; .*${convert}`)],
    [
      'a structured dtype',
      'x.npy',
      npyFile({ header: structured, data: Buffer.alloc(8) }),
      /got a structured type \[\('a', '<f4'\), .*numpy: a\['FIELD'\]\.astype\('<f4'\)\n$/,
    ],
    [
      'data cut off',
      'x.npy',
      npyFile({ shape: [3, 4], data: data.subarray(1) }),
      /expected 48 bytes of data \(shape \(3, 4\) of '<f4'\), the file holds 47; it is cut off/,
    ],
    ['data too long', 'x.npy', npyFile({ shape: [11], data }), /expected 44 .* the file holds 48/],
    ['a huge shape', 'x.npy', npyFile({ shape: [2 ** 40, 2 ** 40], data }), /at most 2\^53 - 1/],
    ['another magic', 'x.npy', Buffer.from('PK\x03\x04abcd'), /\(\\x93NUMPY\), got the bytes 504b/],
    ['an empty .npy', 'x.npy', Buffer.alloc(0), /got no bytes at all/],
    ['an unknown version', 'x.npy', npyFile({ version: [9, 1], data }), /3\.0, got 9\.1;/],
    ['a header cut off', 'x.npy', npyFile({ shape: [12] }).subarray(0, 40), /it is cut off/],
    ['no literal', 'x.npy', npyFile({ header: 'import os' }), /no Python literal: expected/],
    ['controls in the header', 'x.npy', typed('\x1b[2J\x07', 1), /got '\\x1b\[2J\\x07'/],
    [
      'raw bytes left over',
      'x.f32',
      Buffer.alloc(10),
      /got 10 bytes, which leaves 2 over; .*numpy/,
    ],
    ['another extension', 'x.bin', xBytes, /a \.npy file .* or a \.f32 file .*, got '\.bin'/],
    ['no extension', 'x', xBytes, /got no extension/],
  ]

  test.each(cases)('%s', (_, name, bytes, message) => {
    write(name, bytes)
    write('out', Buffer.from('as it was'))
    const existing = run(['apply', name, '-o', 'out'])
    expect(existing.stderr).toMatch(message)
    expect(existing.stderr).toMatch(/^softplus: x.*\n$/)
    expect(existing.code).toBe(2)
    expect(existing.stdout).toHaveLength(0)
    expect(read('out').toString()).toBe('as it was')

    expect(run(['apply', name, '-o', 'new']).code).toBe(2)
    expect(readdirSync(folder).sort()).toEqual(['out', name].sort())
  })

  test('in place, the input stays as it was', () => {
    write('x.npy', typed('<f8', 8))
    expect(run(['apply', 'x.npy', '-o', 'x.npy']).code).toBe(2)
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
  ])('%s', (_, args, message) => {
    write('in.f32', xBytes)
    mkdirSync(join(folder, 'folder'))
    const { code, stdout, stderr } = run(['apply', ...args])
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^softplus: .*\n$/)
    expect(code).toBe(1)
    expect(stdout).toHaveLength(0)
    expect(readdirSync(folder).sort()).toEqual(['folder', 'in.f32'])
  })

  test.skipIf(onWindows || process.getuid?.() === 0)('an unwritable directory', () => {
    write('in.f32', xBytes)
    mkdirSync(join(folder, 'locked'), { mode: 0o500 })
    const { code, stderr } = run(['apply', 'in.f32', '-o', 'locked/out.f32'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^softplus: cannot write locked\/out\.f32: EACCES, .*\n$/)
  })
})

describe('wrong usage: exit code 2 and a hint', () => {
  test.each([
    [[], /expected a command, apply or info, got nothing/],
    [['aply', 'x'], /expected a command, apply or info, got 'aply'/],
    [['--loud'], /'--loud'/],
    [['apply'], /expected INPUT, a \.npy or \.f32 file or - for stdin, got none/],
    [
      ['apply', 'a.npy'],
      /expected -o OUTPUT, a file, DIR\/ or - for stdout, or --in-place, got none/,
    ],
    [
      ['apply', 'a.npy', 'b.npy', '-o', 'c.npy'],
      /expected -o DIR\/, .* for 2 INPUTs, got -o c\.npy/,
    ],
    [['apply', 'a.npy', 'b/a.npy', '-o', 'c/'], /different names for -o c\/, got a\.npy twice/],
    [['apply', '-', 'b.npy', '-o', 'c/'], /expected files as INPUT for -o c\/, got -/],
    [['apply', '-', '--in-place'], /expected files as INPUT for --in-place, got -/],
    [['apply', 'a.npy', '--in-place', '-o', 'b.npy'], /--in-place or -o OUTPUT, got both/],
    [['apply', 'a.npy', '-o', 'b.npy', '--threads', '0'], /1 to 1024 for --threads, got '0'/],
    [['apply', 'a.npy', '-o', 'b.npy', '--threads', 'all'], /for --threads, got 'all'/],
    [['apply', 'a.npy', '-o'], /'-o, --output <value>' argument missing/],
    [['apply', 'a.npy', '-o', 'b.npy', '--loud'], /'--loud'/],
    [
      ['apply', 'a.npy', '-o', 'b.npy', '--function', 'tanh'],
      /--function softplus, derivative, second-derivative, inverse, relu, .+, got 'tanh'/,
    ],
    [['apply', 'a.npy', '-o', 'b.npy', '--function', 'toString'], /got 'toString'/],
    [
      ['apply', 'a.npy', '-o', 'b.npy', '--function', 'relu', '--beta', '2'],
      /--beta goes with softplus, .+ and inverse, got it with relu/,
    ],
    [
      ['apply', 'a.npy', '-o', 'b.npy', '--function', 'relu-derivative', '--threshold', '2'],
      /--threshold goes with softplus, .+ and inverse, got it with relu-derivative/,
    ],
    [['apply', 'a.npy', '-o', 'b.npy', '--beta', 'two'], /a number for --beta, got 'two'/],
    [['apply', 'a.npy', '-o', 'b.npy', '--beta', ''], /a number for --beta, got ''/],
    [['apply', 'a.npy', '-o', 'b.npy', '--beta', '0x2'], /a number for --beta, got '0x2'/],
    [['apply', 'a.npy', '-o', 'b.npy', '--beta', '-2'], /--beta=-/],
    [['apply', 'a.npy', '-o', 'b.npy', '--beta', '0'], /beta must be finite and not 0/],
    [['apply', 'a.npy', '-o', 'b.npy', '--beta', '1e-60'], /beta must be finite and not 0/],
    [['apply', 'a.npy', '-o', 'b.npy', '--beta', 'inf'], /beta must be finite/],
    [['apply', 'a.npy', '-o', 'b.npy', '--threshold', 'nan'], /a number for --threshold, got/],
    [['info', 'more'], /more/],
    [['info', '--jsn'], /'--jsn'/],
  ])('%j', (args, message) => {
    const { code, stdout, stderr } = run(args)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^softplus: .* \(see softplus --help\)\n$/)
    expect(code).toBe(2)
    expect(stdout).toHaveLength(0)
    expect(readdirSync(folder)).toEqual([])
  })

  test.each([[['apply', 'in.f32', '-o', 'out.f32']], [['info']]])(
    '%j with a backend that cannot run',
    (args) => {
      const { code, stderr } = run(args, { env: { SOFTPLUS_BACKEND: 'abacus' } })
      expect(code).toBe(2)
      expect(stderr).toBe(
        `softplus: SOFTPLUS_BACKEND must be ${backend.available.join(', ').replace(/, js$/, ' or js')} here, or empty; got "abacus"\n`,
      )
    },
  )
})

describe('what it tells', () => {
  test.each([['--help'], ['apply --help'], ['--version']])(
    'softplus %s needs no backend that can run',
    (args) => {
      const without = run(args.split(' '), { env: { SOFTPLUS_BACKEND: 'abacus' } })
      expect(without).toEqual(run(args.split(' ')))
      expect(without.code).toBe(0)
    },
  )

  test.each([['--help'], ['-h'], ['info --help']])('softplus %s', (args) => {
    const { code, stdout, stderr } = run(args.split(' '))
    expect(code).toBe(0)
    expect(stderr).toBe('')
    expect(stdout.toString()).toMatch(/softplus apply INPUT -o OUTPUT[\s\S]*0 +done[\s\S]*130 /)
  })

  test('softplus apply --help lists every function and has examples', () => {
    const { code, stdout } = run(['apply', '--help'])
    expect(code).toBe(0)
    const text = stdout.toString()
    for (const name of [
      'softplus',
      'derivative',
      'second-derivative',
      'inverse',
      'relu',
      'relu-derivative',
    ]) {
      expect(text).toMatch(RegExp(`^ +${name}  +\\S`, 'm'))
    }
    expect(text).toMatch(/Examples:\n +softplus apply .*\.npy -o /)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('softplus --version', () => {
    const { code, stdout } = run(['--version'])
    expect(code).toBe(0)
    expect(stdout.toString()).toBe(`${version}\n`)
  })

  test.each(backend.available)('softplus info, backend %s', (name) => {
    const { code, stdout } = run(['info'], { env: { SOFTPLUS_BACKEND: name } })
    expect(code).toBe(0)
    const text = stdout.toString()
    expect(text).toMatch(RegExp(`^softplus +${version}\nbackend +${name}\n`))
    expect(text).toMatch(RegExp(`^available +${backend.available.join(', ')}$`, 'm'))
    expect(text).toMatch(RegExp(`^node +${process.version}\nplatform +\\S+\ncpu +\\S`, 'm'))
  })

  test('softplus info --json', () => {
    const { code, stdout } = run(['info', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout.toString())).toEqual({
      version,
      backend: backend.name,
      available: backend.available,
      addon: backend.addon,
      error: null,
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
      cpu: expect.any(String),
    })
  })
})

describe.skipIf(onWindows)('interrupted', () => {
  function exitOf(child: ChildProcess): Promise<number | null> {
    return new Promise((resolve) => child.on('close', resolve))
  }

  async function untilTemporaryFile(): Promise<void> {
    while (!readdirSync(folder).some((name) => name.endsWith('.tmp'))) await setTimeout(10)
  }

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s it exits with %i and leaves nothing', async (signal, code) => {
    write('out.f32', Buffer.from('as it was'))
    const child = spawn(process.execPath, [command, 'apply', '-', '-o', 'out.f32'], { cwd: folder })
    const exit = exitOf(child)
    await untilTemporaryFile()
    child.kill(signal)
    expect(await exit).toBe(code)
    expect(readdirSync(folder)).toEqual(['out.f32'])
    expect(read('out.f32').toString()).toBe('as it was')
  })

  test('by a reader that closes the pipe it exits with 0, quietly', async () => {
    write('in.f32', floatBytes(samples(3_000_000)))
    const child = spawn(process.execPath, [command, 'apply', 'in.f32', '-o', '-'], { cwd: folder })
    const exit = exitOf(child)
    let stderr = ''
    child.stderr.on('data', (text) => {
      stderr += text
    })
    child.stdout.once('data', () => child.stdout.destroy())
    expect(await exit).toBe(0)
    expect(stderr).toBe('')
  })
})
