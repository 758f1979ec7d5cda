// softplus/shards and softplus apply --shard: the same bytes as without shards, and what is refused.

import { once } from 'node:events'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { softplus } from '../src/index'
import {
  activateRange,
  type FileShardPlan,
  finish,
  planObject,
  planShards,
  runShard,
  type ShardPlan,
  ShardsError,
  shardRange,
  status,
} from '../src/shards'
import { arrowFile, floats } from './arrow-writer'
import { names as backendNames } from './backends'
import {
  at,
  command,
  deadline,
  isRoot,
  makeFifo,
  names,
  onWindows,
  read,
  runHere,
  samples,
  start,
  useFolder,
  write,
} from './command'
import { floatBytes, npyFile } from './npy-writer'
import { killedRun, prepare } from './shards-kill'

useFolder()
afterEach(() => {
  vi.unstubAllEnvs()
  vi.resetModules()
})

const mebibyte = 1 << 20

/** Numbers from 0 to below 1 by a linear congruential generator (Numerical Recipes). */
function generatorOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** A .npy file whose header has this many bytes. NumPy would pad them to a multiple of 16. */
function npyWithHeader(headerBytes: number, x: Float32Array): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${x.length},), }`
  return npyFile({ header: header.padEnd(headerBytes - 10), data: floatBytes(x) })
}

const headers = fc.integer({ min: 80, max: 160 })
const alignments = fc.integer({ min: 1, max: 64 }).map((n) => 4 * n)

describe('ranges', () => {
  const inputs = fc.record({
    headerBytes: fc.option(headers, { nil: undefined }),
    count: fc.nat(600),
    shards: fc.integer({ min: 1, max: 40 }),
    alignment: alignments,
  })

  test('divide the bytes, start at multiples of the alignment and split no element', () => {
    fc.assert(
      fc.property(inputs, ({ headerBytes, count, shards, alignment }) => {
        const x = new Float32Array(count)
        const bytes = headerBytes ? npyWithHeader(headerBytes, x) : floatBytes(x)
        const plan = planObject(
          { format: headerBytes ? 'npy' : 'f32', size: bytes.length, version: '1', start: bytes },
          { shards, alignment },
        )
        const offset = headerBytes ?? 0
        expect(plan.headerBytes).toBe(offset)
        const ranges = Array.from({ length: shards }, (_, i) => shardRange(plan, i))
        let before = 0
        for (const { start, end } of ranges) {
          expect(start).toBe(before)
          expect(end).toBeGreaterThanOrEqual(start)
          before = end
          if (start === 0 || start === bytes.length) continue
          expect(start % alignment).toBe(offset % 4)
          if (start > offset) expect((start - offset) % 4).toBe(0)
        }
        expect(before).toBe(bytes.length)
        // Nobody has more than one block more than another.
        const sizes = ranges.map(({ start, end }) => end - start)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(2 * alignment + 3)
        const firstEmpty = sizes.indexOf(0)
        if (firstEmpty >= 0) expect(sizes.slice(firstEmpty).every((size) => size === 0)).toBe(true)
      }),
    )
  })

  test('of an upload to S3: each part but the last has at least 5 MiB', () => {
    const size = 1_000_000_000
    const options = { shards: 100, alignment: 5 * mebibyte }
    const plan = planObject({ format: 'f32', size, version: 'e' }, options)
    const sizes = Array.from({ length: 100 }, (_, i) => shardRange(plan, i))
      .map(({ start, end }) => end - start)
      .filter((bytes) => bytes > 0)
    expect(sizes.slice(0, -1).every((bytes) => bytes >= 5 * mebibyte)).toBe(true)
  })

  test('of a large file start at whole MiB, so that no two share a page', () => {
    const plan = planObject({ format: 'f32', size: 2 ** 40 + 4, version: 'e' }, { shards: 1000 })
    for (let i = 0; i < 1000; i++) expect(shardRange(plan, i).start % mebibyte).toBe(0)
    expect(shardRange(plan, 999).end).toBe(2 ** 40 + 4)
  })
})

describe.each(backendNames)('backend %s', (name) => {
  async function load() {
    vi.stubEnv('SOFTPLUS_BACKEND', name)
    vi.resetModules()
    return import('../src/shards')
  }

  test('activateRange: the bits of the call, at any place in memory', async () => {
    const { activateRange, planObject, shardRange } = await load()
    const cases = fc.record({
      headerBytes: headers,
      count: fc.nat(300),
      shards: fc.integer({ min: 1, max: 9 }),
      alignment: alignments,
      offset: fc.nat(7),
    })
    fc.assert(
      fc.property(cases, ({ headerBytes, count, shards, alignment, offset }) => {
        const x = samples(count)
        const bytes = npyWithHeader(headerBytes, x)
        const plan = planObject(
          { format: 'npy', size: bytes.length, version: '1', start: bytes.subarray(0, 160) },
          { shards, alignment, function: 'derivative', beta: 2 },
        )
        const memory = new Uint8Array(bytes.length + offset)
        memory.set(bytes, offset)
        for (let i = 0; i < shards; i++) {
          const { start, end } = shardRange(plan, i)
          const range = memory.subarray(offset + start, offset + end)
          expect(activateRange(plan, i, range)).toBe(range)
        }
        const expected = npyWithHeader(headerBytes, softplus.derivative(x, { beta: 2 }))
        expect(expected.equals(memory.subarray(offset))).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  const some = samples(0.6 * mebibyte)
  test.each([
    ['x.npy, header of 80 bytes', npyWithHeader(80, some), {}],
    [
      'x.npy, header of 81 bytes',
      npyWithHeader(81, some),
      { function: 'inverse', beta: 0.5, threshold: 3 } as const,
    ],
    ['x.f32', floatBytes(some), { threshold: -Infinity }],
    ['x.arrow', arrowFile({ x: floats(some) }, { x: floats(some) }), { columns: ['x'] }],
  ])('files: the bytes of the command without shards, %s', async (name, bytes, options) => {
    const { finish, planShards, runShard } = await load()
    const [input] = name.split(',')
    write(input, bytes)
    const output = input.replace('x', 'y')
    const planned = await planShards(at(input), at(output), { ...options, shards: 4 })
    const plan = JSON.parse(JSON.stringify(planned))
    for (const i of [2, 0, 3, 1]) await runShard(plan, i, i === 1 ? { threads: 2 } : {})
    await finish(plan)
    const args = Object.entries(options).map(([option, value]) =>
      option === 'columns' ? `--column=${value}` : `--${option}=${value}`,
    )
    await runHere(['apply', input, '-o', `whole-${output}`, '-q', ...args])
    expect(read(output).equals(read(`whole-${output}`))).toBe(true)
  })
})

test.each([80, 83])(
  'ranges of more than one piece, with a header of %d bytes',
  async (headerBytes) => {
    const x = samples(3.3 * mebibyte)
    write('x.npy', npyWithHeader(headerBytes, x))
    const plan = await planShards(at('x.npy'), at('y.npy'), { shards: 2 })
    const progress: number[] = []
    for (const i of [1, 0]) {
      const { start, end, isNew } = await runShard(plan, i, {
        onProgress: (bytes) => progress.push(bytes),
      })
      expect({ start, end, isNew }).toEqual({ ...shardRange(plan, i), isNew: true })
    }
    await finish(plan)
    expect(progress.reduce((sum, bytes) => sum + bytes)).toBe(plan.size)
    expect(progress.length).toBeGreaterThan(3)
    expect(read('y.npy').equals(npyWithHeader(headerBytes, softplus(x)))).toBe(true)
  },
)

const x = samples(mebibyte)

async function planned(options = {}): Promise<FileShardPlan> {
  if (!names().includes('x.f32')) write('x.f32', floatBytes(x))
  return planShards(at('x.f32'), at('y.f32'), { shards: 3, ...options })
}

const runFolder = () => at('.y.f32.shards')
const partName = () => readdirSync(runFolder()).find((name) => name.startsWith('part-')) as string

async function runAll(plan: FileShardPlan): Promise<void> {
  for (let i = 0; i < plan.shards; i++) await runShard(plan, i)
  await finish(plan)
}

describe('what is done', () => {
  test('status and finish say what is missing, before, during and after', async () => {
    const plan = await planned()
    expect(await status(plan)).toEqual({ isComplete: false, missing: [0, 1, 2] })
    await expect(finish(plan)).rejects.toThrow(/all 3 shards must be done; got none of 0, 1, 2 /)
    expect(names()).toEqual(['x.f32'])
    await runShard(plan, 1)
    expect(await status(plan)).toEqual({ isComplete: false, missing: [0, 2] })
    const error = await finish(plan).catch((reason) => reason)
    expect(error).toBeInstanceOf(ShardsError)
    expect(error).toMatchObject({ code: 'ERR_SOFTPLUS_SHARDS', missing: [0, 2] })
    await runShard(plan, 0)
    await runShard(plan, 2)
    expect(await status(plan)).toEqual({ isComplete: false, missing: [] })
    expect(names()).toEqual(['.y.f32.shards', 'x.f32'])
    await Promise.all([finish(plan), finish(plan), finish(plan)])
    await finish(plan)
    expect(await status(plan)).toEqual({ isComplete: true, missing: [] })
    expect(names()).toEqual(['.y.f32.shards.json', 'x.f32', 'y.f32'])
  })

  test('a shard is computed once, and not at all when the output is complete', async () => {
    const plan = await planned()
    expect(await runShard(plan, 0)).toMatchObject({ isNew: true })
    expect(await runShard(plan, 0)).toMatchObject({ isNew: false, milliseconds: 0 })
    await runAll(plan)
    const before = statSync(at('y.f32'), { bigint: true })
    expect(await runShard(plan, 2)).toMatchObject({ isNew: false })
    expect(statSync(at('y.f32'), { bigint: true })).toEqual(before)
  })

  test('an output that was removed or changed is made again', async () => {
    const plan = await planned()
    await runAll(plan)
    rmSync(at('y.f32'))
    expect(await status(plan)).toEqual({ isComplete: false, missing: [0, 1, 2] })
    await runAll(plan)
    write('y.f32', read('y.f32').reverse())
    expect(await runShard(plan, 0)).toMatchObject({ isNew: true })
    await runAll(plan)
    expect(read('y.f32').equals(floatBytes(softplus(x)))).toBe(true)
  })

  test('an older output is replaced when the new one is complete, and keeps its mode', async () => {
    write('y.f32', 'old')
    if (!onWindows) chmodSync(at('y.f32'), 0o440)
    const plan = await planned()
    for (const i of [0, 1, 2]) await runShard(plan, i)
    expect(read('y.f32').toString()).toBe('old')
    await finish(plan)
    expect(read('y.f32').equals(floatBytes(softplus(x)))).toBe(true)
    if (!onWindows) expect(statSync(at('y.f32')).mode & 0o777).toBe(0o440)
  })

  test('fewer bytes than shards: the last are done at once', async () => {
    write('x.f32', floatBytes(samples(3)))
    const plan = await planShards(at('x.f32'), at('y.f32'), { shards: 4 })
    for (const i of [3, 1, 2]) expect(await runShard(plan, i)).toMatchObject({ isNew: true })
    await runShard(plan, 0)
    await finish(plan)
    expect(read('y.f32').equals(floatBytes(softplus(samples(3))))).toBe(true)
    write('x.f32', '')
    await runAll(await planShards(at('x.f32'), at('empty.f32'), { shards: 2 }))
    expect(read('empty.f32')).toHaveLength(0)
  })

  test('shards that end within the header', async () => {
    write('x.npy', npyWithHeader(81, x.subarray(0, 64)))
    await runAll(await planShards(at('x.npy'), at('y.npy'), { shards: 20, alignment: 16 }))
    expect(read('y.npy').equals(npyWithHeader(81, softplus(x.subarray(0, 64))))).toBe(true)
  })

  test('a link to the output is followed, and a long name is no problem', async () => {
    mkdirSync(at('elsewhere'))
    const long = `${'y'.repeat(251)}.f32`
    write('x.f32', floatBytes(x))
    symlinkSync(`elsewhere/${long}`, at('y.f32'))
    await runAll(await planShards(at('x.f32'), at('y.f32'), { shards: 2 }))
    expect(names()).toEqual(['elsewhere', 'x.f32', 'y.f32'])
    expect(read(`elsewhere/${long}`).equals(floatBytes(softplus(x)))).toBe(true)
    expect(names('elsewhere')).toHaveLength(2)
  })

  test('a signal ends a shard, which can be run again', async () => {
    const plan = await planned()
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await expect(runShard(plan, 0, { signal })).rejects.toBe(reason)
    expect(await status(plan)).toMatchObject({ missing: [0, 1, 2] })
    await runAll(plan)
    expect(read('y.f32').equals(floatBytes(softplus(x)))).toBe(true)
    // Also one with nothing to do.
    await expect(runShard(plan, 0, { signal })).rejects.toBe(reason)
  })

  // Two pieces: the first is synced while the second is written, both when all is written.
  test.each(['while pieces are written', 'at the end'])(
    'a disk that fails %s: the shard is not done, and can be run again',
    async (when) => {
      write('x.f32', new Uint8Array(8 * mebibyte))
      const plan = await planned({ shards: 1 })
      const file = await open(at('x.f32'))
      const sync = vi.spyOn(Object.getPrototypeOf(file), 'datasync')
      await file.close()
      const fail = async () => {
        throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
      }
      if (when === 'at the end') sync.mockImplementationOnce(async () => {})
      sync.mockImplementationOnce(fail).mockImplementation(async () => {})
      await expect(runShard(plan, 0)).rejects.toMatchObject({ code: 'EIO' })
      sync.mockRestore()
      expect(await status(plan)).toEqual({ isComplete: false, missing: [0] })
      await expect(runShard(plan, 0)).resolves.toMatchObject({ isNew: true })
    },
  )
})

describe('what does not go together is refused', () => {
  test.each([
    [{ shards: 4 }, /have the same number of shards; got 4, but 3 in an unfinished run\./],
    [{ function: 'derivative' }, /the same function; got derivative, but softplus in/],
    [{ beta: 2 }, /the same beta; got 2, but 1 in/],
    [{ threshold: 20 }, /the same threshold; got 20, but Infinity in/],
    [{ alignment: 4096 }, /the same alignment; got 4096, but 1048576 in/],
    [
      { shards: 2, beta: 3 },
      /the same beta and the same number of shards; got 3 and 2, but 1 and 3 in/,
    ],
  ])('%o', async (options, message) => {
    await runShard(await planned(), 0)
    const plan = await planned(options)
    for (const act of [() => runShard(plan, 0), () => status(plan), () => finish(plan)]) {
      const error = await act().catch((reason) => reason)
      expect(error).toMatchObject({ code: 'ERR_SOFTPLUS_SHARDS' })
      expect(error.message).toMatch(message)
      expect(error.message).toMatch(/Wait until .* remove .*\/\.y\.f32\.shards$/)
    }
    expect(names()).toEqual(['.y.f32.shards', 'x.f32'])
  })

  test('another input in the middle of a run', async () => {
    const plan = await planned()
    await runShard(plan, 0)
    write('x.f32', floatBytes(samples(mebibyte - 1)))
    await expect(runShard(plan, 1)).rejects.toThrow(
      /x\.f32 must stay as it was when the shards were planned: 4194304 bytes, file number \d+, changed at 20\S+Z; got 4194300 bytes, file number .*\. Remove .*\/\.y\.f32\.shards, and run all shards again$/,
    )
    await expect(runShard(await planned(), 1)).rejects.toThrow(
      /the same number of bytes in the input and the same input file; got 4194300 and number \d+, changed at 20\S+Z, but 4194304 and number/,
    )
    rmSync(runFolder(), { recursive: true })
    await runAll(await planned())
    expect(read('y.f32').equals(floatBytes(softplus(samples(mebibyte - 1))))).toBe(true)
  })

  test('another input of the same size and time, as from one archive', async () => {
    const other = samples(mebibyte).map((value) => value / 2)
    write('x.f32', floatBytes(samples(mebibyte)))
    write('other.f32', floatBytes(other))
    for (const name of ['x.f32', 'other.f32']) utimesSync(at(name), 1, 1)
    const plan = await planned()
    await runShard(plan, 0)
    const otherPlan = await planShards(at('other.f32'), at('y.f32'), { shards: 3 })
    await expect(runShard(otherPlan, 1)).rejects.toThrow(
      /the same input file; got number \d+, changed at 1970-.*Z, but number \d+, changed at 1970-/,
    )
    await runAll(plan)
    await runAll(otherPlan)
    expect(read('y.f32').equals(floatBytes(softplus(other)))).toBe(true)
    renameSync(at('other.f32'), at('x.f32'))
    await expect(runShard(plan, 0)).rejects.toThrow(/x\.f32 must stay as it was/)
  })

  test('an input that changes while a shard is at work: the shard is not marked', async () => {
    const plan = await planned()
    const onProgress = () => utimesSync(at('x.f32'), 1, 1)
    await expect(runShard(plan, 1, { onProgress })).rejects.toThrow(
      /x\.f32 must stay as it was .* got 4194304 bytes, .* changed at 1970-01-01T00:00:01\.000000000Z\. Remove/,
    )
    utimesSync(at('x.f32'), 1, 1)
    expect((await status(plan)).missing).toEqual([0, 1, 2])
  })

  test('a part file that somebody cut short, or removed', async () => {
    const plan = await planned()
    await runShard(plan, 0)
    const onProgress = () => truncateSync(`${runFolder()}/${partName()}`, 100)
    await expect(runShard(plan, 1, { onProgress })).rejects.toThrow(
      /cannot write .*y\.f32: the part file must have 4194304 bytes; got \d+\. Remove its folder/,
    )
    await expect(runShard(plan, 1)).rejects.toThrow(/the part file must have 4194304 bytes; got/)
    // Zeros in the place of shard 0: to write shard 2 would make the file as long again.
    truncateSync(`${runFolder()}/${partName()}`, 100)
    await expect(runShard(plan, 2)).rejects.toThrow(
      /the part file must have 4194304 bytes; got 100/,
    )
    rmSync(`${runFolder()}/${partName()}`)
    await expect(runShard(plan, 1)).rejects.toThrow(
      /\.y\.f32\.shards must stay until .*y\.f32 is complete; got no part file in it\. Remove what is left/,
    )
    rmSync(runFolder(), { recursive: true })
    await runAll(plan)
  })

  test('a folder of that name that somebody else made', async () => {
    const plan = await planned()
    mkdirSync(runFolder())
    write('.y.f32.shards/notes.txt')
    await expect(runShard(plan, 0)).rejects.toThrow(
      /\.y\.f32\.shards must be a name for the folder of a run; got a folder with other files\. Rename or remove it/,
    )
    expect(names('.y.f32.shards')).toEqual(['notes.txt'])
    renameSync(at('.y.f32.shards/notes.txt'), at('notes.txt'))
    // An empty one is what a killed process may leave.
    await runAll(plan)
    expect(names()).toEqual(['.y.f32.shards.json', 'notes.txt', 'x.f32', 'y.f32'])
  })

  test('the input as output, also by another name', async () => {
    write('x.f32', floatBytes(x))
    linkSync(at('x.f32'), at('same.f32'))
    for (const output of ['x.f32', 'same.f32'])
      await expect(planShards(at('x.f32'), at(output), { shards: 2 })).rejects.toThrow(
        /INPUT and OUTPUT must be different files when they are divided into shards; got/,
      )
  })

  test.skipIf(onWindows)('FIFOs, devices and folders', async () => {
    write('x.f32', floatBytes(x))
    makeFifo('fifo.f32')
    mkdirSync(at('folder.f32'))
    const plan = (input: string, output: string) => planShards(at(input), at(output), { shards: 2 })
    await expect(plan('fifo.f32', 'y.f32')).rejects.toThrow(
      /fifo\.f32 must be a file to be divided into shards; got a FIFO, a socket or a device\. Copy it/,
    )
    await expect(plan('x.f32', 'fifo.f32')).rejects.toThrow(
      /fifo\.f32 must be a file when it is written in shards; got a FIFO/,
    )
    await expect(plan('folder.f32', 'y.f32')).rejects.toThrow(/read .*folder\.f32: EISDIR/)
    await expect(plan('x.f32', 'folder.f32')).rejects.toThrow(/write .*folder\.f32: EISDIR/)
    await expect(plan('x.f32', 'none/y.f32').then((of) => runShard(of, 0))).rejects.toThrow(
      /cannot write .*none\/y\.f32: ENOENT/,
    )
  })

  test.skipIf(onWindows || isRoot)('a folder that must not be written', async () => {
    mkdirSync(at('locked'), 0o555)
    write('x.f32', floatBytes(x))
    const plan = await planShards(at('x.f32'), at('locked/y.f32'), { shards: 2 })
    await expect(runShard(plan, 0)).rejects.toMatchObject({
      code: 'EACCES',
      message: expect.stringMatching(/cannot write .*y\.f32: EACCES/),
    })
  })

  test('inputs that are not whole float32', async () => {
    write('x.f32', floatBytes(x).subarray(0, 5))
    write('x.npy', npyFile({ dtype: '<f8', shape: [1], data: Buffer.alloc(8) }))
    write('x.txt')
    const wrong = { code: 'ERR_SOFTPLUS_INPUT' }
    for (const [input, message] of [
      ['x.f32', /x\.f32: the data must be float32, 4 bytes each; got 5 bytes/],
      ['x.npy', /x\.npy: the elements must be little-endian float32 \('<f4'\); got float64/],
      ['x.txt', /x\.txt: the name must end in/],
    ] as const) {
      const error = await planShards(at(input), at('y.f32'), { shards: 2 }).catch((e) => e)
      expect(error).toMatchObject(wrong)
      expect(error.message).toMatch(message)
    }
  })

  test('options, indexes, plans and bytes of the wrong kind', async () => {
    const plan = await planned()
    const description = { format: 'f32', size: 8, version: 'e' } as const
    const object = planObject(description, { shards: 1 })
    const expectError = async (act: () => unknown, name: string, code: string, message: RegExp) => {
      const error = (await (async () => act())().catch((reason: Error) => reason)) as Error
      expect(error).toMatchObject({ name, code })
      expect(error.message).toMatch(message)
    }
    const type = ['TypeError', 'ERR_INVALID_ARG_TYPE'] as const
    const value = ['TypeError', 'ERR_INVALID_ARG_VALUE'] as const
    const range = ['RangeError', 'ERR_OUT_OF_RANGE'] as const
    const of = (options: unknown) => () => planObject(description, options as never)
    await expectError(
      of(undefined),
      ...type,
      /^options must be an object such as { shards: 16 }; got undefined/,
    )
    await expectError(of({}), ...type, /^shards must be a number; got undefined$/)
    for (const shards of [0, 1.5, 100_001, Number.NaN])
      await expectError(
        of({ shards }),
        ...range,
        /^shards must be an integer from 1 to 100000; got/,
      )
    await expectError(
      of({ shards: 1, alignment: 6 }),
      ...range,
      /^alignment must be a multiple of 4; got 6$/,
    )
    await expectError(
      of({ shards: 1, function: 'exp' }),
      ...value,
      /^function must be one of softplus, .*; got the string "exp"/,
    )
    await expectError(of({ shards: 1, function: 1 }), ...type, /^function must be one of/)
    await expectError(
      of({ shards: 1, function: 'relu', beta: 2 }),
      ...value,
      /^beta must be left out/,
    )
    await expectError(of({ shards: 1, beta: 0 }), ...range, /^beta must be finite and not 0/)
    await expectError(
      of({ shards: 1, shard: 1 }),
      ...value,
      /^options must have only shards, function, beta, threshold, alignment, columns; got shard$/,
    )
    const described = (other: object) => () =>
      planObject({ ...description, ...other } as never, { shards: 1 })
    await expectError(
      described({ format: 'csv' }),
      ...value,
      /^format must be 'npy' or 'f32'; got the string "csv"/,
    )
    await expectError(described({ size: -1 }), ...range, /^size must be an integer from 0 to/)
    await expectError(described({ version: 1 }), ...type, /^version must be a string; got number 1/)
    await expectError(described({ start: 'a' }), ...type, /^start must be a Uint8Array/)
    await expectError(
      described({ format: 'npy', start: new Uint8Array(4) }),
      'Error',
      'ERR_SOFTPLUS_INPUT',
      /^the input: a \.npy file must begin with/,
    )
    for (const index of [-1, 3, 0.5]) {
      await expectError(
        () => runShard(plan, index),
        ...range,
        /^index must be an integer from 0 to 2; got/,
      )
      await expectError(() => shardRange(plan, index), ...range, /^index must be/)
    }
    await expectError(() => shardRange(plan, '1' as never), ...type, /^index must be a number/)
    for (const changed of [{}, { ...plan, shards: 4 }, { ...plan, function: 'exp' }] as ShardPlan[])
      await expectError(
        () => shardRange(changed, 0),
        ...value,
        /^plan must be what planShards or planObject of this version returned; got .*\. Plan again$/,
      )
    await expectError(() => status(1 as never), ...type, /^plan must be what/)
    await expectError(() => finish(object as never), ...type, /^plan\.input must be a path/)
    await expectError(
      () => planShards(1 as never, 'y', { shards: 1 }),
      ...type,
      /^input must be a path; got number 1/,
    )
    await expectError(
      () => runShard(plan, 0, { signal: {} as never }),
      ...type,
      /^signal must be an AbortSignal/,
    )
    await expectError(
      () => runShard(plan, 0, { onProgress: 1 as never }),
      ...type,
      /^onProgress must be a function; got number 1/,
    )
    await expectError(() => runShard(plan, 0, { threads: 0 }), ...range, /^threads must be/)
    await expectError(
      () => runShard(plan, 0, { thread: 1 } as never),
      ...value,
      /^options must have only threads, signal, onProgress; got thread$/,
    )
    await expectError(
      () => activateRange(object, 0, [] as never),
      ...type,
      /^bytes must be a Uint8Array; got an array/,
    )
    await expectError(
      () => activateRange(object, 0, new Uint8Array(4)),
      ...range,
      /^bytes must be the 8 bytes from 0 of the input; got 4 bytes/,
    )
    expect(names()).toEqual(['x.f32'])
  })
})

describe('the command', () => {
  const args = ['apply', 'x.f32', '-o', 'y.f32']

  test('writes shards counted from 1 or from 0; the last to end gives the output its name', async () => {
    write('x.f32', floatBytes(x))
    const first = await runHere([...args, '--shard', '2/3'])
    expect(first).toMatchObject({ code: 0, stdout: Buffer.alloc(0) })
    expect(first.stderr).toMatch(
      /^softplus: shard 2\/3, backend \w+, softplus, 262,144 elements, [\d.]+ ns\/element, [\d.]+ GB\/s; y\.f32: 1 of 3 shards done\n$/,
    )
    expect(await runHere([...args, '--shards', '3', '--status'])).toMatchObject({
      code: 3,
      stdout: Buffer.from('1/3\n3/3\n'),
      stderr: '',
    })
    expect(await runHere([...args, '--shard=2/3'])).toMatchObject({
      code: 0,
      stderr: 'softplus: shard 2/3, done before; y.f32: 1 of 3 shards done\n',
    })
    await runHere([...args, '-q', '--shard-index', '0', '--shards', '3', '--threads', '2'])
    expect(names()).not.toContain('y.f32')
    const last = await runHere([...args, '--shard-index=2', '--shards=3'])
    expect(last.stderr).toMatch(/^softplus: shard 3\/3, .* GB\/s; y\.f32: complete\n$/)
    expect(read('y.f32').equals(floatBytes(softplus(x)))).toBe(true)
    expect(await runHere([...args, '--shards', '3', '--status'])).toMatchObject({
      code: 0,
      stdout: Buffer.alloc(0),
      stderr: '',
    })
    expect(await runHere([...args, '--shard=2/3'])).toMatchObject({
      code: 0,
      stderr: 'softplus: shard 2/3, done before; y.f32: complete\n',
    })
    expect(names()).toEqual(['.y.f32.shards.json', 'x.f32', 'y.f32'])
  })

  test('--status finishes what a process that was killed did not', async () => {
    const plan = await planned()
    for (const i of [0, 1, 2]) await runShard(plan, i)
    expect(await runHere([...args, '--shards', '3', '--status'])).toMatchObject({ code: 0 })
    expect(read('y.f32').equals(floatBytes(softplus(x)))).toBe(true)
  })

  test.skipIf(onWindows)(
    'SIGTERM: exit code 143, also as the first process of a container',
    async () => {
      write('x.f32', '')
      truncateSync(at('x.f32'), 2 ** 31)
      const child = start([...args, '--shard', '1/1', '-q', '--function', 'inverse'])
      const ended = once(child, 'exit')
      await vi.waitFor(() => expect(names()).toContain('.y.f32.shards'), { timeout: deadline })
      child.kill('SIGTERM')
      expect(await ended).toEqual([143, null])
    },
  )

  test('into a folder, with another function', async () => {
    write('x.f32', floatBytes(x))
    mkdirSync(at('out'))
    const options = ['--function', 'second-derivative', '--beta=-2', '-q']
    for (const k of [1, 2])
      await runHere(['apply', 'x.f32', '-o', 'out/', '--shard', `${k}/2`, ...options])
    const expected = floatBytes(softplus.secondDerivative(x, { beta: -2 }))
    expect(read('out/x.f32').equals(expected)).toBe(true)
  })

  test('--status says if the output is from other options', async () => {
    await runAll(await planned())
    const { code, stdout, stderr } = await runHere([...args, '--shards=2', '--status'])
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 3, stdout: '1/2\n2/2\n' })
    expect(stderr).toMatch(
      /^softplus: y\.f32 is from another input, other options or another number/,
    )
    rmSync(at('y.f32'))
    expect(await runHere([...args, '--shards=3', '--status'])).toMatchObject({
      code: 3,
      stderr: '',
    })
  })

  test('another number of shards: exit code 2, and nothing is written', async () => {
    write('x.f32', floatBytes(x))
    await runHere([...args, '--shard', '1/3'])
    const { code, stderr } = await runHere([...args, '--shard', '1/4'])
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /y\.f32: all shards must have the same number of shards; got 4, but 3 in/,
    )
  })

  test.each([
    [['--shard', '0/3'], /--shard must be K\/N, K from 1 to N, such as 3\/16; got '0\/3'/],
    [['--shard', '4/3'], /--shard must be K\/N/],
    [['--shard', '2'], /--shard must be K\/N/],
    [
      ['--shard', '1/100001'],
      /N in --shard K\/N must be an integer from 1 to 100000; got '100001'/,
    ],
    [
      ['--shard-index', '3', '--shards', '3'],
      /--shard-index must be an integer from 0 to 2; got '3'/,
    ],
    [
      ['--shard-index', '', '--shards', '3'],
      /--shard-index must be an integer from 0 to 2; got ''/,
    ],
    [
      ['--shard-index', '0', '--shards', '0'],
      /--shards must be an integer from 1 to 100000; got '0'/,
    ],
    [
      ['--shards', '3'],
      /as --shard K\/N, as --shard-index I --shards N, or as --status --shards N/,
    ],
    [['--shard-index', '1'], /a shard must be given as .*; got --shard-index \(see/],
    [['--status'], /a shard must be given as/],
    [['--status', '--shard', '1/3'], /a shard must be given as .*; got --shard --status \(see/],
    [['--shard', '1/3', '--shards', '3'], /a shard must be given as/],
    [['--shard', '1/3', '--beta', '0'], /beta must be finite and not 0/],
  ])('wrong usage: %j', async (options, message) => {
    write('x.f32', floatBytes(x))
    const { code, stderr } = await runHere([...args, ...options])
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
    expect(names()).toEqual(['x.f32'])
  })

  test.each([
    [
      ['x.f32', '-o', 'y.f32', '--column', 'a'],
      /columns \(--column\) must be left out, .*; got a\./,
    ],
    [['x.f32', '--in-place'], /--in-place must be left out with shards/],
    [
      ['x.f32', 'z.f32', '-o', 'out/'],
      /INPUT and OUTPUT must be one file each with shards; got x\.f32 z\.f32 -o out\//,
    ],
    [['-', '-o', 'y.f32'], /must be one file each with shards; got - -o y\.f32/],
    [['x.f32', '-o', '-'], /must be one file each with shards; got x\.f32 -o -/],
    [['x.f32', '-o', 'y.npy'], /y\.npy: the name must end in \.f32/],
    [['x.f32', '-o', 'x.f32'], /must be different files when they are divided into shards/],
  ])('wrong places: %j', async (places, message) => {
    write('x.f32', floatBytes(x))
    const { code, stderr } = await runHere(['apply', ...places, '--shard', '1/3'])
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
    expect(names()).toEqual(['x.f32'])
  })
})

test.skipIf(onWindows).each(['f32', 'arrow'] as const)(
  'kill -9 of processes at random moments: one output, the same bytes of .%s',
  async (format) => {
    const seed = Math.floor(Math.random() * 2 ** 32)
    const random = generatorOf(seed)
    const killing = { command, folder: at(), random, engine: 'node', format } as const
    const { kills } = await killedRun(killing, prepare(killing)).catch((error) =>
      expect.fail(`${error.message} (seed ${seed})`),
    )
    expect(kills).toBeGreaterThan(0)
  },
)
