// The command as a process: every backend, pipes, large inputs, help and info, interruptions.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { backend, relu, softplus } from '../src/index'
import {
  command,
  endOf,
  names,
  onWindows,
  piece,
  read,
  resultOf,
  root,
  runHere,
  runProcess,
  samples,
  start,
  untilTemporary,
  useFolder,
  write,
  x,
  xBytes,
  yBytes,
} from './command'
import { floatBytes, npyFile } from './npy-writer'

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

useFolder()

const xAndNaN = Float32Array.of(...x, Number.NaN)
const functions = [
  ['softplus', softplus],
  ['derivative', softplus.derivative],
  ['second-derivative', softplus.secondDerivative],
  ['inverse', softplus.inverse],
  ['relu', relu],
  ['relu-derivative', relu.derivative],
] as const

describe('apply', () => {
  describe.each(backend.available)('with backend %s', (name) => {
    const env = { SOFTPLUS_BACKEND: name }

    test.each(functions)("%s gives the package's bits", (functionName, activate) => {
      write('in.f32', floatBytes(xAndNaN))
      const args = ['apply', 'in.f32', '-o', 'out.f32', '--function', functionName]
      const { code, stderr, stdout } = runProcess(args, { env })
      expect(stderr).toMatch(
        new RegExp(
          `^softplus: backend ${name}, ${functionName}, 61 elements, [\\d.]+ ns/element, [\\d.]+ GB/s\n$`,
        ),
      )
      expect(code).toBe(0)
      expect(stdout).toHaveLength(0)
      expect(new Float32Array(new Uint8Array(read('out.f32')).buffer)).toEqual(activate(xAndNaN))
    })
  })

  describe('with - for stdin and stdout', () => {
    const npy = npyFile({ shape: [60], data: xBytes })
    const npyResult = npyFile({ shape: [60], data: yBytes })

    test('.npy through pipes', () => {
      const { code, stdout, stderr } = runProcess(['apply', '-', '-o', '-'], { input: npy })
      expect(code).toBe(0)
      expect(stdout).toEqual(npyResult)
      expect(stderr).toContain('60 elements')
    })

    test('raw float32 through pipes', () => {
      const { code, stdout } = runProcess(['apply', '-', '-o', '-'], { input: xBytes })
      expect(code).toBe(0)
      expect(stdout).toEqual(yBytes)
    })

    test('a file to stdout', () => {
      write('in.npy', npy)
      expect(runProcess(['apply', 'in.npy', '-o', '-']).stdout).toEqual(npyResult)
      expect(names()).toEqual(['in.npy'])
    })

    test('stdin to a file', () => {
      expect(runProcess(['apply', '-', '-o', 'out.npy'], { input: npy }).stdout).toHaveLength(0)
      expect(read('out.npy')).toEqual(npyResult)
    })

    test('more than a pipe holds arrives whole', () => {
      const large = samples(3_000_001)
      const { code, stdout } = runProcess(['apply', '-', '-o', '-'], { input: floatBytes(large) })
      expect(code).toBe(0)
      expect(stdout.equals(floatBytes(softplus(large)))).toBe(true)
    })

    test('stdin of neither format', () => {
      const { code, stdout, stderr } = runProcess(['apply', '-', '-o', '-'], {
        input: Buffer.alloc(7),
      })
      expect(code).toBe(2)
      expect(stdout).toHaveLength(0)
      expect(stderr).toMatch(/^softplus: standard input: the data must be float32, .* got 7 bytes/)
    })
  })
})

