// softplus/arrow: the bits of the array call on columns of apache-arrow, whatever their chunks, slices, lists and nulls.
import { deepEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Data, DataType, Float32, List, Vector } from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ActivateOptions, createActivate } from '../src/api/arrow'
import { activationsOf } from '../src/api/byName'
import { activate } from '../src/arrow'
import { relu, softplus } from '../src/index'
import { functionNames, functions } from '../src/math/functions'
import { backends } from './backends'
import { expectSame, floatsAround } from './floats'
import { peer, peerPath } from './peers'

const arrow = peer<typeof import('apache-arrow')>('apache-arrow')
const { Field, makeData, makeVector, tableFromIPC, tableToIPC, vectorFromArray } = arrow

const float32 = new arrow.Float32()
const fieldOf = <T extends DataType>(type: T) => new Field('item', type, true)
const listOf = <T extends DataType>(type: T) => new arrow.List(fieldOf(type))
const fixedListOf = <T extends DataType>(size: number, type: T) =>
  new arrow.FixedSizeList(size, fieldOf(type))
// From version 21 on.
const hasLargeList = 'LargeList' in arrow

const bitmapOf = (length: number, isValid: (i: number) => boolean): Uint8Array => {
  const bitmap = new Uint8Array(Math.ceil(length / 8))
  for (let i = 0; i < length; i++) if (isValid(i)) bitmap[i >> 3] |= 1 << (i & 7)
  return bitmap
}
const chunkOf = (data: Float32Array, nullBitmap?: Uint8Array) =>
  makeData({ type: float32, data, nullBitmap })

/** As JavaScript's values, lists as arrays. */
type Row = number | null | Row[]
const rowsOf = (vector: Iterable<unknown>): Row[] =>
  Array.from(vector, (row) =>
    row === null || typeof row === 'number' ? row : rowsOf(row as Iterable<unknown>),
  )
const mapRows = (rows: Row[], f: (value: number) => number): Row[] =>
  rows.map((row) => (row === null ? null : typeof row === 'number' ? f(row) : mapRows(row, f)))

const softplusOf = (v: number): number => softplus(Float32Array.of(v))[0]

/** The column after it was written to IPC and read again. */
const written = (vector: Vector): Vector =>
  tableFromIPC(tableToIPC(new arrow.Table({ vector }))).getChildAt(0) as Vector

/** Every buffer of a column with memory in it. */
function buffersOf(column: Vector | Data): Set<ArrayBufferLike> {
  const chunks = 'data' in column ? column.data : [column]
  const found = new Set<ArrayBufferLike>()
  for (const { values, valueOffsets, nullBitmap, children } of chunks) {
    for (const view of [values, valueOffsets, nullBitmap])
      if (view?.byteLength > 0) found.add(view.buffer)
    for (const child of children) for (const buffer of buffersOf(child)) found.add(buffer)
  }
  return found
}
const bytesOf = (column: Vector | Data) =>
  [...buffersOf(column)].map((buffer) => Buffer.from(new Uint8Array(buffer)))
function expectApart(a: Vector, b: Vector): void {
  const buffers = buffersOf(a)
  for (const buffer of buffersOf(b)) expect(buffers.has(buffer)).toBe(false)
}

const special = floatsAround([0, -0, 1e-40, 1, -14.75, 18, -104, Infinity, -Infinity, Number.NaN])
const x = Float32Array.from({ length: 3_001 }, (_, i) =>
  i < special.length ? special[i] : Math.sin(i * 12.9898) * (i % 5 ? 9 : 120),
)

const nulls: [string, ((i: number) => boolean) | undefined][] = [
  ['none', undefined],
  ['a bitmap without any', () => true],
  ['1 in 3', (i) => i % 3 !== 0],
  ['all', () => false],
  ['random', (i) => Math.sin(i * 78.233) > 0],
]
const scalings = [{}, { beta: 2 }, { beta: -0.3, threshold: 3 }, { threshold: 1 }]
const cases = functionNames.flatMap((name) =>
  (functions[name].takesScaling ? scalings : [{}]).map((options) => ({ name, options })),
)

