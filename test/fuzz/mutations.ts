// Mutants of files: cut, spliced, with bytes and tokens inserted, with the length of a .npy header corrected or not, and with
// words of a flatbuffer changed.

import fc from 'fast-check'

type Mutation = (bytes: Buffer) => Buffer

const dictionary = [
  ...["'descr'", "'shape'", "'fortran_order'", "'<f4'", "'>f4'", '"<f4"', "'", '"', '\\', '\\\n'],
  ...['(', ')', '[', ']', '{', '}', ':', ',', '((', '[[', '(,', ',)', "{'a':"],
  ...['True', 'False', 'None', '0', '1', '-1', '-0', '3L', '1.5', '1e9', '0x7f', '4294967296'],
  ...['9007199254740991', '9007199254740993', '9'.repeat(400)],
  ...[' ', '\n', '\r', '\f', '\t', '\0', '\x93NUMPY', '\xa0', '\xef\xbb\xbf', '\xed\xa0\x80'],
].map((token) => Buffer.from(token, 'latin1'))

// A place is a fraction of the file's length, so that it stays in the file while fast-check shrinks the file.
const place = fc.nat(0xffff)
const at = (bytes: Buffer, where: number) => Math.floor((where / 0x10000) * (bytes.length + 1))
const replaced = (bytes: Buffer, start: number, end: number, by: Buffer) =>
  Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(Math.max(start, end))])

const byte = fc.tuple(place, fc.nat(255)).map(
  ([where, value]): Mutation =>
    (bytes) => {
      const start = at(bytes, where)
      return replaced(bytes, start, start + 1, Buffer.of(value))
    },
)

const insertion = fc
  .tuple(place, fc.constantFrom(...dictionary), fc.constantFrom(1, 1, 1, 2, 40, 3000))
  .map(
    ([where, token, times]): Mutation =>
      (bytes) => {
        const start = at(bytes, where)
        return replaced(bytes, start, start, Buffer.concat(Array<Buffer>(times).fill(token)))
      },
  )

const deletion = fc.tuple(place, fc.integer({ min: 1, max: 40 })).map(
  ([where, length]): Mutation =>
    (bytes) => {
      const start = at(bytes, where)
      return replaced(bytes, start, start + length, Buffer.alloc(0))
    },
)

const repetition = fc
  .tuple(place, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 100 }))
  .map(
    ([where, length, times]): Mutation =>
      (bytes) => {
        const start = at(bytes, where)
        const part = bytes.subarray(start, start + length)
        return replaced(bytes, start, start, Buffer.concat(Array<Buffer>(times).fill(part)))
      },
  )

const truncation = place.map(
  (where): Mutation =>
    (bytes) =>
      bytes.subarray(0, at(bytes, where)),
)

const splice = (files: Buffer[]) =>
  fc.tuple(place, place, fc.constantFrom(...files)).map(
    ([where, from, other]): Mutation =>
      (bytes) => {
        const tail = other.subarray(at(other, from))
        return replaced(bytes, at(bytes, where), bytes.length, tail)
      },
  )

const version = fc.tuple(fc.constantFrom(6, 7), fc.constantFrom(0, 1, 2, 3, 4, 255)).map(
  ([where, value]): Mutation =>
    (bytes) =>
      replaced(bytes, where, where + 1, Buffer.of(value)),
)

const lengthField = fc
  .constantFrom(0, 1, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff)
  .map(
    (length): Mutation =>
      (bytes) =>
        withLength(bytes, length),
  )

// Most edits make the length wrong, and are refused for that. With a corrected length the parser reads the text.
const correctedLength = fc.nat(16).map(
  (dataBytes): Mutation =>
    (bytes) =>
      withLength(bytes, Math.max(0, bytes.length - (bytes[6] === 1 ? 10 : 12) - dataBytes)),
)

function withLength(bytes: Buffer, length: number): Buffer {
  const field = Buffer.alloc(4)
  field.writeUInt32LE(length)
  return bytes[6] === 1
    ? replaced(bytes, 8, 10, field.subarray(0, 2))
    : replaced(bytes, 8, 12, field)
}

/** Files that differ from the given ones in a few places, so that some of them are still valid. */
export function mutants(files: Buffer[]): fc.Arbitrary<Buffer> {
  const edit = fc.oneof(
    ...[byte, insertion, insertion, deletion, repetition, truncation, splice(files), version],
    lengthField,
  )
  return fc
    .tuple(
      fc.constantFrom(...files),
      fc.array(edit, { maxLength: 5 }),
      fc.option(correctedLength, { freq: 3 }),
    )
    .map(([file, edits, correct]) => {
      const edited = edits.reduce((bytes, mutate) => mutate(bytes), file)
      return Buffer.from(correct ? correct(edited) : edited)
    })
}

// Flatbuffers consist of offsets, lengths and small integers. Most are words of 32 bits.
const words = [0, 1, 2, 4, 8, 16, 64, 0xffff, 0x10000, 0x7fffffff, -0x80000000, -1, -4, -16]
const word = fc.tuple(place, fc.constantFrom(...words), fc.boolean()).map(
  ([where, value, isAdded]): Mutation =>
    (bytes) => {
      const start = at(bytes, where) & ~3
      if (start + 4 > bytes.length) return bytes
      const changed = Buffer.alloc(4)
      changed.writeInt32LE(isAdded ? (bytes.readInt32LE(start) + value) | 0 : value)
      return replaced(bytes, start, start + 4, changed)
    },
)

/** Files in the format Arrow IPC that differ from the given ones in a few places. */
export function arrowMutants(files: Buffer[]): fc.Arbitrary<Buffer> {
  const edit = fc.oneof(
    ...[byte, word, word, word, word, deletion, repetition, truncation, splice(files)],
  )
  return fc
    .tuple(fc.constantFrom(...files), fc.array(edit, { maxLength: 4 }))
    .map(([file, edits]) => Buffer.from(edits.reduce((bytes, mutate) => mutate(bytes), file)))
}
