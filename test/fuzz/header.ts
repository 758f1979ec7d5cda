// What must hold for the .npy parser, whatever the bytes.

import { ok as assert, deepEqual, equal } from 'node:assert/strict'
import { arrayLayout } from '../../src/files/array'
import { InputError } from '../../src/files/errors'
import { NpyError, type NpyHeader, npyData, parseNpyHeader } from '../../src/files/npy/npy'
import { type Model, modelLiteral, modelText } from './model'

// Far more than any header needs, and far less than users would notice as a hang or a page of text.
const longestMilliseconds = 1000
const longestMessage = 500

/** Checks everything for one file. Returns the kind of outcome, which stands for the path through the code. */
export function checkHeader(bytes: Buffer): string {
  const before = Buffer.from(bytes)
  const started = performance.now()
  const outcome = outcomeOf(bytes)
  assert(performance.now() - started < longestMilliseconds, 'takes too long')
  assert(bytes.equals(before), 'its bytes were written to')
  for (const around of [0, 0x27, 0xff]) {
    deepEqual(outcomeOf(embedded(bytes, around)), outcome, 'depends on the bytes around it')
  }
  if (outcome instanceof NpyError) return `${outcome.code} ${kindOf(outcome.message)}`
  checkRead(bytes, outcome)
  const dimensions = Math.min(outcome.shape.length, 3)
  return `read ${bytes[6]},${bytes[7]} ${dimensions} ${outcome.fortranOrder} ${checkUse(bytes, outcome)}`
}

function outcomeOf(bytes: Buffer): NpyHeader | NpyError {
  try {
    return parseNpyHeader(bytes)
  } catch (error) {
    return refusal(error, NpyError)
  }
}

// Other errors are rethrown, and fail the check.
function refusal<E extends Error>(error: unknown, kind: abstract new (...args: never) => E): E {
  if (!(error instanceof kind)) throw error
  assert(error.message.length <= longestMessage, `a message of ${error.message.length} characters`)
  return error
}

function embedded(bytes: Buffer, around: number): Buffer {
  const larger = Buffer.alloc(bytes.length + 64, around)
  bytes.copy(larger, 32)
  return larger.subarray(32, 32 + bytes.length)
}

// Drops what a message quotes from the file, so that one kind of failure has one text.
const kindOf = (message: string): string =>
  message.replace(/( \(|found|got|key).*/s, '').replace(/\d+/g, '0')

function checkRead(bytes: Buffer, header: NpyHeader): void {
  const { text, end } = modelText(bytes)
  equal(header.dataOffset, end)
  assert(end <= bytes.length, 'the header reaches past the file')
  const { dict } = modelLiteral(text) as { dict: Model[] }
  const fields = new Map(Array.from({ length: dict.length / 2 }, (_, i) => pair(dict, i)))
  deepEqual([...fields.keys()].sort(), ['descr', 'fortran_order', 'shape'])
  equal(header.fortranOrder, fields.get('fortran_order'))
  deepEqual({ tuple: header.shape.map(BigInt) }, fields.get('shape'))
  equal(
    BigInt(header.count),
    header.shape.reduce((product, length) => product * BigInt(length), 1n),
  )
  const descr = fields.get('descr')
  deepEqual(typeof descr === 'string' ? header.dtype : modelLiteral(header.dtype), descr)
}

const pair = (dict: Model[], i: number) => [dict[2 * i], dict[2 * i + 1]] as const

/** Checks the data after the header, for a caller and for the command: it is what the header says, or refused. */
function checkUse(bytes: Buffer, header: NpyHeader): string {
  const { count, dataOffset } = header
  const isWhole = bytes.length - dataOffset === 4 * count
  try {
    const data = npyData(bytes, header, 4)
    assert(isWhole && data.length === 4 * count && data.buffer === bytes.buffer)
    equal(data.byteOffset, bytes.byteOffset + dataOffset)
  } catch (error) {
    refusal(error, NpyError)
    assert(!isWhole, 'whole data was refused')
  }
  const input = { name: 'x.npy', format: 'npy', size: bytes.length } as const
  try {
    const source = { ...input, fill: async () => 0, close: async () => {} }
    const layout = arrayLayout(source, bytes, 'npy')
    equal(layout.head.length, dataOffset)
    assert(isWhole && header.dtype === '<f4', 'the command takes data that is not float32')
    return 'taken'
  } catch (error) {
    const { message } = refusal(error, InputError)
    assert(!(isWhole && header.dtype === '<f4'), 'the command refuses whole float32')
    return kindOf(message)
  }
}