describe.each(backends)('$name', ({ api }) => {
  const activate = createActivate(api)

  test.each(cases)('$name $options: the bits of the array call', ({ name, options }) => {
    const want = activationsOf(api)[name](x, options)
    const chosen = { ...options, function: name } as ActivateOptions
    const cuts = [0, 1, 1, 900, 2_999, x.length]
    for (const [pattern, isValid] of nulls) {
      const whole = makeVector(chunkOf(x, isValid && bitmapOf(x.length, isValid)))
      const parts = cuts.slice(1).map((end, i) => whole.slice(cuts[i], end))
      const chunked = parts[0].concat(...parts.slice(1))
      for (const vector of [whole, chunked]) {
        const result = activate(vector, chosen)
        expect(result.constructor).toBe(arrow.Vector)
        expect(result.type).toBe(vector.type)
        expect(result.data.map(({ length }) => length)).toEqual(vector.data.map((d) => d.length))
        // Those under nulls are computed too.
        expectSame(result.toArray(), want, pattern)
        expect(result.nullCount).toBe(vector.nullCount)
        for (let i = 0; i < x.length; i++)
          if (result.isValid(i) !== vector.isValid(i)) throw new Error(`${pattern}: row ${i}`)
        expectApart(result, vector)
      }
    }
  })

  // What the library reads from a column before, and from its result.
  const row = (type: DataType): fc.Arbitrary<unknown> => {
    const valid: fc.Arbitrary<unknown> = arrow.DataType.isFloat(type)
      ? fc.float()
      : arrow.DataType.isFixedSizeList(type)
        ? fc.array(row(type.valueType), { minLength: type.listSize, maxLength: type.listSize })
        : fc.array(row((type as List).valueType), { maxLength: 4 })
    return fc.option(valid, { freq: 4 })
  }
  const types: [string, DataType][] = [
    ['Float32', float32],
    ['List', listOf(float32)],
    ['FixedSizeList', fixedListOf(3, float32)],
    ['List of List', listOf(listOf(float32))],
    ['List of FixedSizeList', listOf(fixedListOf(2, float32))],
    ['FixedSizeList of List', fixedListOf(2, listOf(float32))],
    ['FixedSizeList of FixedSizeList', fixedListOf(2, fixedListOf(2, float32))],
  ]
  test.each(types)('%s: every row, of chunks, slices, and slices of slices', (_, type) => {
    const chunk = fc.array(row(type), { minLength: 1, maxLength: 20 })
    const chunks = fc.array(chunk, { minLength: 1, maxLength: 3 })
    const cut = fc.tuple(fc.nat(40), fc.nat(40))
    fc.assert(
      fc.property(chunks, cut, cut, fc.constantFrom(...cases), (parts, a, b, { name, options }) => {
        const [first, ...others] = parts.map((rows) => vectorFromArray(rows, type))
        const vector = first
          .concat(...others)
          .slice(...a)
          .slice(...b) as Vector<Float32>
        const before = bytesOf(vector)
        const call = activationsOf(api)[name]
        const f = (v: number) => call(Float32Array.of(v), options)[0]
        const want = mapRows(rowsOf(vector), f)
        const chosen = { ...options, function: name } as ActivateOptions
        const result = activate(vector, chosen)
        deepEqual(rowsOf(result), want)
        expect(result.nullCount).toBe(vector.nullCount)
        expectApart(result, vector)
        deepEqual(bytesOf(vector), before)
        // What the builders of versions before 20 make of lists in lists is not always read back as it was.
        deepEqual(rowsOf(written(result)), mapRows(rowsOf(written(vector)), f))
        expect(activate(vector, { ...chosen, out: vector })).toBe(vector)
        deepEqual(rowsOf(vector), want)
      }),
      { numRuns: 40 },
    )
  })
})

