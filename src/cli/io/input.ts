// The inputs: a file, a FIFO or standard input, read piece by piece.

import { constants, existsSync, readFileSync, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { closerOf, openFile, readFrom, statOf } from '../../files/descriptors'
import { attempt } from '../../files/errors'
import { checkNoDirectory, type Format, readFormat } from '../../files/paths'
import { checkIsOpen } from './streams'

interface Source {
  /** The number of bytes, where it is known before they are read. */
  size?: number
  /** Reads into the buffer from position `from` until it is full or the source ends; returns the end of the bytes read. */
  fill(buffer: Uint8Array, from: number): Promise<number>
  /** Reads up to `length` bytes at a position, whatever fill() has read. Only files whose size is known have it. */
  readAt?(position: number, length: number): Promise<Uint8Array>
  close(): Promise<void>
}

export interface Input extends Source {
  /** The name in messages. */
  name: string
  /** The format that the file's name stands for; absent for standard input, where the content decides. */
  format?: Format
}

/** Opens the input, `-` being standard input. Throws an InputError if a file's name stands for no format. */
export async function openInput(path: string): Promise<Input> {
  if (path === '-') return standardInput()
  const action = `read ${path}`
  const found = await attempt(action, () => stat(path))
  // Without O_NONBLOCK, opening a FIFO waits for its writer in a thread of libuv's pool, and the process cannot exit.
  const flags = constants.O_RDONLY | (found.isFIFO() ? constants.O_NONBLOCK : 0)
  const fd = await attempt(action, () => openFile(path, flags))
  const close = closerOf(fd)
  try {
    const stats = await attempt(action, () => statOf(fd))
    checkNoDirectory(action, stats)
    const format = readFormat(path)
    const source = stats.isFIFO()
      ? fromFifo(action, fd)
      : fromDescriptor(action, fd, stats, close, 0)
    return { name: path, format, ...source }
  } catch (error) {
    await close()
    throw error
  }
}

async function standardInput(): Promise<Input> {
  const name = 'standard input'
  const action = `read ${name}`
  const stats = await attempt(action, () => statOf(0))
  // Node reads a directory on standard input as an empty stream.
  checkNoDirectory(action, stats)
  await checkIsOpen(0, action)
  const close = async () => {}
  const source = stats.isFile()
    ? fromDescriptor(action, 0, stats, close, positionOfStdin())
    : fromStream(action, process.stdin, close)
  return { name, ...source }
}

// Another program may have read a part of the file already. How much is known only where there is a /proc.
function positionOfStdin(): number | undefined {
  if (!existsSync('/proc/self/fdinfo/0')) return undefined
  const [, position] = /^pos:\s*(\d+)/m.exec(readFileSync('/proc/self/fdinfo/0', 'latin1')) ?? []
  return position === undefined ? undefined : Number(position)
}

function fromFifo(action: string, fd: number): Source {
  // A socket does not block, so the process can end whatever the writer does.
  const socket = new Socket({ fd, readable: true, writable: false })
  // fill() reports the error.
  socket.on('error', () => {})
  return fromStream(action, socket, async () => {
    socket.destroy()
  })
}

function fromStream(action: string, stream: Readable, close: () => Promise<void>): Source {
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
    close,
  }
}

/** Reads part by part until the buffer is full or the file ends: a system may read less than it is asked for. */
const fillBy = (
  action: string,
  buffer: Uint8Array,
  from: number,
  readPart: (start: number) => Promise<number>,
): Promise<number> =>
  attempt(action, async () => {
    let end = from
    while (end < buffer.length) {
      const bytesRead = await readPart(end)
      if (bytesRead === 0) break
      end += bytesRead
    }
    return end
  })

/**
 * A file or a device. A regular file is read up to the size it has now: if the results are appended to it, it would never
 * end.
 */
function fromDescriptor(
  action: string,
  fd: number,
  stats: Stats,
  close: () => Promise<void>,
  position: number | undefined,
): Source {
  // Files under /proc have size 0, but content.
  const hasSize = stats.isFile() && stats.size > 0
  const limit = hasSize ? Math.max(stats.size - (position ?? 0), 0) : Infinity
  let left = limit
  const isPlaced = hasSize && position !== undefined

  async function readNext(buffer: Uint8Array, start: number): Promise<number> {
    const length = Math.min(buffer.length - start, left)
    if (length === 0) return 0
    // On Windows a read at a place, as by readAt, moves the place where reads without one go on. So this one has a place, too.
    const place = isPlaced ? position + limit - left : null
    const { bytesRead } = await readFrom(fd, buffer, start, length, place)
    // The file was empty when it was opened and has grown since: ignore the new bytes.
    if (stats.isFile() && !hasSize && bytesRead > 0 && (await statOf(fd)).size > 0) return 0
    left -= bytesRead
    return bytesRead
  }

  const readAt = async (at: number, length: number) => {
    const bytes = new Uint8Array(length)
    const place = (position ?? 0) + at
    const end = await fillBy(action, bytes, 0, async (start) => {
      const { bytesRead } = await readFrom(fd, bytes, start, length - start, place + start)
      return bytesRead
    })
    return bytes.subarray(0, end)
  }

  return {
    ...(isPlaced && { size: limit, readAt }),
    fill: (buffer, from) => fillBy(action, buffer, from, (start) => readNext(buffer, start)),
    close,
  }
}
