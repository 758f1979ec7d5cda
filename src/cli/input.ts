// What is to be activated: a file or standard input, read whole, and its format.

import { fstatSync, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { extname } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { isNpy } from '../npy'
import { attempt, InputError, SystemFailure } from './errors'

export type Format = 'npy' | 'f32'

export interface Contents {
  format: Format
  bytes: Uint8Array
}

export interface Input {
  /** How messages call it. */
  name: string
  /** The format that the name tells; absent where only the content can. */
  format?: Format
  read(): Promise<Contents>
  close(): Promise<void>
}

/** Opens the input, `-` being standard input, and checks that its name is one of those supported. */
export async function openInput(path: string): Promise<Input> {
  if (path === '-') return standardInput()
  const action = `read ${path}`
  const handle = await attempt(action, () => open(path, 'r'))
  try {
    const stats = await attempt(action, () => handle.stat())
    refuseDirectory(action, stats)
    return file(path, formatNamed(path), handle)
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** The format that a file's name stands for, if it is one of those supported. */
export function formatOfName(path: string): Format | undefined {
  const extension = extname(path).toLowerCase()
  return extension === '.npy' ? 'npy' : extension === '.f32' ? 'f32' : undefined
}

function standardInput(): Input {
  const name = 'standard input'
  const action = `read ${name}`
  return {
    name,
    async read() {
      // Node takes a directory on stdin for an empty stream.
      const stats = await attempt(action, async () => fstatSync(0))
      refuseDirectory(action, stats)
      const bytes = await attempt(action, () => buffer(process.stdin))
      return { format: isNpy(bytes) ? 'npy' : 'f32', bytes }
    },
    async close() {},
  }
}

function file(path: string, format: Format, handle: FileHandle): Input {
  return {
    name: path,
    format,
    read: async () => ({
      format,
      bytes: await attempt(`read ${path}`, () => handle.readFile()),
    }),
    close: () => handle.close(),
  }
}

function refuseDirectory(action: string, stats: Stats): void {
  if (!stats.isDirectory()) return
  const reason = new Error('it is a directory, not a file')
  throw new SystemFailure(action, Object.assign(reason, { code: 'EISDIR' }))
}

function formatNamed(path: string): Format {
  const format = formatOfName(path)
  if (format) return format
  const came = extname(path) === '' ? 'no extension' : `'${extname(path)}'`
  throw new InputError(
    `${path}: expected a .npy file (NumPy) or a .f32 file (raw little-endian float32), ` +
      `got ${came}; rename it, or convert it with numpy.save('x.npy', a.astype('<f4'))`,
  )
}
