// What the functions need of Node besides the kernels.
import type { LoadTransform } from '../api/stream'

export interface Platform {
  /** How many threads jobs may have; a job that asks for no number gets as many. */
  processors(): number
  loadTransform: LoadTransform
}
