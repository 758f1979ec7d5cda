// Which backend this process uses: the best native one, the one SOFTPLUS_BACKEND names, or the fallback with a warning.

import { withCode } from '../errors'
import type { Backend, BackendName } from '../types'
import type { LoadedAddon } from './addon'
import type { Kernels } from './contract'
import { jsKernels } from './js/kernels'

export interface Selection {
  backend: Backend
  kernels: Kernels
}

/**
 * @param forced What SOFTPLUS_BACKEND says; undefined or empty for the best there is. With 'js' the addon is loaded only
 * when `available` is read.
 * @throws {Error} ERR_SOFTPLUS_BACKEND if it names what cannot run here.
 */
export function selectBackend(forced: string | undefined, load: () => LoadedAddon): Selection {
  if (forced === 'js') return { backend: forcedJs(load), kernels: jsKernels }
  let loaded: LoadedAddon
  try {
    loaded = load()
  } catch (error) {
    if (forced) throw cannotRun(forced, ['js'], (error as Error).message)
    warn(error as Error)
    const backend: Backend = { name: 'js', available: jsOnly, addon: null, error: error as Error }
    return { backend: Object.freeze(backend), kernels: jsKernels }
  }
  const available = availableWith(loaded)
  const name = (forced || available[0]) as BackendName
  if (!available.includes(name)) throw cannotRun(name, available)
  const backend: Backend = { name, available, addon: loaded.path, error: null }
  return { backend: Object.freeze(backend), kernels: loaded.addon.kernels(name) }
}

const jsOnly: readonly BackendName[] = Object.freeze(['js'] as const)

const availableWith = ({ addon }: LoadedAddon) =>
  Object.freeze([...addon.available, 'js'] as BackendName[])

// SOFTPLUS_BACKEND=js may be set because the addon is broken: load it only when `available` is read, and ignore a failure.
function forcedJs(load: () => LoadedAddon): Backend {
  let available: readonly BackendName[] | undefined
  const ask = () => {
    try {
      return availableWith(load())
    } catch {
      // `error` stays null, as the fallback was asked for. Without SOFTPLUS_BACKEND it holds the reason.
      return jsOnly
    }
  }
  return Object.freeze({
    name: 'js',
    get available() {
      available ??= ask()
      return available
    },
    addon: null,
    error: null,
  })
}

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

// Shared by the ESM and the CommonJS build, so that a process which loads both is warned once.
const warned = Symbol.for('softplus.fallback.warned')

function warn(error: Error): void {
  const process = globalThis.process as NodeJS.Process & { [warned]?: true }
  if (process[warned]) return
  process[warned] = true
  process.emitWarning(
    `softplus runs in its fallback, written in TypeScript, with the same results but many times slower. ${error.message}. ` +
      'Set SOFTPLUS_BACKEND=js to run without this warning.',
    { type: 'SoftplusWarning', code: 'SOFTPLUS_FALLBACK' },
  )
}
