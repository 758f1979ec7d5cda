// Chooses and instantiates a WebAssembly module, at once: compiling takes about a millisecond.

import type { FunctionName } from '../../math/functions'
import { relaxed, strict } from './modules'

/** What native/wasm/exports.cc exports. */
export type Exports = {
  memory: { buffer: ArrayBuffer }
  x(): number
  other(): number
  blockLength(): number
  fma(a: number, b: number, c: number): number
} & Record<
  FunctionName | 'backward' | 'withDerivative',
  (count: number, way: number, threshold: number, beta: number) => void
>

/** Which module computes: 'relaxed' with the processor's fma, 'strict' with one in binary64, three times slower. */
export type Kind = 'relaxed' | 'strict'

export interface Instance {
  kind: Kind
  exports: Exports
}

function bytesOf(base64: string): Uint8Array {
  // Not there in browsers. It takes a tenth of a millisecond, and a loop that is not compiled yet three.
  const { Buffer } = globalThis as { Buffer?: typeof globalThis.Buffer }
  if (Buffer) return Buffer.from(base64, 'base64')
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}

// The types of @types/node leave these out.
interface Engine {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: unknown }
}

function instantiate(base64: string): Exports {
  const { WebAssembly } = globalThis as unknown as { WebAssembly?: Engine }
  if (!WebAssembly) throw new Error('This runtime has no WebAssembly')
  const { Module, Instance } = WebAssembly
  return new Instance(new Module(bytesOf(base64))).exports as Exports
}

// (1 + 2^-12)^2 - (1 + 2^-11). Rounded once it is 2^-24; rounded after the product too, it is 0.
const isFused = ({ fma }: Exports): boolean =>
  fma(1 + 2 ** -12, 1 + 2 ** -12, -(1 + 2 ** -11)) === 2 ** -24

function instantiateRelaxed(): Exports | undefined {
  try {
    const exports = instantiate(relaxed)
    return isFused(exports) ? exports : undefined
  } catch {
    // The engine has no relaxed SIMD. What else can fail, fails again with the strict module.
    return undefined
  }
}

/**
 * The fastest module whose results are right here, or the one asked for.
 *
 * @throws {Error} If there is none: no WebAssembly or no SIMD in it, or it is forbidden, as by a page's
 * Content-Security-Policy without 'wasm-unsafe-eval', or by node --jitless.
 */
export function createInstance(kind?: Kind): Instance {
  if (kind !== 'strict') {
    const exports = instantiateRelaxed()
    if (exports) return { kind: 'relaxed', exports }
    if (kind === 'relaxed') throw new Error('relaxed_madd is missing here, or is rounded twice')
  }
  return { kind: 'strict', exports: instantiate(strict) }
}
