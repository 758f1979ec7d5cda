// Columns of Arrow files in shards: the bytes of the command without shards, and what is refused.

import { existsSync } from 'node:fs'
import {
  CompressionType,
  compressionRegistry,
  RecordBatch,
  RecordBatchFileWriter,
} from 'apache-arrow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  activateRange,
  finish,
  planObject,
  planShards,
  runShard,
  type ShardOptions,
  status,
} from '../src/shards'
import {
  arrowFile,
  arrowStream,
  floats,
  integers,
  messagesOf,
  pairsOf,
  patched,
  structOf,
} from './arrow-writer'
import { at, names, read, runHere, samples, useFolder, write } from './command'
import { columnNames } from './fuzz/arrow'
import { corpus } from './fuzz/corpus'
import { floatBytes, npyFile } from './npy-writer'

useFolder()

const seeds = corpus('.arrow')
const seed = (name: string) => seeds.find((file) => file.name === name)?.bytes as Buffer
const columnArgs = (columns: string[]) => columns.flatMap((column) => ['--column', column])

/** What the command makes of x.arrow without shards, and says on stderr. */
async function whole(columns: string[], more: string[] = []) {
  const args = ['apply', 'x.arrow', '-o', 'whole.arrow', ...columnArgs(columns), ...more]
  const { code, stderr } = await runHere(args)
  const elements = Number(/ ([\d,]+) elements/.exec(stderr)?.[1].replaceAll(',', ''))
  return { code, stderr, elements, bytes: code === 0 ? read('whole.arrow') : undefined }
}

const planned = (options: ShardOptions) => planShards(at('x.arrow'), at('y.arrow'), options)

/** Runs all shards in this order, and returns how many elements they computed. */
async function runAll(options: ShardOptions, order = [...Array(options.shards).keys()]) {
  const plan = JSON.parse(JSON.stringify(await planned(options)))
  let elements = 0
  for (const index of order) elements += (await runShard(plan, index)).elements
  await finish(plan)
  return elements
}

test.each([
  ['file', columnNames],
  ['legacy-file', columnNames],
  ['other-types-file', columnNames],
  ['one-column', ['x']],
  ['polars-file', ['x']],
  ['rust-file', ['x']],
])(
  'read-%s.arrow, the columns %j: batches in several shards, shards in one batch',
  async (name, columns) => {
    write('x.arrow', seed(`read-${name}.arrow`))
    const cuts = fc.record({
      chosen: fc.subarray(columns, { minLength: 1 }),
      shards: fc.integer({ min: 1, max: 9 }),
      alignment: fc.integer({ min: 1, max: 64 }).map((n) => 8 * n),
      seed: fc.nat(8),
    })
    await fc.assert(
      fc.asyncProperty(cuts, async ({ chosen, shards, alignment, seed }) => {
        const { bytes, elements } = await whole(chosen)
        const order = Array.from({ length: shards }, (_, i) => (i + seed) % shards)
        const computed = await runAll({ shards, alignment, columns: chosen }, order)
        expect(read('y.arrow').equals(bytes as Buffer)).toBe(true)
        expect(computed).toBe(elements)
      }),
      { numRuns: 5 },
    )
  },
)

// Batches of more than a piece, several in a piece, and none, so that nothing begins at a multiple of a piece.
const lengths = [1_400_000, 0, 70_000, 1, 0, 20_000, 18]
const validity = new Uint8Array(1_400_000 / 8).fill(0b1011)
const batches = lengths.map((length) => ({
  n: integers(length),
  x: floats(samples(length), length === lengths[0] ? validity : undefined),
  s: structOf(samples(length)),
}))

