// Which backend this process uses: the best native one, WebAssembly, or the fallback in TypeScript; or the one that
// SOFTPLUS_BACKEND names. A process that lost the addon is warned once.

import { withCode } from '../errors'
import { one } from '../math/softplus'
import type { Backend, BackendName } from '../types'
import type { LoadedAddon } from './addon'
import type { Kernels } from './contract'
import { jsKernels } from './js/kernels'
import { createInstance, type Instance, type Kind } from './wasm/instance'
import { createWasmKernels } from './wasm/kernels'

export interface Selection {
  backend: Backend
  kernels: Kernels
}

/**
 * @param forced What SOFTPLUS_BACKEND says; undefined or empty for the best there is. Under 'wasm' and 'js' nothing else
 * is loaded before `available` is read.
 * @param loadAddon Left out where no addon is expected.
 * @throws {Error} ERR_SOFTPLUS_BACKEND if SOFTPLUS_BACKEND names what cannot run here.
 */
export function selectBackend(
  forced: string | undefined,
  loadAddon?: () => LoadedAddon,
  loadWasm: () => Instance = createInstance,
): Selection {
  const addon = once(loadAddon ?? refuse)
  const wasm = once(loadWasm)
  const available = once(() => listAvailable(addon, wasm))
  const select = (name: string, kernels: Kernels, path: string | null, error: Error | null) => ({
    backend: Object.freeze({
      name: name as BackendName,
      get available() {
        return available()
      },
      addon: path,
      error,
    }),
    // A backend that SOFTPLUS_BACKEND names computes every length itself.
    kernels: forced ? kernels : { ...kernels, one },
  })

  let reason: Error | undefined
  try {
    if (forced === 'js') return select(forced, jsKernels, null, null)
    if (forced === 'wasm') return select(forced, createWasmKernels(wasm()), null, null)
    const loaded = addon()
    const name = forced || loaded.addon.available[0]
    if (loaded.addon.available.includes(name))
      return select(name, loaded.addon.kernels(name), loaded.path, null)
  } catch (error) {
    reason = error as Error
  }
  if (forced) throw cannotRun(forced, available(), reason?.message)
  const lost = loadAddon && reason ? reason : null
  const instance = tried(wasm)
  if (lost) warn(lost, instance?.kind ?? 'js')
  return instance
    ? select('wasm', createWasmKernels(instance), null, lost)
    : select('js', jsKernels, null, lost)
}

function refuse(): never {
  throw new Error('This is the build of softplus without addons')
}

/** Calls `get` once; later calls return or throw the same. */
function once<Value>(get: () => Value): () => Value {
  let again: (() => Value) | undefined
  return () => {
    if (again) return again()
    try {
      const value = get()
      again = () => value
    } catch (error) {
      again = () => {
        throw error
      }
    }
    return again()
  }
}

/** What `get` returns, or undefined where it throws. */
function tried<Value>(get: () => Value): Value | undefined {
  try {
    return get()
  } catch {
    return undefined
  }
}

// An addon that cannot be loaded is left out of the list.
const listAvailable = (addon: () => LoadedAddon, wasm: () => Instance): readonly BackendName[] =>
  Object.freeze([
    ...((tried(addon)?.addon.available ?? []) as BackendName[]),
    ...(tried(wasm) ? (['wasm'] as const) : []),
    'js',
  ])

const cannotRun = (name: string, available: readonly string[], reason = ''): Error =>
  withCode(
    new Error(
      `SOFTPLUS_BACKEND must be ${listOf(available)} here, or empty; got ${JSON.stringify(name)}` +
        (reason && `. ${reason}`),
    ),
    'ERR_SOFTPLUS_BACKEND',
  )

const listOf = (names: readonly string[]): string =>
  [names.slice(0, -1).join(', '), names.at(-1)].filter(Boolean).join(' or ')

// How long each takes where the addon takes 1, with AVX2 and with AVX-512 (docs/performance.md).
const substitutes: Record<Kind | 'js', string> = {
  relaxed: 'WebAssembly, with the same results but 2 to 8 times slower',
  strict: 'WebAssembly without relaxed SIMD, with the same results but 8 to 30 times slower',
  js: 'its fallback, written in TypeScript, with the same results but 20 to 100 times slower',
}

// Shared by the ESM and the CommonJS build, so that a process which loads both is warned once.
const warned = Symbol.for('softplus.fallback.warned')

function warn(error: Error, substitute: Kind | 'js'): void {
  const process = globalThis.process as NodeJS.Process & { [warned]?: true }
  if (process[warned]) return
  process[warned] = true
  process.emitWarning(
    `softplus runs in ${substitutes[substitute]}. ${error.message}. ` +
      `Set SOFTPLUS_BACKEND=${substitute === 'js' ? 'js' : 'wasm'} to run without this warning.`,
    { type: 'SoftplusWarning', code: 'SOFTPLUS_FALLBACK' },
  )
}
