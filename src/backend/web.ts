// What every runtime provides, browsers included.

import type { Transform } from 'node:stream'
import type { Platform } from './contract'
import { createWebStream } from './streams'

export const web: Platform = {
  processors: () => 1,
  // The types of softplus/js say which kind it is.
  createStream: (converter, highWaterMark) =>
    createWebStream(converter, highWaterMark) as unknown as Transform,
}
