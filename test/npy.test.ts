// The .npy header parser: what it reads, what it refuses, and that it ends in no other way.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isNpy, NpyError, type NpyErrorCode, npyData, parseNpyHeader } from '../src/files/npy/npy'
import { headerDict, npyFile } from './npy-writer'

const versions: [number, number][] = [
  [1, 0],
  [2, 0],
  [3, 0],
]

function headerOf(header: string) {
  return parseNpyHeader(npyFile({ header }))
}

function errorOf(run: () => unknown): NpyError {
  try {
    run()
  } catch (error) {
    if (error instanceof NpyError) return error
    throw error
  }
  throw new Error('expected an NpyError, got none')
}

describe('headers read', () => {
  test.each(versions)('version %i.%i', (major, minor) => {
    const bytes = npyFile({ version: [major, minor], shape: [3, 4], data: Buffer.alloc(48) })
    expect(parseNpyHeader(bytes)).toEqual({
      dtype: '<f4',
      shape: [3, 4],
      fortranOrder: false,
      count: 12,
      dataOffset: bytes.length - 48,
    })
  })

  test('Fortran order', () => {
    expect(parseNpyHeader(npyFile({ shape: [2], fortranOrder: true })).fortranOrder).toBe(true)
  })

  test.each([
    ['()', [], 1],
    ['(3,)', [3], 3],
    ['(3, 4)', [3, 4], 12],
    ['(3,4,)', [3, 4], 12],
    ['(0,)', [0], 0],
    ['(3L,)', [3], 3],
    ['(2L, 3L)', [2, 3], 6],
    ['( 2 ,\n 3 )', [2, 3], 6],
    ['(94906265, 94906265)', [94906265, 94906265], 94906265 ** 2],
    ['(9007199254740991, 9007199254740991, 0)', [2 ** 53 - 1, 2 ** 53 - 1, 0], 0],
  ])('shape %s', (text, shape, count) => {
    const header = headerOf(`{'descr': '<f4', 'fortran_order': False, 'shape': ${text}}`)
    expect(header).toMatchObject({ shape, count })
  })

  test('any order of keys, any whitespace, either quotes', () => {
    const header = headerOf(' {\t"shape":(1,),"descr" : "|u1" ,\n\'fortran_order\':True } \n')
    expect(header).toMatchObject({ shape: [1], dtype: '|u1', fortranOrder: true })
  })

  test('a structured dtype, as it is written', () => {
    const dtype = "[('a', '<f4'), ('b', [('c', '<i2', (2, 3))])]"
    const header = headerOf(`{'descr': ${dtype}, 'fortran_order': False, 'shape': (3,)}`)
    expect(header.dtype).toBe(dtype)
  })

  test('field names beyond ASCII, in version 3.0', () => {
    const dtype = "[('β', '<f4')]"
    const header = `{'descr': ${dtype}, 'fortran_order': False, 'shape': ()}`
    expect(parseNpyHeader(npyFile({ version: [3, 0], header })).dtype).toBe(dtype)
  })

  test('a view into a larger buffer', () => {
    const file = npyFile({ shape: [5] })
    const larger = Buffer.concat([Buffer.alloc(3), file])
    expect(parseNpyHeader(larger.subarray(3))).toEqual(parseNpyHeader(file))
  })

  test('isNpy tells by the first six bytes', () => {
    expect(isNpy(npyFile({}))).toBe(true)
    expect(isNpy(Buffer.from('\x93NUMPY', 'latin1'))).toBe(true)
    expect(isNpy(Buffer.from('\x93NUMP', 'latin1'))).toBe(false)
    expect(isNpy(Buffer.from('NUMPY.'))).toBe(false)
    expect(isNpy(new Uint8Array())).toBe(false)
  })
})

