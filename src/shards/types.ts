// The public types of softplus/shards.

import type { FunctionName } from '../math/functions'
import type { FunctionOptions } from '../types'

export type ShardOptions = FunctionOptions & {
  /**
   * Into how many ranges the bytes are divided: an integer from 1 to 100,000. If there are fewer blocks of `alignment`
   * bytes, the last ranges are empty.
   */
  shards: number
  /**
   * Ranges start at multiples of this many bytes: a multiple of 4. Default 1 MiB, the largest piece that network file
   * systems send at once. Give 5 MiB for the parts of an upload to S3: every part but the last has at least as much.
   */
  alignment?: number
  /** The columns of an Arrow file that are activated, as `--column` names them. Arrow files need them, other files have none. */
  columns?: readonly string[]
}

/** What planObject must know of bytes that are not a file here. */
export interface ObjectDescription {
  format: 'npy' | 'f32'
  /** The number of bytes. */
  size: number
  /** Differs when the bytes differ: an ETag, a version id. */
  version: string
  /** For .npy, the first bytes with all of the header, which ends within 65,547 bytes. May be left out for .f32. */
  start?: Uint8Array
}

/** Who computes which bytes. Plain JSON, so that it can be a job's data. */
export interface ShardPlan {
  format: 'npy' | 'f32' | 'arrow'
  /** The number of bytes, of the input as of the output. */
  size: number
  /**
   * Of a file: when it was last changed, in nanoseconds since 1970, and its number in the file system. Of an object: what was
   * given.
   */
  version: string
  /** The bytes before the elements. The output gets them unchanged. 0 for Arrow files, which have such bytes anywhere. */
  headerBytes: number
  /** Of an Arrow file: sorted, each once. */
  columns?: string[]
  function: FunctionName
  /** Absent: 1. */
  beta?: number
  /** Absent: Infinity. JSON has no -Infinity. */
  threshold?: number | '-Infinity'
  shards: number
  alignment: number
  /** Over all of the above. Those who have the same digest compute the same bytes. */
  digest: string
}

/** A plan for a file. */
export interface FileShardPlan extends ShardPlan {
  /** An absolute path. */
  input: string
  /** An absolute path. */
  output: string
}

/** Bytes from start to before end. */
export interface ByteRange {
  start: number
  end: number
}

export interface RunShardOptions {
  /** Compute in up to this many threads (1 to 1024). Default: in the main thread. */
  threads?: number
  /** Ends the shard between two pieces of 4 MiB. It can be run again. */
  signal?: AbortSignal
  /** Called after each piece with the number of bytes that it has. */
  onProgress?(bytes: number): void
}

/** What runShard did. */
export interface ShardResult extends ByteRange {
  /** False if the shard, or the whole output, had been done before. */
  isNew: boolean
  /** How many elements were computed. */
  elements: number
  /** The time that computing took, without reading and writing. */
  milliseconds: number
}

export interface ShardStatus {
  /** Whether the output is there, complete. */
  isComplete: boolean
  /** The shards that are not done, from 0. If it is empty and isComplete false, finish() is still to be called. */
  missing: number[]
}
