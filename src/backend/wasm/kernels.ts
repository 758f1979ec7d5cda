// The kernels of a WebAssembly module. It sees only its own memory, so blocks are copied into it, and results back.

import { lengthOf, setOf, viewOf } from '../../intrinsics'
import { type FunctionName, recordOf } from '../../math/functions'
import type { Kernel, Kernels } from '../contract'
import { launcherOf } from '../queue'
import type { Exports, Instance } from './instance'

// Up to this length a loop copies faster than a view and its set().
const shortLength = 32

/** One of the module's two buffers. */
class Block {
  readonly floats: Float32Array
  private last: Float32Array = new Float32Array(0)

  constructor({ memory, blockLength }: Exports, address: number) {
    this.floats = new Float32Array(memory.buffer, address, blockLength())
  }

  /** Copies `count` elements of `from`, from `start` on, into the block. */
  read(from: Float32Array, start: number, count: number): void {
    const { floats } = this
    if (count <= shortLength) for (let i = 0; i < count; i++) floats[i] = from[start + i]
    else if (count === lengthOf.call(from)) floats.set(from)
    else floats.set(viewOf(from, start, start + count))
  }

  /** Copies the first `count` elements of the block over those of `to` from `start` on. */
  write(to: Float32Array, start: number, count: number): void {
    const { floats } = this
    if (count <= shortLength) for (let i = 0; i < count; i++) to[start + i] = floats[i]
    else setOf.call(to, count === floats.length ? floats : this.first(count), start)
  }

  // Calls of one length often follow each other.
  private first(count: number): Float32Array {
    if (this.last.length !== count) this.last = this.floats.subarray(0, count)
    return this.last
  }
}

/** Calls visit(start, count, way, threshold, beta) for every block of an array of this length. */
type Visit = (start: number, count: number, way: number, threshold: number, beta: number) => void

export function createWasmKernels({ exports }: Instance): Kernels {
  const x = new Block(exports, exports.x())
  const other = new Block(exports, exports.other())
  const blockLength = x.floats.length

  function forBlocks(
    length: number,
    visit: Visit,
    threshold: number | undefined,
    beta: number | undefined,
  ): void {
    // As native/wasm/exports.cc numbers them.
    const way = beta !== undefined ? 2 : threshold !== undefined ? 1 : 0
    for (let start = 0; start < length; start += blockLength)
      visit(start, Math.min(blockLength, length - start), way, threshold ?? Infinity, beta ?? 1)
  }

  const kernelOf = (name: FunctionName): Kernel => {
    const compute = exports[name]
    return (from, to = from, threshold, beta) =>
      forBlocks(
        lengthOf.call(from),
        (start, count, way, threshold, beta) => {
          x.read(from, start, count)
          compute(count, way, threshold, beta)
          x.write(to, start, count)
        },
        threshold,
        beta,
      )
  }
  const kernels = recordOf(kernelOf)

  return {
    ...kernels,
    backward: (from, grad, to, threshold, beta) =>
      forBlocks(
        lengthOf.call(from),
        (start, count, way, threshold, beta) => {
          x.read(from, start, count)
          other.read(grad, start, count)
          exports.backward(count, way, threshold, beta)
          x.write(to, start, count)
        },
        threshold,
        beta,
      ),
    withDerivative: (from, value, derivative, threshold, beta) =>
      forBlocks(
        lengthOf.call(from),
        (start, count, way, threshold, beta) => {
          x.read(from, start, count)
          exports.withDerivative(count, way, threshold, beta)
          x.write(value, start, count)
          other.write(derivative, start, count)
        },
        threshold,
        beta,
      ),
    launch: recordOf((name) => launcherOf(kernels[name])),
  }
}
