// The command's modules in this process: what they write to its streams, and how they take its signals.

import { spawn, spawnSync } from 'node:child_process'
import { pbkdf2 } from 'node:crypto'
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { dispatch } from '../src/cli/dispatch'
import { exitCodes, reportFailure, SystemFailure, UsageError } from '../src/cli/errors'
import { openOutput } from '../src/cli/output'
import { removeIfPossible, sweep, temporaryPath } from '../src/cli/temporary'
import { relu, softplus } from '../src/index'
import { floatBytes, npyFile } from './npy-writer'

let folder: string
let stdout: Buffer[]
let stderr: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'softplus-modules-'))
  stdout = []
  stderr = ''
  vi.spyOn(process.stdout, 'write').mockImplementation(((part: Uint8Array, done?: () => void) => {
    stdout.push(Buffer.from(part))
    done?.()
    return true
  }) as never)
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += text
    return true
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

const x = Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i) * 20)
const npy = (floats: Float32Array) => npyFile({ shape: [floats.length], data: floatBytes(floats) })
const at = (name: string) => join(folder, name)
const holds = (name: string, bytes: Buffer) => readFileSync(at(name)).equals(bytes)

function givenStdin(bytes: Buffer): void {
  const thirds = [0, 1, 2].map((i) => bytes.subarray(i * 4999, i < 2 ? (i + 1) * 4999 : undefined))
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from(thirds) as never)
}