describe('headers refused', () => {
  const fields = "'descr': '<f4', 'fortran_order': False"
  const headers: [name: string, header: string, code: NpyErrorCode, message: RegExp][] = [
    [
      'an empty header',
      '',
      'ERR_NPY_HEADER',
      /must be a Python literal .*; got the end of the text\./,
    ],
    ['text', 'hello', 'ERR_NPY_HEADER', /must be a Python literal .* got "hello"\./],
    ['a call', '{**dict()}', 'ERR_NPY_HEADER', /must be a Python literal/],
    ['an unclosed dict', `{${fields}`, 'ERR_NPY_HEADER', /with ',' or '}' at/],
    ['an unclosed string', "{'descr", 'ERR_NPY_HEADER', /must be a Python literal/],
    ['a missing colon', "{'descr' '<f4'}", 'ERR_NPY_HEADER', /with ':' after the key at/],
    ['a key that is no string', '{1: 2}', 'ERR_NPY_HEADER', /a string as the key/],
    ['a key given twice', `{${fields}, ${fields}}`, 'ERR_NPY_HEADER', /the key 'descr' once/],
    ['text after the dict', `${headerDict({})} 1`, 'ERR_NPY_HEADER', /nothing after/],
    ['padding of NUL', `${headerDict({})}\0\0`, 'ERR_NPY_HEADER', /nothing after/],
    ['a comma alone', `{${fields}, 'shape': (,)}`, 'ERR_NPY_HEADER', /must be a Python literal/],
    ['a tuple', "('<f4', False, (3,))", 'ERR_NPY_HEADER', /must be a dict; got \('<f4'/],
    ['no keys', '{}', 'ERR_NPY_HEADER', /must have the keys .*; got no keys/],
    ['a missing key', `{${fields}}`, 'ERR_NPY_HEADER', /got descr, fortran_order\./],
    ['a key too many', `{${fields}, 'shape': (), 'x': 1}`, 'ERR_NPY_HEADER', /shape, x\./],
    ['a shape in brackets', `{${fields}, 'shape': (3)}`, 'ERR_NPY_HEADER', /a tuple .* got \(3\)/],
    ['a list as shape', `{${fields}, 'shape': [3]}`, 'ERR_NPY_HEADER', /a tuple .* got \[3\]/],
    ['a negative length', `{${fields}, 'shape': (-3,)}`, 'ERR_NPY_HEADER', /0 or more.* got -3/],
    [
      'a float as length',
      `{${fields}, 'shape': (3.0,)}`,
      'ERR_NPY_HEADER',
      /must be a Python literal/,
    ],
    [
      'a name as length',
      `{${fields}, 'shape': (n,)}`,
      'ERR_NPY_HEADER',
      /must be a Python literal/,
    ],
    ['a string as length', `{${fields}, 'shape': ('3',)}`, 'ERR_NPY_HEADER', /got '3'/],
    ['a leading zero', `{${fields}, 'shape': (03,)}`, 'ERR_NPY_HEADER', /must be a Python literal/],
    [
      'an order that is no boolean',
      "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}",
      'ERR_NPY_HEADER',
      /True or False for 'fortran_order'; got 0/,
    ],
    [
      'a dtype that is a number',
      "{'descr': 4, 'fortran_order': False, 'shape': ()}",
      'ERR_NPY_HEADER',
      /a dtype such as '<f4' for 'descr'; got 4/,
    ],
    ['too many elements', headerDict({ shape: [2 ** 27, 2 ** 27] }), 'ERR_NPY_SHAPE', /2\^53 - 1/],
    ['an unsafe length', `{${fields}, 'shape': (9007199254740993,)}`, 'ERR_NPY_SHAPE', /shape/],
    [
      'an unsafe length by 0',
      `{${fields}, 'shape': (${'9'.repeat(400)}, 0)}`,
      'ERR_NPY_SHAPE',
      /shape/,
    ],
    ['deep nesting', '['.repeat(60000), 'ERR_NPY_HEADER', /at most 32 nested brackets/],
  ]

  test.each(headers)('%s', (_, header, code, message) => {
    const error = errorOf(() => headerOf(header))
    expect(error.message).toMatch(message)
    expect(error.code).toBe(code)
  })

  test('bytes that are not UTF-8, in version 3.0', () => {
    const bytes = npyFile({ version: [3, 0], header: headerDict({}) })
    bytes[14] = 0xff
    expect(errorOf(() => parseNpyHeader(bytes)).code).toBe('ERR_NPY_HEADER')
  })

  test.each([
    ['no bytes', '', /no bytes at all/],
    ['other bytes', 'PK\x03\x04..', /504b0304/],
    ['half the magic', '\x93NU', /934e55\./],
  ])('%s instead of the magic', (_, bytes, message) => {
    const error = errorOf(() => parseNpyHeader(Buffer.from(bytes, 'latin1')))
    expect(error.code).toBe('ERR_NPY_MAGIC')
    expect(error.message).toMatch(message)
  })

  test.each([
    [0, 0],
    [1, 1],
    [4, 0],
    [255, 255],
  ])('version %i.%i', (major, minor) => {
    const error = errorOf(() => parseNpyHeader(npyFile({ version: [major, minor] })))
    expect(error.code).toBe('ERR_NPY_VERSION')
    expect(error.message).toContain(`1.0, 2.0, 3.0; got ${major}.${minor}`)
  })

  test.each(versions)('version %i.%i, cut off anywhere in the header', (major, minor) => {
    const bytes = npyFile({ version: [major, minor], shape: [3, 4] })
    for (let length = 6; length < bytes.length; length += 1) {
      const error = errorOf(() => parseNpyHeader(bytes.subarray(0, length)))
      expect(error.code).toBe('ERR_NPY_TRUNCATED')
    }
  })
})

describe('data', () => {
  const bytes = npyFile({ shape: [2, 3], data: Buffer.alloc(24, 7) })
  const header = parseNpyHeader(bytes)

  test('is what follows the header', () => {
    expect(npyData(bytes, header, 4)).toEqual(Buffer.alloc(24, 7))
  })

  test('is refused when it is cut off', () => {
    const error = errorOf(() => npyData(bytes.subarray(0, -1), header, 4))
    expect(error.code).toBe('ERR_NPY_TRUNCATED')
    expect(error.message).toContain("must be 24 bytes (shape (2, 3) of '<f4'); got 23")
  })

  test('is refused when more follows', () => {
    const error = errorOf(() => npyData(Buffer.concat([bytes, bytes]), header, 4))
    expect(error.code).toBe('ERR_NPY_TRAILING')
  })

  test('of a shape no file can hold is refused, not multiplied past exactness', () => {
    const huge = npyFile({ shape: [2 ** 26, 2 ** 26], data: Buffer.alloc(8) })
    const error = errorOf(() => npyData(huge, parseNpyHeader(huge), 4))
    expect(error.code).toBe('ERR_NPY_TRUNCATED')
  })
})

describe('properties', () => {
  const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n'), maxLength: 3 })
  const length = fc.tuple(fc.nat(1000), fc.constantFrom('', 'L')).map(([n, long]) => ({ n, long }))

  test('a generated header reads back as it was meant', () => {
    const headers = fc.record({
      version: fc.constantFrom(...versions),
      fortranOrder: fc.boolean(),
      lengths: fc.array(length, { maxLength: 5 }),
      dtype: fc.constantFrom('<f4', '>f8', '|u1', '<U10'),
      keys: fc.shuffledSubarray(['descr', 'fortran_order', 'shape'], { minLength: 3 }),
      quote: fc.constantFrom("'", '"'),
      gap: space,
      padding: fc.nat(70),
      data: fc.uint8Array(),
    })
    fc.assert(
      fc.property(headers, (h) => {
        const items = h.lengths.map(({ n, long }) => `${h.gap}${n}${long}${h.gap},`).join('')
        const values: Record<string, string> = {
          descr: h.quote + h.dtype + h.quote,
          fortran_order: h.fortranOrder ? 'True' : 'False',
          shape: `(${items})`,
        }
        const entries = h.keys.map((key) => `${h.quote}${key}${h.quote}:${h.gap}${values[key]}`)
        const text = `${h.gap}{${entries.join(`${h.gap},`)}}${' '.repeat(h.padding)}\n`
        const bytes = npyFile({ version: h.version, header: text, data: h.data })
        const shape = h.lengths.map(({ n }) => n)
        expect(parseNpyHeader(bytes)).toEqual({
          dtype: h.dtype,
          shape,
          fortranOrder: h.fortranOrder,
          count: shape.reduce((product, n) => product * n, 1),
          dataOffset: bytes.length - h.data.length,
        })
      }),
    )
  })

  const noBytesThrowAnythingElse = (bytes: Uint8Array) => {
    try {
      parseNpyHeader(bytes)
    } catch (error) {
      expect(error).toBeInstanceOf(NpyError)
    }
  }

  test('random bytes throw nothing but an NpyError', () => {
    fc.assert(fc.property(fc.uint8Array(), noBytesThrowAnythingElse))
  })

  test('random bytes after the magic throw nothing but an NpyError', () => {
    const magic = Buffer.from('\x93NUMPY', 'latin1')
    const file = fc.uint8Array().map((rest) => Buffer.concat([magic, rest]))
    fc.assert(fc.property(file, noBytesThrowAnythingElse))
  })

  test('random literals and near misses throw nothing but an NpyError', () => {
    const pieces = ["'descr'", "'shape'", "'fortran_order'", "'<f4'", ':', ',', '(', ')', '{', '}']
    const unit = fc.constantFrom(...pieces, '[', ']', '0', '3', 'L', '-', 'True', ' ', "'", '\\')
    const header = fc.string({ unit, maxLength: 40 })
    const file = fc.record({ version: fc.constantFrom(...versions), header }).map(npyFile)
    fc.assert(fc.property(file, noBytesThrowAnythingElse), { numRuns: 1000 })
  })
})
