// The layout of an input in the format Arrow IPC.

import { InputError } from '../errors'
import type { Input } from '../io/input'
import { type Layout, naming } from '../layout'
import { type Footer, footerBytes, magic, readFooter, trailerBytes } from './footer'
import { type Known, Messages } from './messages'
import { mostMetadata } from './metadata'
import { Scanner } from './scan'

const isFile = (start: Uint8Array) => magic.equals(start.subarray(0, magic.length))

/**
 * Whether an input without a name begins as an Arrow IPC file or stream does. A stream begins with the bits of a NaN, but
 * then with the length of the schema and an offset in it, which as float32 would be two subnormal numbers.
 */
export function looksLikeArrow(start: Uint8Array): boolean {
  if (isFile(start)) return true
  if (start.length < 12) return false
  const words = Buffer.from(start)
  const [continuation, length, root] = [0, 4, 8].map((at) => words.readInt32LE(at))
  const isLength = length > 0 && length <= mostMetadata && length % 8 === 0
  return continuation === -1 && isLength && root > 0 && root < length
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
  named(() => checkFeather(start))
  const known = isFile(start) ? await readEnd(input) : { isFile: false, size: input.size }
  const messages = named(() => new Messages(known, columns))
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
async function readEnd({ name, size, readAt }: Input): Promise<Known> {
  if (size === undefined || readAt === undefined) return { isFile: true }
  const named = naming(name)
  const trailer = await readAt(Math.max(size - trailerBytes, 0), trailerBytes)
  const bytes = named(() => footerBytes(trailer)) + trailerBytes
  const last = await readAt(Math.max(size - bytes, 0), bytes)
  const footer: Footer = named(() => readFooter(last))
  return { isFile: true, size, ending: { footer, start: size - bytes } }
}

function checkFeather(start: Uint8Array): void {
  if (Buffer.from(start.subarray(0, 4)).toString('latin1') !== 'FEA1') return
  throw new InputError(
    'a Feather file must have version 2, which is the format Arrow IPC; got version 1. Write it again with pyarrow: ' +
      "feather.write_feather(feather.read_table('x.feather'), 'y.feather', compression='uncompressed')",
  )
}
