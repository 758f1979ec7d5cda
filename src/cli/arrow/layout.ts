// The layout of an input in the format Arrow IPC.

import { InputError } from '../../files/errors'
import { type Layout, naming } from '../../files/layout'
import type { Input } from '../io/input'
import { footerLength, magic, readFooter, trailerBytes } from './footer'
import { continuation, wordAt } from './message'
import { type FileEnd, type InputFacts, Messages } from './messages'
import { mostMetadata } from './metadata'
import { Scanner } from './scan'

const startsWith = (start: Uint8Array, text: string) =>
  Buffer.from(start.subarray(0, text.length)).toString('latin1') === text

const isFile = (start: Uint8Array) => startsWith(start, `${magic}`)

// With the zeros that fill up: the four letters alone are a float32 that may occur.
const isFeather1 = (start: Uint8Array) => startsWith(start, 'FEA1\0\0\0\0')

/**
 * Whether an input without a name begins as an Arrow IPC file or stream does. A stream begins with the bits of a NaN, which
 * older ones leave out, then with the length of the schema and an offset in it. As float32 these would be two subnormal
 * numbers.
 */
export function looksLikeArrow(start: Uint8Array): boolean {
  if (isFile(start) || isFeather1(start)) return true
  if (start.length < 12) return false
  const [length, root] = (wordAt(start, 0) === continuation ? [4, 8] : [0, 4]).map((at) =>
    wordAt(start, at),
  )
  return length > 0 && length <= mostMetadata && length % 4 === 0 && root > 0 && root < length
}

/**
 * Reads until the schema is known, so that a wrong column is reported before the rest arrives.
 *
 * @param buffer Memory to read into.
 * @param start The first bytes, which have been read already.
 * @param columns The names given by --column.
 */
export async function readArrow(
  input: Input,
  buffer: Uint8Array,
  start: Uint8Array,
  columns: readonly string[],
): Promise<Layout> {
  const named = naming(input.name)
  named(() => checkFormat(start))
  const facts: InputFacts = { isFile: isFile(start), size: input.size }
  if (facts.isFile) facts.end = await readFileEnd(input)
  const messages = named(() => new Messages(facts, columns))
  const scanner = new Scanner(messages.walk())
  const head = [start]
  named(() => scanner.scan(start))
  // Metadata take memory only as they arrive, whatever length they claim.
  while (messages.columns === undefined) {
    const part = buffer.subarray(0, scanner.missing)
    const end = await input.fill(part, 0)
    head.push(part.slice(0, end))
    named(() => {
      scanner.scan(part.subarray(0, end))
      if (end < part.length) scanner.end()
    })
  }
  return {
    format: 'arrow',
    head: Buffer.concat(head),
    rest: new Uint8Array(0),
    valuesIn: (bytes, isLast) =>
      named(() => {
        const values = scanner.scan(bytes)
        if (isLast) scanner.end()
        return values
      }),
  }
}

/** Reads the footer of a file that can be read from its end: it has the schema, also where the start has none. */
async function readFileEnd({ name, size, readAt }: Input): Promise<FileEnd | undefined> {
  if (size === undefined || readAt === undefined) return undefined
  const named = naming(name)
  const end = Math.max(size - trailerBytes, 0)
  const trailer = await readAt(end, trailerBytes)
  const start = end - named(() => footerLength(trailer, end))
  const bytes = await readAt(start, end - start)
  return { footer: named(() => readFooter(bytes)), start, size }
}

function checkFormat(start: Uint8Array): void {
  if (isFeather1(start))
    throw new InputError(
      'a Feather file must have version 2, which is the format Arrow IPC; got version 1. Write it again with pyarrow: ' +
        "feather.write_feather(feather.read_table('x.feather'), 'y.feather', compression='uncompressed')",
    )
  if (startsWith(start, 'PAR1'))
    throw new InputError(
      'the input must be in the format Arrow IPC; got Parquet. Activate it with DuckDB, as docs/pipelines.md shows',
    )
}