test('softplus/arrow is the package by its name, and loads nothing else', () => {
  const vector = makeVector(chunkOf(x))
  expectSame(activate(vector).toArray(), softplus(x), 'softplus')
  expectSame(activate(vector, { function: 'relu' }).toArray(), relu(x), 'relu')
  const read = (file: string) => readFileSync(join(import.meta.dirname, '..', 'dist', file), 'utf8')
  const imported = [...read('arrow.js').matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)]
  const required = [...read('arrow.cjs').matchAll(/require\("([^"]+)"\)/g)]
  expect(imported.map(([, name]) => name)).toEqual(['softplus'])
  expect(required.map(([, name]) => name)).toEqual(['softplus'])
})

describe('the ES module of the library', () => {
  test('gets vectors of its own classes', async () => {
    const path = join(dirname(peerPath('apache-arrow')), 'Arrow.node.mjs')
    const esm: typeof arrow = await import(pathToFileURL(path).href)
    expect(esm.Vector).not.toBe(arrow.Vector)
    const vector = esm.vectorFromArray([-2, null, 2], new esm.Float32())
    const result = activate(vector)
    expect(result.constructor).toBe(esm.Vector)
    expect(result.data[0].constructor).toBe(esm.Data)
    const [a, b] = softplus(Float32Array.of(-2, 2))
    expect(rowsOf(result)).toEqual([a, null, b])
  })
})

describe('slices', () => {
  const length = 40
  const values = x.subarray(500, 500 + 3 * length).slice()
  const isValid = (i: number) => i % 3 !== 1
  const valid = bitmapOf(length, isValid)
  const offsets = Int32Array.from({ length: length + 1 }, (_, i) => 3 * i)
  const childNulls = bitmapOf(values.length, (i) => i % 5 !== 2)
  const child = chunkOf(values, childNulls)
  const columns: [string, Data][] = [
    ['Float32', chunkOf(values.slice(0, length), valid)],
    ['Float32 without a bitmap', chunkOf(values.slice(0, length))],
    [
      'List',
      makeData({ type: listOf(float32), valueOffsets: offsets, nullBitmap: valid, length, child }),
    ],
    ['FixedSizeList', makeData({ type: fixedListOf(3, float32), nullBitmap: valid, child })],
  ]
  if (hasLargeList) {
    const type = new arrow.LargeList(fieldOf(float32))
    const valueOffsets = BigInt64Array.from(offsets, BigInt)
    columns.push(['LargeList', makeData({ type, valueOffsets, nullBitmap: valid, length, child })])
  }

  test.each(columns)('%s, at every offset', (_, data) => {
    const whole = rowsOf(makeVector(activate(data as Data<Float32>)))
    expect(whole).toEqual(mapRows(rowsOf(makeVector(data)), softplusOf))
    for (let begin = 0; begin <= 18; begin++)
      for (const end of [begin, begin + 1, begin + 8, begin + 13, length]) {
        const slice = data.slice(begin, end - begin) as Data<Float32>
        const result = activate(slice)
        expect(result.constructor).toBe(arrow.Data)
        expect(result.length).toBe(end - begin)
        expect(rowsOf(makeVector(result))).toEqual(whole.slice(begin, end))
        expect(result.nullCount).toBe(slice.nullCount)
        // Memory for the rows of the slice alone.
        for (const buffer of buffersOf(result))
          expect(buffer.byteLength).toBeLessThanOrEqual(8 * (end - begin) * 3 + 8)
      }
  })

  test.each(columns)('%s, in place: nothing is written beside the slice', (_, data) => {
    const copy = activate(data as Data<Float32>, { function: 'relu' })
    const before = rowsOf(makeVector(copy))
    const slice = copy.slice(7, 12)
    const want = mapRows(before.slice(7, 19), softplusOf)
    expect(activate(slice, { out: slice })).toBe(slice)
    expect(rowsOf(makeVector(copy))).toEqual([...before.slice(0, 7), ...want, ...before.slice(19)])
  })

  test('a sliced list begins at 0 again, over the values of its rows', () => {
    const [, list] = columns[2]
    const { valueOffsets, children } = activate(list.slice(5, 2) as never) as Data<List<Float32>>
    expect(valueOffsets).toEqual(Int32Array.of(0, 3, 6))
    expect(children[0].length).toBe(6)
    expectSame(children[0].values, softplus(values.subarray(15, 21)), 'values')
  })
})

