// Hostile bytes for the readers of .npy and Arrow IPC and for the streams: the whole corpus, and a few seconds of fuzzing.
// `npm run tool -- fuzz` runs longer.

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createStream } from '../src/api/stream'
import { node } from '../src/backend/node'
import { isNpy, NpyError, parseNpyHeader } from '../src/files/npy/npy'
import { backends, native } from './backends'
import { checkArrow, columnNames } from './fuzz/arrow'
import { corpus, type Seed } from './fuzz/corpus'
import { checkHeader } from './fuzz/header'
import { arrowMutants, mutants } from './fuzz/mutations'
import { checkStream, type Plan, plans } from './fuzz/streams'
import { headerDict, npyFile } from './npy-writer'

const seeds = corpus('.npy')
const milliseconds = 2000

describe('.npy headers', () => {
  test.each(seeds)('$name', ({ name, bytes }) => {
    const kind = checkHeader(bytes)
    if (name.startsWith('read-')) expect(kind).toMatch(/^read /)
    if (name.startsWith('refused-')) expect(kind).toMatch(/^ERR_NPY_/)
  })

  test('the corpus reaches every code that a header can be refused with', () => {
    const codes = new Set(seeds.map(({ bytes }) => checkHeader(bytes).split(' ')[0]))
    expect([...codes].sort()).toEqual([
      'ERR_NPY_HEADER',
      'ERR_NPY_MAGIC',
      'ERR_NPY_SHAPE',
      'ERR_NPY_TRUNCATED',
      'ERR_NPY_VERSION',
      'read',
    ])
  })

  test('cut off at every byte', () => {
    for (const { name, bytes } of seeds.filter((seed) => seed.name.startsWith('read-'))) {
      const { dataOffset } = parseNpyHeader(bytes)
      for (let length = 0; length < bytes.length; length++) {
        const kind = checkHeader(bytes.subarray(0, length))
        const wanted = isNpy(bytes.subarray(0, length)) ? /^ERR_NPY_TRUNCATED/ : /^ERR_NPY_MAGIC/
        expect(kind, `${name}, ${length} bytes`).toMatch(length < dataOffset ? wanted : /^read/)
      }
    }
  })

  test('one byte changed, every byte of every kind', () => {
    const { bytes } = seeds.find(({ name }) => name === 'read-matrix.npy') as { bytes: Buffer }
    for (let at = 0; at < 80; at++) {
      for (let value = 0; value < 256; value += 3) {
        const changed = Buffer.from(bytes)
        changed[at] = value
        checkHeader(changed)
      }
    }
  })

  test('as long as a header may be, and a byte longer, whatever it is filled with', () => {
    const filled = (start: string, fill: string, end: string, length: number) => {
      const room = length - start.length - end.length
      return npyFile({
        version: [2, 0],
        header: start + fill.repeat(room / fill.length).padEnd(room) + end,
      })
    }
    const fields = "{'descr': '<f4', 'fortran_order': False, 'shape': ("
    for (const [start, fill, end] of [
      [headerDict({}), ' ', '\n'],
      [fields, '1,', ')}'],
      [fields, '()', ')}'],
      [fields, '7', ',)}'],
      ["{'", 'a', "': 1}"],
      ["{'", '\\a', "'"],
      ["{'", 'a', ''],
      ['', "{'a':", ''],
      ["{'a': ''", ",'':1", '}'],
    ]) {
      expect(checkHeader(filled(start, fill, end, 65_535))).not.toContain('at most 0 bytes')
      const longer = filled(start, fill, end, 65_536)
      expect(() => parseNpyHeader(longer)).toThrow(NpyError)
      expect(() => parseNpyHeader(longer)).toThrow(/at most 65535 bytes; got 65536\./)
    }
  })

  test('an error quotes no more than a line of what it got', () => {
    const long = 'k'.repeat(30_000)
    const headers = [
      `{'${long}': 1, '${long}': 1}`,
      `{'${long}': 1}`,
      headerDict({ dtype: long }),
      headerDict({ dtype: `<f${'4'.repeat(30_000)}` }),
      headerDict({ shape: Array(20_000).fill(1) }),
      headerDict({ shape: Array(20_000).fill(2) }),
    ]
    for (const header of headers) checkHeader(npyFile({ header }))
  })

  test('mutants of the corpus', () => {
    const kinds = new Set<string>()
    const files = seeds.map(({ bytes }) => bytes)
    fc.assert(
      fc.property(mutants(files), (bytes) => {
        kinds.add(checkHeader(bytes))
      }),
      { numRuns: 1e6, interruptAfterTimeLimit: milliseconds },
    )
    // So many kinds of outcome appear at once. Fewer would mean that every mutant fails at the same place.
    expect(kinds.size).toBeGreaterThan(20)
  })
})

