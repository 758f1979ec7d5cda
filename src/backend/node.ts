// The platform where Node can load addons.
import { availableParallelism } from 'node:os'
import { Transform } from 'node:stream'
import type { Platform } from './platform'

export const node: Platform = {
  processors: availableParallelism,
  loadTransform: () => Transform,
}