describe('tables from IPC', () => {
  const rows = Array.from({ length: 1_003 }, (_, i) => (i % 7 === 3 ? null : x[i]))
  const read = () => {
    const columns = { a: vectorFromArray(rows, float32), b: vectorFromArray(rows, float32) }
    const table = new arrow.Table(columns)
    return tableFromIPC(tableToIPC(table.slice(0, 500).concat(table.slice(500))))
  }

  test('the other columns, which share the buffer, stay as they are', () => {
    const table = read()
    const [a, b] = ['a', 'b'].map((name) => table.getChild(name) as Vector<Float32>)
    expect(a.data).toHaveLength(2)
    expect(buffersOf(a)).toEqual(buffersOf(b))
    const [before, others] = [bytesOf(a), rowsOf(b)]
    const want = mapRows(rowsOf(a), softplusOf)
    const result = activate(a)
    expect(rowsOf(result)).toEqual(want)
    expect(bytesOf(a)).toEqual(before)
    expectApart(result, a)
    activate(a, { out: a })
    expect(rowsOf(a)).toEqual(want)
    expect(rowsOf(b)).toEqual(others)
  })

  test('a column of a RecordBatch', () => {
    const [batch] = read().batches
    const result = activate(batch.getChild('a') as Vector<Float32>, { function: 'derivative' })
    expect(result.get(0)).toBe(softplus.derivative(x.subarray(0, 1))[0])
    expect(result.get(3)).toBe(null)
  })
})

test("zeros behind a list's last offset, as apache-arrow made them before version 20", () => {
  const type = listOf(float32)
  const valueOffsets = Int32Array.of(0, 1, 2, 0, 0)
  const lists = makeData({ type, valueOffsets, length: 4, child: chunkOf(x.slice(0, 2)) })
  const nullBitmap = Uint8Array.of(0b01)
  const data = makeData({ type: fixedListOf(2, type), nullBitmap, child: lists })
  const [a, b] = softplus(x.subarray(0, 2))
  const result = activate(data as unknown as Data<Float32>)
  expect(rowsOf(makeVector(result))).toEqual([[[a], [b]], null])
})

test('columns that Arrow has filled in with nulls have no values, and get none', () => {
  const types = [float32, listOf(float32), fixedListOf(2, float32), listOf(listOf(float32))]
  const fields = types.map((type, i) => new Field(`${i}`, type, true))
  const other = makeData({ type: float32, data: x.slice(0, 3) })
  const struct = new arrow.Struct([new Field('other', float32), ...fields])
  const batch = new arrow.RecordBatch(
    new arrow.Schema(struct.children),
    makeData({ type: struct, children: [other] }) as never,
  )
  for (const { name } of fields) {
    const result = activate(batch.getChild(name) as Vector<Float32>)
    expect(rowsOf(result)).toEqual([null, null, null])
    expect(result.nullCount).toBe(3)
  }
  const out = Float32Array.of(7, 7, 7)
  expect(rowsOf(activate(batch.getChild('0') as Vector<Float32>, { out }))).toEqual(
    Array(3).fill(null),
  )
  expect(() => activate(batch.getChild('1') as Vector<Float32>, { out })).toThrow(
    'out must be as long as all float32 values of vector together, 0; got length 3',
  )
})

test.each([
  ['Float32', float32],
  ['List', listOf(float32)],
  ['FixedSizeList', fixedListOf(2, float32)],
])('no rows: %s', (_, type: DataType) => {
  const empty = vectorFromArray([null], type).slice(1) as Vector<Float32>
  for (const vector of [empty, makeVector(makeData({ type, length: 0 } as never))]) {
    const result = activate(vector as Vector<Float32>)
    expect(result).not.toBe(vector)
    expect(result.length).toBe(0)
    expect(rowsOf(result)).toEqual([])
    expect(activate(vector as Vector<Float32>, { out: new Float32Array(0) }).length).toBe(0)
  }
})