test('larger files by the command, with nulls, in threads: pieces and batches have other edges', async () => {
  write('x.arrow', arrowFile(...batches))
  const args = ['--beta=2', '--threads', '2']
  const { bytes } = await whole(['s.x', 'x'], args)
  const sharded = ['apply', 'x.arrow', '-o', 'y.arrow', ...columnArgs(['x', 's.x']), ...args]
  for (const shard of ['2/3', '3/3', '1/3']) {
    const { code, stderr } = await runHere([...sharded, '--shard', shard])
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/^softplus: shard \d\/3, backend \w+, softplus, [1-9][\d,]+ elements, /)
  }
  expect(read('y.arrow').equals(bytes as Buffer)).toBe(true)
  expect(names()).toEqual(['.y.arrow.shards.json', 'whole.arrow', 'x.arrow', 'y.arrow'])
})

test('a file with no batch, and with lists', async () => {
  write('x.arrow', arrowFile({ l: pairsOf(samples(1000)) }, { l: pairsOf(samples(6)) }))
  const { bytes } = await whole(['l'])
  await runAll({ shards: 4, alignment: 512, columns: ['l'] })
  expect(read('y.arrow').equals(bytes as Buffer)).toBe(true)
  write('x.arrow', arrowFile({ x: floats(new Float32Array(0)) }))
  expect(await runAll({ shards: 2, alignment: 64, columns: ['x'] })).toBe(0)
  expect(read('y.arrow').equals(read('x.arrow'))).toBe(true)
})

/** A file in which the metadata of the last of three batches are wrong. */
function damagedFile(): Buffer {
  const columns = () => ({ n: integers(500), x: floats(samples(500)) })
  const file = arrowFile(columns(), columns(), columns())
  // The messages of a file as those of a stream: it begins with 8 bytes, and ends with a footer.
  const stream = file.subarray(8)
  const { start } = messagesOf(stream)[2]
  const rest = stream.subarray(start)
  // patched() takes the second message of a stream for its first batch.
  const [{ body, message }] = messagesOf(stream)
  const first = stream.subarray(0, body + Number(message.bodyLength()))
  const changed = patched(Buffer.concat([first, rest]), { rows: 499n }).subarray(first.length)
  return Buffer.concat([file.subarray(0, 8 + start), changed])
}

test('a damaged batch: its shard fails as the command does, the others do not; nothing is written under the name', async () => {
  write('x.arrow', damagedFile())
  const { code, stderr } = await whole(['x'])
  expect(code).toBe(2)
  const message = /^softplus: x\.arrow: (the message at byte (\d+): .*got 500\..*)\n$/.exec(stderr)
  const plan = await planned({ shards: 8, alignment: 1024, columns: ['x'] })
  const failed: string[] = []
  for (let index = 0; index < 8; index++)
    await runShard(plan, index).catch((error) => {
      expect(error).toMatchObject({ code: 'ERR_SOFTPLUS_INPUT' })
      failed.push(error.message)
    })
  expect(failed.length).toBeGreaterThan(0)
  expect(failed.length).toBeLessThan(8)
  expect([...new Set(failed)]).toEqual([`${at('x.arrow')}: ${message?.[1]}`])
  expect((await status(plan)).missing).toHaveLength(failed.length)
  await expect(finish(plan)).rejects.toMatchObject({ code: 'ERR_SOFTPLUS_SHARDS' })
  expect(existsSync(at('y.arrow'))).toBe(false)
  const sharded = ['apply', 'x.arrow', '-o', 'y.arrow', '--column', 'x']
  expect(await runHere([...sharded, '--shard', '1/1', '-o', 'z.arrow'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`x.arrow: ${message?.[1]}`),
  })
})

const x = samples(60)
const file = arrowFile({ x: floats(x), s: structOf(x) })

test('all shards must have the same columns, in any order', async () => {
  write('x.arrow', file)
  await runShard(await planned({ shards: 2, alignment: 64, columns: ['x', 's.x', 'x'] }), 0)
  const same = await planned({ shards: 2, alignment: 64, columns: ['s.x', 'x'] })
  expect(await runShard(same, 0)).toMatchObject({ isNew: false, elements: 0 })
  const other = await planned({ shards: 2, alignment: 64, columns: ['x'] })
  await expect(runShard(other, 1)).rejects.toThrow(
    /y\.arrow: all shards must have the same columns; got x, but s\.x, x in an unfinished run\./,
  )
})

