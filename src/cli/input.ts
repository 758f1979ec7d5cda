// What is to be activated: a file or standard input, read piece by piece, and its format.

import { constants, existsSync, readFileSync, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { extname } from 'node:path'
import type { Readable } from 'node:stream'
import { closerOf, openFile, readFrom, refuseClosedOrNull, statOf } from './descriptors'
import { attempt, InputError, SystemFailure } from './errors'

export type Format = 'npy' | 'f32'

/** Bytes, one after the other. */
interface Source {
  /** How many bytes it holds, where that can be known before they are read. */
  size?: number
  /** Fills the buffer from a place on, as far as there are bytes; returns where they end. */
  fill(buffer: Uint8Array, from: number): Promise<number>
  close(): Promise<void>
}

export interface Input extends Source {
  /** How messages call it. */
  name: string
  /** The format that the name tells; absent where only the content can. */
  format?: Format
}

/** Opens the input, `-` being standard input, and checks that its name is one of those supported. */
export async function openInput(path: string): Promise<Input> {
  if (path === '-') return standardInput()
  const action = `read ${path}`
  const found = await attempt(action, () => stat(path))
  // Without O_NONBLOCK this would wait for the FIFO's writer, in a thread that holds up the exit.
  const flags = constants.O_RDONLY | (found.isFIFO() ? constants.O_NONBLOCK : 0)
  const fd = await attempt(action, () => openFile(path, flags))
  const close = closerOf(fd)
  try {
    const stats = await attempt(action, () => statOf(fd))
    refuseDirectory(action, stats)
    const format = formatNamed(path)
    const source = stats.isFIFO()
      ? fromSocket(action, new Socket({ fd, readable: true, writable: false }))
      : fromDescriptor(action, fd, stats, close, 0)
    return { name: path, format, ...source }
  } catch (error) {
    await close()
    throw error
  }
}

/** The format that a file's name stands for, if it is one of those supported. */
export function formatOfName(path: string): Format | undefined {
  const extension = extname(path).toLowerCase()
  return extension === '.npy' ? 'npy' : extension === '.f32' ? 'f32' : undefined
}

async function standardInput(): Promise<Input> {
  const name = 'standard input'
  const action = `read ${name}`
  const stats = await attempt(action, () => statOf(0))
  // Node takes a directory on stdin for an empty stream.
  refuseDirectory(action, stats)
  await refuseClosedOrNull(0, action)
  const close = async () => {}
  const source = stats.isFile()
    ? fromDescriptor(action, 0, stats, close, positionOfStdin())
    : { ...fromStream(action, process.stdin), close }
  return { name, ...source }
}

// Others may have read a part of the file already. Where there is no /proc, nothing tells how much.
function positionOfStdin(): number | undefined {
  if (!existsSync('/proc/self/fdinfo/0')) return undefined
  const [, position] = /^pos:\s*(\d+)/m.exec(readFileSync('/proc/self/fdinfo/0', 'latin1')) ?? []
  return position === undefined ? undefined : Number(position)
}

function fromSocket(action: string, socket: Socket): Source {
  // fill() reports it.
  socket.on('error', () => {})
  return {
    ...fromStream(action, socket),
    async close() {
      socket.destroy()
    },
  }
}

function fromStream(action: string, stream: Readable): Pick<Source, 'fill'> {
  const chunks: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  return {
    async fill(buffer, from) {
      let end = from
      while (end < buffer.length) {
        if (rest.length === 0) {
          const { value, done } = await attempt(action, () => chunks.next())
          if (done) break
          rest = value
        }
        const taken = rest.subarray(0, buffer.length - end)
        buffer.set(taken, end)
        rest = rest.subarray(taken.length)
        end += taken.length
      }
      return end
    },
  }
}

/**
 * A file or a device. A regular file is read only up to its size at opening, so that a file the results are appended to
 * has an end.
 */
function fromDescriptor(
  action: string,
  fd: number,
  stats: Stats,
  close: () => Promise<void>,
  position: number | undefined,
): Source {
  // Files under /proc have no size and yet content.
  const hasSize = stats.isFile() && stats.size > 0
  const limit = hasSize ? Math.max(stats.size - (position ?? 0), 0) : Infinity
  let left = limit

  async function readPart(buffer: Uint8Array, start: number): Promise<number> {
    const length = Math.min(buffer.length - start, left)
    if (length === 0) return 0
    const { bytesRead } = await readFrom(fd, buffer, start, length, null)
    // The file was empty when opened and has grown: ignore the new bytes.
    if (stats.isFile() && !hasSize && bytesRead > 0 && (await statOf(fd)).size > 0) return 0
    left -= bytesRead
    return bytesRead
  }

  return {
    ...(hasSize && position !== undefined && { size: limit }),
    fill: (buffer, from) =>
      attempt(action, async () => {
        let end = from
        while (end < buffer.length) {
          const bytesRead = await readPart(buffer, end)
          if (bytesRead === 0) break
          end += bytesRead
        }
        return end
      }),
    close,
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