test('offset and no bitmap: as the library reads it, values count from 0', () => {
  const data = makeData({ type: float32, offset: 3, length: 4, data: x.slice(0, 9) })
  expect(rowsOf(makeVector(activate(data)))).toEqual([...softplus(x.subarray(0, 4))])
})

test('a SharedArrayBuffer, and a bitmap that is a Buffer', () => {
  const shared = new Float32Array(new SharedArrayBuffer(12))
  shared.set([-2, 0, 2])
  const bitmap = Buffer.from([0b101])
  const data = makeData({ type: float32, data: shared, nullBitmap: bitmap })
  // makeData makes a Uint8Array of it. Those who call the constructor may leave a Buffer.
  Object.assign(data, { nullBitmap: bitmap })
  const result = activate(makeVector(data))
  bitmap[0] = 0
  const [a, , b] = softplus(shared)
  expect(rowsOf(result)).toEqual([a, null, b])
  expect(result.data[0].values.buffer).toBeInstanceOf(ArrayBuffer)
  activate(data, { out: data })
  expect([...shared]).toEqual([...softplus(Float32Array.of(-2, 0, 2))])
})

test('a memoized vector stays one, and is not written over', () => {
  const chunked = makeVector(chunkOf(x.slice(0, 3))).concat(makeVector(chunkOf(x.slice(3, 5))))
  for (const plain of [makeVector(chunkOf(x.slice(0, 5))), chunked]) {
    const vector = plain.memoize() as Vector<Float32>
    expect(vector.get(0)).toBe(x[0])
    const result = activate(vector)
    expect(result.isMemoized).toBe(true)
    expect(rowsOf(result)).toEqual([...softplus(x.subarray(0, 5))])
    expect(() => activate(vector, { out: vector })).toThrow(
      'out must be memory apart from vector where vector is memoized, as its cache would keep the old values; ' +
        'got vector itself',
    )
    expect(rowsOf(plain)).toEqual([...x.subarray(0, 5)])
  }
})