/** A file whose metadata say that it is compressed. No test reads what should be so. */
function compressedFile(): Buffer {
  compressionRegistry.set(CompressionType.ZSTD, {
    encode: () => Uint8Array.of(40, 181, 47, 253, 0, 0),
  })
  const options = { compressionType: CompressionType.ZSTD }
  const batch = new RecordBatch({ x: floats(x) })
  return Buffer.from(RecordBatchFileWriter.writeAll([batch], options).toUint8Array(true))
}

test.each<[what: string, name: string, bytes: Buffer, columns: string[] | undefined, RegExp]>([
  [
    'no column',
    'x.arrow',
    file,
    undefined,
    /x\.arrow: columns \(--column\) must name columns of float32: x, s\.x; got none$/,
  ],
  ['another column', 'x.arrow', file, ['y'], /float32: x, s\.x; got 'y'$/],
  [
    'a stream',
    'x.arrows',
    arrowStream({ x: floats(x) }),
    ['x'],
    /x\.arrows: the input must be an Arrow IPC file, .*; got a stream, .*\. Apply .* at once, or write a file/,
  ],
  [
    'a compressed file',
    'x.arrow',
    compressedFile(),
    ['x'],
    /x\.arrow: the message at byte \d+: the record batches must not be compressed\. Write/,
  ],
  ['Feather 1', 'x.feather', seed('refused-feather-1.arrow'), ['x'], /must have version 2/],
  ['a file cut off', 'x.arrow', file.subarray(0, -1), ['x'], /must end with its footer/],
  ['nothing', 'x.arrow', Buffer.alloc(0), ['x'], /must begin with ARROW1; got 0 bytes/],
  [
    'a footer that lists a batch elsewhere',
    'x.arrow',
    Buffer.concat([file.subarray(0, 8), Buffer.alloc(8), file.subarray(8)]),
    ['x'],
    /there must be a message at byte 8, as long as the footer says; got other bytes\./,
  ],
  [
    'a column of .npy',
    'x.npy',
    npyFile({ shape: [60], data: floatBytes(x) }),
    ['x'],
    /x\.npy: columns \(--column\) must be left out, because a \.npy input has none; got x\./,
  ],
])('refused when it is planned: %s', async (_, name, bytes, columns, message) => {
  write(name, bytes)
  const error = await planShards(at(name), at('y'), {
    shards: 2,
    ...(columns && { columns }),
  }).catch((reason) => reason)
  expect(error).toMatchObject({ code: 'ERR_SOFTPLUS_INPUT' })
  expect(error.message).toMatch(message)
  const args = ['apply', name, '-o', 'y', '--shard', '1/2', ...columnArgs(columns ?? [])]
  expect(await runHere(args)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(error.message.replace(at(name), name)),
  })
  expect(names()).toEqual([name])
})

test('objects and ranges have no columns', async () => {
  const object = { format: 'f32', size: 8, version: 'e' } as const
  expect(() => planObject(object, { shards: 1, columns: ['x'] })).toThrow(
    /^the input: columns \(--column\) must be left out, because a \.f32 input has none; got x\./,
  )
  for (const columns of ['x', [1]] as never[])
    expect(() => planObject(object, { shards: 1, columns })).toThrow(
      /^columns must be an array of strings such as \['x'\]; got (the string "x"|an array)$/,
    )
  write('x.arrow', file)
  const plan = await planned({ shards: 1, columns: ['x'] })
  expect(() => activateRange(plan, 0, new Uint8Array(plan.size))).toThrow(
    /^plan must be of \.npy or \.f32; got one of an Arrow file\. Use runShard$/,
  )
})
