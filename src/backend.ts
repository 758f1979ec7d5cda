// Which backend this process uses: the best native one, the one SOFTPLUS_BACKEND names, or
// TypeScript with a warning.
import type { LoadedAddon } from './addon'
import { withCode } from './errors'
import type { Kernels } from './functions'
import { jsKernels } from './math/kernels'

export type BackendName = 'avx512' | 'avx2' | 'neon' | 'scalar' | 'js'

export interface Backend {
  /** The backend in use. All give the same bits. */
  readonly name: BackendName
  /** What SOFTPLUS_BACKEND may name here, best first. Only 'js' if the addon was not loaded. */
  readonly available: readonly BackendName[]
  /** The path of the native addon in use, or null. */
  readonly addon: string | null
  /** Why the native addon could not be loaded, or null. */
  readonly error: Error | null
}

export interface Selection {
  backend: Backend
  kernels: Kernels
}

const names: readonly string[] = ['avx512', 'avx2', 'neon', 'scalar', 'js']

/**
 * @param forced What SOFTPLUS_BACKEND says; undefined or empty for the best there is. 'js' leaves
 * the addon unloaded.
 * @throws {Error} ERR_SOFTPLUS_BACKEND if it names what cannot run here.
 */
export function selectBackend(forced: string | undefined, load: () => LoadedAddon): Selection {
  if (forced && !names.includes(forced))
    throw cannotRun(forced, `It must be one of ${names.join(', ')}`)
  if (forced === 'js') return jsSelection(null)
  let loaded: LoadedAddon
  try {
    loaded = load()
  } catch (error) {
    if (forced) throw cannotRun(forced, (error as Error).message)
    warn(error as Error)
    return jsSelection(error as Error)
  }
  const { addon, path } = loaded
  const available = [...addon.available, 'js'] as BackendName[]
  const name = (forced || available[0]) as BackendName
  if (!available.includes(name)) throw cannotRun(name, `Here it may be ${available.join(', ')}`)
  return selection({ name, available, addon: path, error: null }, addon.kernels(name))
}

const selection = (backend: Backend, kernels: Kernels): Selection => ({
  backend: Object.freeze({ ...backend, available: Object.freeze([...backend.available]) }),
  kernels,
})

const jsSelection = (error: Error | null): Selection =>
  selection({ name: 'js', available: ['js'], addon: null, error }, jsKernels)

const cannotRun = (name: string, reason: string): Error =>
  withCode(
    new Error(`SOFTPLUS_BACKEND names "${name}", which cannot run here. ${reason}`),
    'ERR_SOFTPLUS_BACKEND',
  )

// Shared by the ESM and the CommonJS build, so that a process which loads both is warned once.
const warned = Symbol.for('softplus.fallback.warned')

function warn(error: Error): void {
  const process = globalThis.process as NodeJS.Process & { [warned]?: true }
  if (process[warned]) return
  process[warned] = true
  process.emitWarning(
    `softplus runs in TypeScript, with the same results but many times slower. ${error.message}. ` +
      'Reinstall softplus for this platform, or set SOFTPLUS_BACKEND=js to run without this warning.',
    { type: 'SoftplusWarning', code: 'SOFTPLUS_FALLBACK' },
  )
}