describe('large inputs', () => {
  test.each([
    ['raw, whole pieces', 2 * (piece / 4), undefined],
    ['raw, a piece and a float', piece / 4 + 1, undefined],
    ['.npy, a header of an odd length', 3 * (piece / 4) - 7, ' \n'],
    ['.npy, exactly a piece with its header', piece / 4, '\n'],
  ])('%s', async (_, count, padding) => {
    const values = samples(count)
    const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count},), }`
    const pack = (data: Buffer) =>
      padding === undefined ? data : npyFile({ header: dict + padding, data })
    const name = padding === undefined ? 'x.f32' : 'x.npy'
    write(name, pack(floatBytes(values)))
    const want = pack(floatBytes(softplus(values, { beta: 2 })))
    for (const more of [[], ['--threads', '2']]) {
      const { code, stderr } = await runHere([
        'apply',
        name,
        '-o',
        `y-${name}`,
        '--beta',
        '2',
        ...more,
      ])
      expect(code, stderr).toBe(0)
      expect(read(`y-${name}`).equals(want)).toBe(true)
    }
    const piped = runProcess(['apply', '-', '-o', '-', '--beta', '2'], { input: read(name) })
    expect(piped.stdout.equals(want)).toBe(true)
  })

  test('a pipe that ends too soon leaves no file', () => {
    const whole = npyFile({ shape: [2_000_000], data: Buffer.alloc(8_000_000) })
    const input = whole.subarray(0, -5)
    const { code, stderr } = runProcess(['apply', '-', '-o', 'out.npy'], { input })
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /^softplus: standard input: the data must be 8000000 bytes .*; got 7999995\. /,
    )
    expect(names()).toEqual([])
  })

  test.skipIf(!existsSync('/usr/bin/script'))('a bar on a terminal, none when quiet', () => {
    write('x.f32', Buffer.alloc(16 * piece))
    const onTerminal = (more: string) =>
      resultOf('script', [
        '-qec',
        `${process.execPath} ${command} apply x.f32 -o y.f32${more}`,
        '/dev/null',
      ]).stdout.toString()
    expect(onTerminal('')).toMatch(/x\.f32 .*100% of 67\.1 MB[\s\S]*softplus: backend/)
    expect(onTerminal(' -q')).not.toContain('x.f32')
  })
})

describe('what it tells', () => {
  test.each([['--help'], ['apply --help'], ['--version']])(
    'softplus %s needs no backend that can run',
    (args) => {
      const without = runProcess(args.split(' '), { env: { SOFTPLUS_BACKEND: 'abacus' } })
      expect(without).toEqual(runProcess(args.split(' ')))
      expect(without.code).toBe(0)
    },
  )

  test.each([[['apply', 'in.f32', '-o', 'out.f32']], [['info']]])(
    '%j with a backend that cannot run',
    (args) => {
      const { code, stderr } = runProcess(args, { env: { SOFTPLUS_BACKEND: 'abacus' } })
      expect(code).toBe(2)
      expect(stderr).toBe(
        `softplus: SOFTPLUS_BACKEND must be ${backend.available.join(', ').replace(/, js$/, ' or js')} here, or empty; got "abacus"\n`,
      )
    },
  )

  test.each([['--help'], ['-h'], ['info --help']])('softplus %s', (args) => {
    const { code, stdout, stderr } = runProcess(args.split(' '))
    expect(code).toBe(0)
    expect(stderr).toBe('')
    expect(stdout.toString()).toMatch(/softplus apply INPUT -o OUTPUT[\s\S]*0 +done[\s\S]*130 /)
  })

  test('softplus apply --help lists every function and has examples', () => {
    const { code, stdout } = runProcess(['apply', '--help'])
    expect(code).toBe(0)
    const text = stdout.toString()
    for (const [name] of functions) expect(text).toMatch(RegExp(`^ +${name}  +\\S`, 'm'))
    expect(text).toMatch(/Examples:\n +softplus apply .*\.npy -o /)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('softplus --version', () => {
    const { code, stdout } = runProcess(['--version'])
    expect(code).toBe(0)
    expect(stdout.toString()).toBe(`${version}\n`)
  })

  test.each(backend.available)('softplus info, backend %s', (name) => {
    const { code, stdout } = runProcess(['info'], { env: { SOFTPLUS_BACKEND: name } })
    expect(code).toBe(0)
    const text = stdout.toString()
    expect(text).toMatch(RegExp(`^softplus +${version}\nbackend +${name}\n`))
    expect(text).toMatch(RegExp(`^available +${backend.available.join(', ')}$`, 'm'))
    expect(text).toMatch(
      RegExp(`^runtime +Node ${process.versions.node}\nplatform +\\S+\ncpu +\\S`, 'm'),
    )
  })

  test('softplus info --json', () => {
    const { code, stdout } = runProcess(['info', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout.toString())).toEqual({
      version,
      backend: backend.name,
      available: backend.available,
      addon: backend.addon,
      error: null,
      runtime: `Node ${process.versions.node}`,
      platform: `${process.platform}-${process.arch}`,
      cpu: expect.any(String),
    })
  })
})

describe.skipIf(onWindows)('interrupted', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s it exits with %i and leaves nothing', async (signal, code) => {
    write('out.f32', 'as it was')
    const child = start(['apply', '-', '-o', 'out.f32'])
    const end = endOf(child)
    await untilTemporary(child)
    child.kill(signal)
    expect(await end).toMatchObject({ code, signal: null })
    expect(names()).toEqual(['out.f32'])
    expect(read('out.f32').toString()).toBe('as it was')
  })

  test('by a reader that closes the pipe it exits with 0 and prints nothing', async () => {
    write('in.f32', floatBytes(samples(3_000_000)))
    const child = start(['apply', 'in.f32', '-o', '-'])
    child.stdout?.once('data', () => child.stdout?.destroy())
    expect(await endOf(child)).toEqual({ code: 0, signal: null, stderr: '' })
  })
})