describe('Arrow IPC', () => {
  const tables = corpus('.arrow')
  const checkAll = async (bytes: Buffer) => {
    const kinds: string[] = []
    for (const column of columnNames) kinds.push(await checkArrow(bytes, column))
    return kinds
  }

  test.each(tables)('$name', async ({ name, bytes }) => {
    const kinds = await checkAll(bytes)
    const isRead = kinds.some((kind) => kind.startsWith('read '))
    if (name.startsWith('read-')) expect(isRead, kinds.join()).toBe(true)
    if (name.startsWith('refused-')) expect(isRead, kinds.join()).toBe(false)
  })

  test('cut off at every fourth byte', async () => {
    for (const { name, bytes } of tables.filter((table) => table.name.startsWith('read-'))) {
      if (bytes.length > 2500) continue
      for (let length = 0; length < bytes.length; length += 4) {
        const kind = await checkArrow(bytes.subarray(0, length), 'x')
        // A stream may end after any message.
        if (bytes.toString('latin1', 0, 6) === 'ARROW1')
          expect(kind, `${name}, ${length} bytes`).toMatch(/^refused/)
      }
    }
  })

  test('every word of the metadata changed', async () => {
    const { bytes } = tables.find(({ name }) => name === 'read-one-column.arrow') as Seed
    for (let at = 0; at + 4 <= bytes.length; at += 4) {
      for (const value of [-1, 0x7fffffff, bytes.readInt32LE(at) + 4]) {
        const changed = Buffer.from(bytes)
        changed.writeInt32LE(value | 0, at)
        await checkArrow(changed, 'x')
      }
    }
  })

  test('mutants of the corpus', async () => {
    const kinds = new Set<string>()
    const files = tables.map(({ bytes }) => bytes)
    await fc.assert(
      fc.asyncProperty(
        arrowMutants(files),
        fc.constantFrom(...columnNames),
        async (bytes, column) => {
          kinds.add(await checkArrow(bytes, column))
        },
      ),
      { numRuns: 1e6, interruptAfterTimeLimit: milliseconds },
    )
    expect(kinds.size).toBeGreaterThan(20)
    expect(kinds).toContain('read as apache-arrow')
  })
})

describe('streams', () => {
  const tested = backends.filter(({ name }) => [native[0], 'wasm', 'js'].includes(name))

  test.each(tested)('$name, random runs', async ({ api }) => {
    await fc.assert(
      fc.asyncProperty(plans, (plan) => checkStream(plan, api)),
      { numRuns: 1e6, interruptAfterTimeLimit: milliseconds / 2 },
    )
  })

  test('what a kernel throws ends the stream, not the process', async () => {
    const reason = new RangeError('Array buffer allocation failed')
    const throwing = () => {
      throw reason
    }
    const stream = createStream({ softplus: throwing } as never, node, 'softplus')()
    await expect(pipeline(Readable.from([Buffer.alloc(8)]), stream)).rejects.toBe(reason)
  })

  test.each(tested)('$name, runs that once failed', async ({ api }) => {
    const found = corpus('.json').map(({ bytes }) => JSON.parse(bytes.toString()) as Plan)
    for (const plan of found) await checkStream(plan, api)
  })
})