describe('out', () => {
  const rows = [[1, null, 3], null, [], [-4, 5]]
  const lists = vectorFromArray(rows, listOf(float32)) as Vector<List<Float32>>

  test('takes the values of all chunks, one after the other, and is under the result', () => {
    const parts = [x.slice(0, 5), x.slice(5, 5), x.slice(5, 20)].map((part) =>
      makeVector(chunkOf(part)),
    )
    const vector = parts[0].concat(...parts.slice(1))
    const memory = new Float32Array(24)
    const out = memory.subarray(2, 22)
    const result = activate(vector, { out, beta: 2 })
    const want = softplus(x.subarray(0, 20), { beta: 2 })
    expectSame(out, want, 'out')
    expect([...memory.subarray(0, 2), ...memory.subarray(22)]).toEqual([0, 0, 0, 0])
    expectSame(result.toArray(), want, 'result')
    out[7] = 42
    expect(result.get(7)).toBe(42)
    expect(result.data.map(({ values }) => values.byteOffset)).toEqual([8, 28, 28])
  })

  test('of lists: the values of all rows', () => {
    const vector = lists.slice(1).concat(lists)
    const count = vector.data.reduce((sum, { valueOffsets, length }) => {
      return sum + valueOffsets[length] - valueOffsets[0]
    }, 0)
    const out = new Float32Array(count)
    const want = mapRows(rowsOf(vector), softplusOf)
    expect(rowsOf(activate(vector, { out }))).toEqual(want)
    expect([...out].filter((v) => v === softplus(Float32Array.of(5))[0])).toHaveLength(2)
  })

  test('may be the memory of vector, each value in its place', () => {
    const memory = x.slice(0, 10)
    const parts = [memory.subarray(0, 4), memory.subarray(4)].map((part) =>
      makeVector(chunkOf(part)),
    )
    const vector = parts[0].concat(parts[1])
    expectSame(activate(vector, { out: memory }).toArray(), softplus(x.subarray(0, 10)), 'out')
    expectSame(vector.toArray(), softplus(x.subarray(0, 10)), 'vector')
  })

  test('must not overlap vector otherwise: nothing is written', () => {
    const memory = x.slice(0, 12)
    const vectorOf = (...parts: Float32Array[]) => {
      const [first, ...others] = parts.map((part) => makeVector(chunkOf(part)))
      return first.concat(...others)
    }
    const [a, b] = [memory.subarray(0, 4), memory.subarray(4, 8)]
    for (const [vector, out] of [
      [vectorOf(a), memory.subarray(1, 5)],
      [vectorOf(b), memory.subarray(1, 5)],
      // Each chunk is apart from its part of out, but not from that of the other.
      [vectorOf(b, a), memory.subarray(0, 8)],
      [vectorOf(x.slice(0, 4), a), memory.subarray(0, 8)],
      [vectorOf(a, a), memory.subarray(0, 8)],
    ] as const)
      expect(() => activate(vector, { out })).toThrow(
        expect.objectContaining({
          code: 'ERR_OUT_OF_RANGE',
          message:
            'out must be vector itself, or memory apart from vector; got a view that overlaps its values',
        }),
      )
    expect(memory).toEqual(x.slice(0, 12))
    activate(vectorOf(a), { out: memory.subarray(4, 8) })
    expectSame(b, softplus(a), 'next to it')
  })

  test('may not be vector where its chunks share memory: nothing is written', () => {
    const memory = x.slice(0, 12)
    const whole = makeVector(chunkOf(memory))
    const list = makeVector(lists.data[0].clone())
    for (const vector of [
      whole.concat(whole),
      whole.slice(0, 5).concat(whole.slice(4)),
      whole.slice(4).concat(whole.slice(2, 3), whole.slice(0, 3)),
      list.concat(list),
    ] as Vector<Float32>[]) {
      const before = rowsOf(vector)
      expect(() => activate(vector, { out: vector })).toThrow(
        expect.objectContaining({
          code: 'ERR_OUT_OF_RANGE',
          message:
            'out must be memory apart from vector where its chunks share memory; got vector itself',
        }),
      )
      expect(rowsOf(vector)).toEqual(before)
    }
    const apart = whole.slice(6).concat(whole.slice(0, 3), whole.slice(3, 3), whole.slice(3, 6))
    const want = softplus(Float32Array.from(rowsOf(apart) as number[]))
    expectSame(activate(apart, { out: apart }).toArray(), want, 'apart')
  })

  test.each([
    [
      new Float32Array(3),
      'RangeError',
      'as long as all float32 values of vector together, 4; got length 3',
    ],
    [
      new Float64Array(4),
      'TypeError',
      'a Float32Array or vector itself; got an instance of Float64Array',
    ],
    [
      makeVector(new Float32Array(4)),
      'TypeError',
      'a Float32Array or vector itself; got an instance of Vector',
    ],
    [null, 'TypeError', 'a Float32Array or vector itself; got null'],
  ])('%s', (out, name, message) => {
    const vector = makeVector(chunkOf(x.slice(0, 4)))
    expect(() => activate(vector, { out } as never)).toThrow(
      expect.objectContaining({ name, message: `out must be ${message}` }),
    )
  })

  test('detached', () => {
    const out = new Float32Array(4)
    structuredClone(out.buffer, { transfer: [out.buffer] })
    expect(() => activate(makeVector(chunkOf(x.slice(0, 4))), { out })).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_STATE',
        message: expect.stringMatching(
          /^out must be a Float32Array with memory; got one whose buffer is detached/,
        ),
      }),
    )
  })
})