describe('dispatch', () => {
  beforeEach(() => {
    writeFileSync(at('x.npy'), npy(x))
    writeFileSync(at('x.f32'), floatBytes(x))
  })

  const scaled = { beta: 2, threshold: 3 }

  test.each<[input: string, output: string, more: string[], result: Buffer]>([
    ['x.npy', 'y.npy', [], npy(softplus(x))],
    ['x.f32', 'y.f32', ['--beta', '2', '--threshold', '3'], floatBytes(softplus(x, scaled))],
    ['x.f32', 'y.f32', ['--threads', '2', '-f', 'inverse'], floatBytes(softplus.inverse(x))],
    ['x.f32', 'y.f32', ['-f', 'relu-derivative', '-q'], floatBytes(relu.derivative(x))],
  ])('apply %s -o %s %j', async (input, output, more, result) => {
    await dispatch(['apply', at(input), '-o', at(output), ...more])
    expect(holds(output, result)).toBe(true)
    expect(stdout).toEqual([])
    expect(stderr).toMatch(more.includes('-q') ? /^$/ : /^softplus: backend \w+, .* 5,000 elements/)
  })

  test('apply to several, into a folder and in place', async () => {
    mkdirSync(at('out'))
    const inputs = [at('x.npy'), at('x.f32')]
    await dispatch(['apply', ...inputs, '-o', `${at('out')}/`])
    await dispatch(['apply', ...inputs, '--in-place'])
    for (const name of ['x.npy', 'out/x.npy']) expect(holds(name, npy(softplus(x)))).toBe(true)
    for (const name of ['x.f32', 'out/x.f32'])
      expect(holds(name, floatBytes(softplus(x)))).toBe(true)
    expect(stderr.match(/^softplus: .*x\.(npy|f32), backend /gm)).toHaveLength(4)
  })

  test.each([
    ['raw', floatBytes(x), floatBytes(softplus(x))],
    ['.npy', npy(x), npy(softplus(x))],
  ])('apply from stdin to stdout, %s', async (_, input, result) => {
    givenStdin(input)
    await dispatch(['apply', '-', '-o', '-'])
    expect(Buffer.concat(stdout).equals(result)).toBe(true)
  })

  test.runIf(process.platform !== 'win32')('apply to a device', async () => {
    await dispatch(['apply', at('x.f32'), '-o', '/dev/null'])
    expect(stderr).toContain('5,000 elements')
  })

  test.runIf(process.platform !== 'win32')('apply from a FIFO to a FIFO', async () => {
    for (const name of ['in.f32', 'out.f32']) spawnSync('mkfifo', [at(name)])
    const reader = spawn('cat', [at('out.f32')])
    const writer = spawn('sh', ['-c', 'cat "$0" > "$1"', at('x.f32'), at('in.f32')])
    const [results] = await Promise.all([
      reader.stdout.toArray(),
      dispatch(['apply', at('in.f32'), '-o', at('out.f32')]),
      once(writer, 'close'),
    ])
    expect(Buffer.concat(results).equals(floatBytes(softplus(x)))).toBe(true)
  })

  test.runIf(process.platform !== 'win32')(
    '--in-place refuses FIFOs, links to another input and non-UTF-8 names',
    async () => {
      spawnSync('mkfifo', [at('fifo.f32')])
      symlinkSync('x.f32', at('link.f32'))
      const inPlace = (...names: string[]) => dispatch(['apply', '--in-place', ...names.map(at)])
      await expect(inPlace('x.f32', 'fifo.f32')).rejects.toThrow(/got a FIFO/)
      await expect(inPlace('x.f32', 'link.f32')).rejects.toThrow(
        /link\.f32, which are the same file/,
      )
      await expect(inPlace('a\ufffd.f32')).rejects.toThrow(/names in UTF-8/)
      expect(holds('x.f32', floatBytes(x))).toBe(true)
    },
  )

  test.runIf(process.platform !== 'win32')('apply to what a link names', async () => {
    symlinkSync('new.f32', at('link.f32'))
    await dispatch(['apply', at('x.f32'), '-o', at('link.f32')])
    expect(holds('new.f32', floatBytes(softplus(x)))).toBe(true)
    symlinkSync('new\ufffd.f32', at('wrong.f32'))
    const wrong = dispatch(['apply', at('x.f32'), '-o', at('wrong.f32')])
    await expect(wrong).rejects.toThrow(/must lead to a name in UTF-8/)
  })

  test('a bar on a terminal', async () => {
    const { isTTY } = process.stderr
    process.stderr.isTTY = true
    await dispatch(['apply', at('x.f32'), '-o', at('y.f32')]).finally(() => {
      process.stderr.isTTY = isTTY
    })
    expect(stderr).toMatch(/x\.f32 .*100% of 0\.0 MB[\s\S]*softplus: backend/)
    expect(holds('y.f32', floatBytes(softplus(x)))).toBe(true)
  })

  test.each([
    [['--help'], /^softplus - .*[\s\S]*Exit codes:/],
    [['apply', '--help'], /^softplus apply - .*[\s\S]*relu-derivative/],
    [['info', '--help'], /^softplus - /],
    [['--version'], /^\d+\.\d+\.\d+\n$/],
    [['info'], /^softplus +\d.*\nbackend +\w+\n/],
    [['info', '--json'], /^\{\n {2}"version"/],
  ])('%j', async (args, text) => {
    await dispatch(args)
    expect(Buffer.concat(stdout).toString()).toMatch(text)
  })

  test.each([
    ['another extension', ['x.bin'], /a \.npy file .* got '\.bin'/],
    ['no float32', ['f8.npy'], /got float64 \('<f8'\); .*astype/],
    ['complex numbers', ['c8.npy'], /got complex64 \('<c8'\); .*a\.real\.astype/],
    ['a structured type', ['v.npy'], /got a structured type \[\]; .*FIELD/],
    ['an unknown type', ['o.npy'], /got '\|O'; /],
    ['big-endian', ['big.npy'], /got big-endian float32 /],
    ['a float cut off', ['odd.f32'], /got 7 bytes, which leaves 3 over/],
  ])('apply refuses %s', async (_, [name], message) => {
    const typed = (dtype: string) => npyFile({ dtype, shape: [1], data: Buffer.alloc(8) })
    writeFileSync(at('x.bin'), '')
    for (const [file, dtype] of Object.entries({ f8: '<f8', c8: '<c8', o: '|O', big: '>f4' }))
      writeFileSync(at(`${file}.npy`), typed(dtype))
    const structured = "{'descr': [], 'fortran_order': False, 'shape': (1,)}"
    writeFileSync(at('v.npy'), npyFile({ header: structured }))
    writeFileSync(at('odd.f32'), Buffer.alloc(7))
    await expect(dispatch(['apply', at(name), '-o', at('y')])).rejects.toThrow(message)
    expect(readdirSync(folder).filter((file) => file === 'y' || file.endsWith('.tmp'))).toEqual([])
  })

  test('a .f32 file that begins as a .npy file does is float32 all the same', async () => {
    for (const version of [
      [9, 9],
      [1, 0],
    ]) {
      const bytes = Buffer.concat([npyFile({ shape: [1] }).subarray(0, 6), Buffer.alloc(10, 9)])
      bytes.set(version, 6)
      writeFileSync(at('x.f32'), bytes)
      await dispatch(['apply', at('x.f32'), '-o', at('y.f32')])
      const floats = new Float32Array(new Uint8Array(bytes).buffer)
      expect(holds('y.f32', floatBytes(softplus(floats)))).toBe(true)
    }
  })

  test.each([
    ['folder', /cannot read .*: EISDIR, /],
    ['no.f32', /cannot read .*: ENOENT, /],
  ])('apply to %s', async (name, message) => {
    mkdirSync(at('folder'))
    await expect(dispatch(['apply', at(name), '-o', at('y')])).rejects.toThrow(message)
  })

  test.each([
    [['aply'], /got 'aply'/],
    [[], /got nothing/],
    [['apply'], /expected INPUT/],
    [['apply', ''], /expected INPUT/],
    [['apply', 'x.f32'], /expected -o OUTPUT/],
    [['apply', 'x.f32', '--in-place', '-o', 'y'], /got both/],
    [['apply', '-', '--in-place'], /expected files as INPUT for --in-place/],
    [['apply', '-', '-o', 'y/'], /expected files as INPUT for -o y\//],
    [['apply', 'a.f32', 'b.f32', '-o', 'y'], /expected -o DIR\//],
    [['apply', 'a.f32', 'b/a.f32', '-o', 'y/'], /got a\.f32 twice/],
    [['apply', 'a.f32', '-o', 'y', '--threads', '0'], /got '0'/],
    [['apply', 'a.f32', '-o', 'y', '-f', 'tanh'], /got 'tanh'/],
    [['apply', 'a.f32', '-o', 'y', '--beta', 'x'], /a number for --beta/],
    [['apply', 'a.f32', '-o', 'y', '--beta', '0'], /beta must be finite and not 0/],
    [['apply', 'a.f32', '-o', 'y', '--threshold', 'x'], /a number for --threshold/],
    [['apply', 'a.f32', '-o', 'y', '--beta', '2', '-f', 'relu'], /got it with relu/],
    [['apply', 'a.f32', '-o', 'y', '--loud'], /--loud/],
  ])('wrong usage: %j', async (args, message) => {
    await expect(dispatch(args)).rejects.toThrow(message)
    await expect(dispatch(args)).rejects.toThrow(UsageError)
  })

  test('a name for the other format', async () => {
    const wrong = dispatch(['apply', at('x.f32'), '-o', at('y.npy')])
    await expect(wrong).rejects.toThrow(/a name ending in \.f32, .* got \.npy/)
  })
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
    ['no error at all', 'a string', 1, 'a string'],
    ['no error as the cause', new SystemFailure('read x', 'ill'), 1, 'cannot read x: ill'],
    ['line breaks and controls', new Error('a\r\nb\nc\x1b[2J\x07'), 1, 'a b c\\x1b[2J\\x07'],
    [
      'what turns or hides text',
      new Error('a\u202eb\u2028c\ufeff\u00ad'),
      1,
      'a\\u{202e}b\\u{2028}c\\u{feff}\\xad',
    ],
  ])('%s', (_, error, code, line) => {
    expect(reportFailure(error)).toBe(code)
    expect(stderr).toBe(`softplus: ${line}\n`)
  })
})

describe('the output', () => {
  test.each([
    ['SIGHUP', exitCodes.hangUp],
    ['SIGINT', exitCodes.interrupt],
    ['SIGTERM', exitCodes.terminate],
  ] as const)('%s removes what is not complete', async (signal, code) => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never)
    const before = process.listenerCount(signal)
    const output = await openOutput(at('y.f32'))
    await output.write(floatBytes(x))
    expect(readdirSync(folder)).toHaveLength(1)
    expect(process.listenerCount(signal)).toBe(before + 1)
    process.listeners(signal).at(-1)?.(signal as never)
    expect(readdirSync(folder)).toEqual([])
    expect(exit).toHaveBeenCalledWith(code)
    await output.discard()
    expect(process.listenerCount(signal)).toBe(before)
  })

  test('a signal while the temporary file is created leaves none', async () => {
    vi.spyOn(process, 'exit').mockImplementation((() => {}) as never)
    const before = process.listenerCount('SIGTERM')
    // Work for every thread of the pool, so that a file created by one of them comes after the signal.
    process.once('newListener', () => {
      for (let i = 0; i < 16; i++) pbkdf2('', '', 100_000, 16, 'sha256', () => {})
    })
    const opening = openOutput(at('y.f32'))
    while (process.listenerCount('SIGTERM') === before) await setImmediate()
    process.listeners('SIGTERM').at(-1)?.('SIGTERM' as never)
    const output = await opening
    expect(readdirSync(folder)).toEqual([])
    await output.discard()
  })

  test('a folder that is not there leaves no listener for signals', async () => {
    const before = process.listenerCount('SIGINT')
    await expect(openOutput(at('no/y.f32'))).rejects.toThrow(/ENOENT/)
    expect(process.listenerCount('SIGINT')).toBe(before)
    await expect(openOutput(folder)).rejects.toThrow(/EISDIR/)
  })

  test('temporary files: those of dead processes of this machine go, once in a run', async () => {
    const { pid } = spawnSync(process.execPath, ['--version'])
    const dead = () => temporaryPath(folder).replace(`-${process.pid}-`, `-${pid}-`)
    const alive = temporaryPath(folder)
    const elsewhere = dead().replace(/softplus-[0-9a-f]{8}/, 'softplus-00000000')
    const init = temporaryPath(folder).replace(`-${process.pid}-`, '-1-')
    const kept = [alive, elsewhere, init, at('.softplus-mine.tmp')]
    for (const path of [...kept, dead(), dead()]) writeFileSync(path, '')
    mkdirSync(dead())
    await sweep(folder)
    expect(readdirSync(folder)).toHaveLength(kept.length + 1)
    for (const path of kept) expect(readFileSync(path)).toHaveLength(0)
    writeFileSync(dead(), '')
    await sweep(folder)
    expect(readdirSync(folder)).toHaveLength(kept.length + 2)
  })

  test('sweeping and removing what is not there', async () => {
    await sweep(at('no'))
    removeIfPossible(at('no'))
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('main', () => {
  async function main(args: string[]): Promise<typeof process.exitCode> {
    vi.resetModules()
    vi.spyOn(process, 'argv', 'get').mockReturnValue(['node', 'softplus', ...args])
    await import('../src/cli/main')
    const ended = () => stdout.length > 0 || process.exitCode !== undefined
    await vi.waitFor(() => expect(ended()).toBe(true))
    return process.exitCode
  }

  afterEach(() => {
    process.exitCode = undefined
  })

  test('does what the arguments ask for', async () => {
    expect(await main(['--version'])).toBe(undefined)
    expect(Buffer.concat(stdout).toString()).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  test.each([
    [['aply'], 2, /got 'aply' \(see softplus --help\)/],
    [['apply', 'no.f32', '-o', 'y.f32'], 1, /cannot read no\.f32: ENOENT/],
  ])('%j: exit code %i', async (args, code, message) => {
    expect(await main(args)).toBe(code)
    expect(stderr).toMatch(message)
  })

  test('a backend that cannot run: exit code 2', async () => {
    vi.stubEnv('SOFTPLUS_BACKEND', 'abacus')
    expect(await main(['info'])).toBe(2)
    expect(stderr).toMatch(/^softplus: SOFTPLUS_BACKEND must be .*; got "abacus"/)
  })

  test('help needs no backend', async () => {
    vi.stubEnv('SOFTPLUS_BACKEND', 'abacus')
    expect(await main(['--help'])).toBe(undefined)
    expect(stderr).toBe('')
  })

  test('a reader that closes the pipe: exit code 0, quietly', async () => {
    const closed = Object.assign(new Error('closed'), { code: 'EPIPE' })
    vi.spyOn(process.stdout, 'write').mockImplementation(((_: unknown, done: (e: Error) => void) =>
      done(closed)) as never)
    expect(await main(['--help'])).toBe(0)
    expect(stderr).toBe('')
  })
})
