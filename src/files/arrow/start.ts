// The first bytes of Arrow IPC, by which an input in that format is recognized.

export const magic = Buffer.from('ARROW1')

/** The first word of a message; before version 0.15 of Arrow it was left out. */
export const continuation = -1

/** The most bytes of metadata that one message, or the footer, may have. A schema of 10,000 columns takes about 2 MB. */
export const mostMetadata = 1 << 24

const startsWith = (start: Uint8Array, text: string) =>
  Buffer.from(start.subarray(0, text.length)).toString('latin1') === text

/** Whether it is the start of an IPC file, which has a footer, and not of a stream. */
export const isFile = (start: Uint8Array) => startsWith(start, `${magic}`)

// With the zeros that fill up: the four letters alone are a float32 that may occur.
export const isFeather1 = (start: Uint8Array) => startsWith(start, 'FEA1\0\0\0\0')

export const isParquet = (start: Uint8Array) => startsWith(start, 'PAR1')

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

export const wordAt = (bytes: Uint8Array, at: number) =>
  new DataView(bytes.buffer, bytes.byteOffset + at, 4).getInt32(0, true)
