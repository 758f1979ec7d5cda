// What Node provides. Deno and Bun provide the same.
import { availableParallelism } from 'node:os'
import { Transform } from 'node:stream'
import type { Platform } from './contract'
import { createNodeStream } from './streams'

export const node: Platform = {
  processors: availableParallelism,
  createStream: (converter, highWaterMark) => createNodeStream(Transform, converter, highWaterMark),
}
