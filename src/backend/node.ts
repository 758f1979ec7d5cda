// The host that can load addons: Node.
import { availableParallelism } from 'node:os'
import { Transform } from 'node:stream'
import type { Platform } from './contract'

export const node: Platform = {
  processors: availableParallelism,
  loadTransform: () => Transform,
}
