// Makes .npy files for the tests, valid or not.

export interface NpyFile {
  version?: [major: number, minor: number]
  /** The header's text. Default: a dict of the fields below. */
  header?: string
  dtype?: string
  fortranOrder?: boolean
  shape?: number[]
  data?: Uint8Array
}

/** The bytes of an .npy file. The header is not padded, so the data can begin at any byte. */
export function npyFile(file: NpyFile): Buffer {
  const [major, minor] = file.version ?? [1, 0]
  const text = Buffer.from(file.header ?? `${headerDict(file)}\n`, major < 3 ? 'latin1' : 'utf8')
  const length = Buffer.alloc(major < 2 ? 2 : 4)
  length.writeUIntLE(text.length, 0, length.length)
  const start = Buffer.from(`\x93NUMPY${String.fromCharCode(major, minor)}`, 'latin1')
  return Buffer.concat([start, length, text, file.data ?? Buffer.alloc(0)])
}

/** A header's dict, as NumPy writes it. */
export function headerDict({ dtype = '<f4', fortranOrder = false, shape = [] }: NpyFile): string {
  const order = fortranOrder ? 'True' : 'False'
  return `{'descr': '${dtype}', 'fortran_order': ${order}, 'shape': ${shapeTuple(shape)}, }`
}

function shapeTuple(shape: number[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
}

/** The bytes of float32 elements, without a copy. */
export function floatBytes(floats: Float32Array): Buffer {
  return Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength)
}
