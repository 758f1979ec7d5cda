// The package where no addon can be loaded: in a browser, a bundle, or under node --no-addons. The
// same bits.
import { createApi } from './api/api'
import { jsKernels } from './backend/js/kernels'
import { selectBackend } from './backend/select'
import { withCode } from './errors'
import type { Backend, Relu, Softplus } from './types'

export type * from './types'

const forced = typeof process === 'undefined' ? undefined : process.env?.SOFTPLUS_BACKEND

/** Why the addon is missing, for the warning; undefined where nobody expects one (browsers, --no-addons). */
function whyAddonIsMissing(): string | undefined {
  // Node's permission model selects this build on its own, so warn.
  if (globalThis.process?.permission?.has('addon') === false)
    return "Node's permission model refuses addons: give --allow-addons"
  if (!isNode() || areAddonsDisabled()) return undefined
  return (
    'A bundler or loader left out the native addon: mark softplus as external, or set the condition ' +
    '"node-addons" and copy prebuilds/ next to the bundle\'s folder'
  )
}

// Other runtimes, and what bundlers put into browsers, have a process too; from version 21 on Node names itself.
function isNode(): boolean {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } }
  const agent = navigator?.userAgent ?? 'Node.js'
  return globalThis.process?.versions?.node !== undefined && agent.startsWith('Node.js')
}

// Called without arguments, dlopen loads nothing: it says that they are missing, or that Node was told --no-addons.
function areAddonsDisabled(): boolean {
  try {
    ;(process.dlopen as () => void)()
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_DLOPEN_DISABLED'
  }
  return false
}

const missingReason = forced === 'js' ? undefined : whyAddonIsMissing()
const refuseToLoad = () => {
  throw withCode(
    new Error(
      missingReason ??
        'This is the build of softplus without addons (condition "node-addons" is off)',
    ),
    'ERR_SOFTPLUS_ADDON',
  )
}
// No import of node:stream: a bundle for browsers could not have it.
function loadTransform() {
  const stream = globalThis.process?.getBuiltinModule?.('node:stream')
  if (stream) return stream.Transform
  throw withCode(
    new Error(
      'stream() needs node:stream, from Node 20.16 on, in the build of softplus without addons',
    ),
    'ERR_SOFTPLUS_ADDON',
  )
}
const api = createApi(jsKernels, { processors: () => 1, loadTransform })

/**
 * Always 'js' here, with a warning where Node could have loaded the addon; naming another in SOFTPLUS_BACKEND is an
 * error.
 */
export const backend: Backend = selectBackend(
  forced || (missingReason === undefined ? 'js' : undefined),
  refuseToLoad,
).backend

/** As in the build with addons: ln(1 + e^(beta x)) / beta, the same bits. */
export const softplus: Softplus = api.softplus

/** As in the build with addons: max(x, 0). */
export const relu: Relu = api.relu