describe('memory that was transferred', () => {
  const detach = (view: { buffer: ArrayBufferLike }) => {
    structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] })
  }

  test.each([
    [
      'Float32',
      chunkOf(
        x.slice(0, 9),
        bitmapOf(9, (i) => i > 3),
      ),
    ],
    ['List', vectorFromArray([[1, 2], null, [3]], listOf(float32)).data[0]],
    ['FixedSizeList', vectorFromArray([[1, 2], null], fixedListOf(2, float32)).data[0]],
  ] as [string, Data][])('%s: refused before anything is written', (_, data) => {
    const leafOf = (data: Data): Data => (data.children[0] ? leafOf(data.children[0]) : data)
    const parts = (column: Data) => [
      column.nullBitmap,
      ...(column.valueOffsets ? [column.valueOffsets] : []),
    ]
    const intact = activate(data as Data<Float32>)
    const out = new Float32Array(2 * leafOf(intact).length)
    for (let i = 0; i < parts(data).length; i++) {
      const copy = activate(data as Data<Float32>)
      detach(parts(copy)[i])
      const vector = makeVector(intact).concat(makeVector(copy)) as Vector<Float32>
      expect(() => activate(vector, { out })).toThrow(
        expect.objectContaining({
          code: 'ERR_INVALID_STATE',
          message: 'vector must have its memory; got one whose buffer is detached',
        }),
      )
    }
    const copy = activate(data as Data<Float32>)
    detach(leafOf(copy).values)
    const vector = makeVector(intact).concat(makeVector(copy)) as Vector<Float32>
    expect(() => activate(vector, { out })).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_STATE',
        message:
          'the values of vector must be a Float32Array with memory; got one whose buffer is detached ' +
          '(transferred to another owner) or was shrunk below it',
      }),
    )
    expect(out.every((v) => v === 0)).toBe(true)
  })
})

describe('what came instead of a column of float32', () => {
  const convert =
    'To convert it: vectorFromArray([...vector].map((v) => v === null ? v : Number(v)), new Float32())'
  const take = "Take a column of it: getChild('name')"
  const table = new arrow.Table({ a: makeVector(chunkOf(x)) })
  const structs = vectorFromArray([{ a: 1 }])
  test.each<[string, unknown, string]>([
    ['Float64', makeVector(Float64Array.of(1)), `a Vector of Float64. ${convert}`],
    ['Float16', vectorFromArray([1], new arrow.Float16()), `a Vector of Float16. ${convert}`],
    ['Int32', makeVector(Int32Array.of(1)), `a Vector of Int32. ${convert}`],
    ['Int64', makeVector(BigInt64Array.of(1n)), `a Vector of Int64. ${convert}`],
    ['Data', makeVector(Float64Array.of(1)).data[0], 'Data of Float64'],
    ['Utf8', vectorFromArray(['a'], new arrow.Utf8()), 'a Vector of Utf8'],
    ['Bool', vectorFromArray([true]), 'a Vector of Bool'],
    [
      'Dictionary',
      vectorFromArray([1], new arrow.Dictionary(float32, new arrow.Int32())),
      `a Vector of Dictionary<Int32, Float32>. ${convert}`,
    ],
    ['Dictionary', vectorFromArray(['a']), 'a Vector of Dictionary<Int32, Utf8>'],
    ['List', vectorFromArray([[1]], listOf(new arrow.Float64())), 'a Vector of List<Float64>'],
    ['Struct', structs, `a Vector of Struct<{a:Float64}>. ${take}`],
    ['Table', table, `an instance of Table. ${take}`],
    ['RecordBatch', table.batches[0], `an instance of RecordBatch. ${take}`],
    ['array', [1], 'an array'],
    ['Float32Array', x, 'an instance of Float32Array. For arrays, call softplus itself'],
    ['null', table.getChild('b' as 'a'), 'null'],
    ['nothing', undefined, 'undefined'],
    ['object', { type: float32, data: [], length: 0 }, 'an instance of Object'],
    [
      'object',
      { type: { typeId: 3, precision: 1 }, length: 1, values: x },
      'an instance of Object',
    ],
  ])('%s', (_, vector, got) => {
    expect(() => activate(vector as never)).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_TYPE',
        message: `vector must be an Arrow Vector or Data of Float32, or of lists of Float32; got ${got}`,
      }),
    )
  })

  test('the advice holds', () => {
    for (const vector of [
      vectorFromArray([1, null, 2], new arrow.Float64()),
      vectorFromArray([1, null, 2], new arrow.Float16()),
      vectorFromArray([1, null, 2], new arrow.Int32()),
      vectorFromArray([1n, null, 2n], new arrow.Int64()),
      vectorFromArray([1n, null, 2n], new arrow.Uint64()),
      vectorFromArray([1, null, 2], new arrow.Dictionary(float32, new arrow.Int32())),
    ] as Vector[]) {
      const numbers = [...vector].map((v) => (v === null ? v : Number(v)))
      const [one, two] = softplus(Float32Array.of(1, 2))
      const rows = rowsOf(activate(vectorFromArray(numbers, new arrow.Float32())))
      expect(rows, `${vector.type}`).toEqual([one, null, two])
    }
  })

  test('values that are no Float32Array', () => {
    const data = new arrow.Data(float32, 0, 1, 0, [undefined, [1]] as never)
    expect(() => activate(data)).toThrow(
      'the values of vector must be a Float32Array; got an array. To convert it: Float32Array.from(x)',
    )
  })
})

describe('options', () => {
  const names = 'softplus, derivative, secondDerivative, inverse, relu, reluDerivative'
  const memory = x.slice(0, 4)
  const vectors = [makeVector(chunkOf(memory)), makeVector(chunkOf(new Float32Array(0)))]
  const out = new Float32Array(4)

  test.each<[unknown, string, string]>([
    [
      { beta: 0 },
      'ERR_OUT_OF_RANGE',
      'beta must be finite and not 0, also when rounded to float32; got 0',
    ],
    [{ beta: '2' }, 'ERR_INVALID_ARG_TYPE', 'beta must be a number; got the string "2"'],
    [
      { threshold: Number.NaN },
      'ERR_OUT_OF_RANGE',
      'threshold must be any number but NaN; got NaN',
    ],
    [
      { function: 'relu', beta: 2 },
      'ERR_INVALID_ARG_VALUE',
      'beta must be left out: relu does not depend on it; got number 2',
    ],
    [
      { function: 'sigmoid' },
      'ERR_INVALID_ARG_VALUE',
      `function must be one of ${names}; got the string "sigmoid"`,
    ],
    [
      { function: 'constructor' },
      'ERR_INVALID_ARG_VALUE',
      `function must be one of ${names}; got the string "constructor"`,
    ],
    [
      { function: softplus },
      'ERR_INVALID_ARG_TYPE',
      `function must be one of ${names}; got a function`,
    ],
    [
      { betta: 2 },
      'ERR_INVALID_ARG_VALUE',
      'options must have only function, beta, threshold, out; got betta',
    ],
    [2, 'ERR_INVALID_ARG_TYPE', 'options must be an object such as { beta: 2 }; got number 2'],
    [null, 'ERR_INVALID_ARG_TYPE', 'options must be an object such as { beta: 2 }; got null'],
  ])('%o', (options, code, message) => {
    for (const vector of vectors)
      for (const given of [{}, { out: vector }, { out: out.subarray(0, vector.length) }]) {
        const all = typeof options === 'object' && options ? { ...given, ...options } : options
        expect(() => activate(vector, all as never)).toThrow(
          expect.objectContaining({ code, message }),
        )
      }
    expect(memory).toEqual(x.slice(0, 4))
    expect([...out]).toEqual([0, 0, 0, 0])
  })

  test('undefined is as if left out', () => {
    const options = { function: undefined, beta: undefined, threshold: undefined, out: undefined }
    expectSame(activate(vectors[0], options).toArray(), softplus(memory), 'undefined')
  })
})
