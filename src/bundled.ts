// The package where no addon can be loaded: in a bundle, in a browser, or under node --no-addons. The same bits.

import { createApi } from './api/api'
import type { Platform } from './backend/contract'
import { selectBackend } from './backend/select'
import { createNodeStream } from './backend/streams'
import { web } from './backend/web'
import { forcedBackend } from './environment'
import { withCode } from './errors'
import type { Backend, Relu, Softplus } from './types'

export type * from './types'

/** Why the addon is missing, for the warning; undefined where nobody expects one (browsers, --no-addons). */
function whyAddonIsMissing(): string | undefined {
  // Node's permission model selects this build on its own, so warn.
  if (globalThis.process?.permission?.has('addon') === false)
    return "Node's permission model refuses addons: give --allow-addons"
  if (!takesAddons() || areAddonsDisabled()) return undefined
  return (
    'A bundler or loader left out the native addon: ' +
    // Deno sets the condition "deno" for import alone.
    (isIn('Deno') ? 'use import in place of require(), or ' : '') +
    'mark softplus as external, or set the condition ' +
    '"node-addons" and copy prebuilds/ next to the bundle\'s folder'
  )
}

// From version 21 on Node names itself, as Bun and Deno do.
function isIn(runtime: string): boolean {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } }
  return (navigator?.userAgent ?? 'Node.js').startsWith(runtime)
}

// Runtimes without addons, and what bundlers put into browsers, have a process too.
const takesAddons = (): boolean =>
  globalThis.process?.versions?.node !== undefined && ['Node.js', 'Bun', 'Deno'].some(isIn)

// Called without arguments, dlopen loads nothing: it says that they are missing, or that Node or Bun was told --no-addons.
function areAddonsDisabled(): boolean {
  try {
    ;(process.dlopen as () => void)()
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_DLOPEN_DISABLED'
  }
  return false
}

function lostAddon(): (() => never) | undefined {
  const reason = whyAddonIsMissing()
  if (reason === undefined) return undefined
  return () => {
    throw withCode(new Error(reason), 'ERR_SOFTPLUS_ADDON')
  }
}

// No import of node:stream: a bundle for browsers could not have it.
const platform: Platform = {
  ...web,
  createStream(converter, highWaterMark) {
    if (!takesAddons()) return web.createStream(converter, highWaterMark)
    const stream = process.getBuiltinModule?.('node:stream')
    if (stream) return createNodeStream(stream.Transform, converter, highWaterMark)
    throw withCode(
      new Error('stream() needs Node 20.16, 22.3 or later in the build of softplus without addons'),
      'ERR_SOFTPLUS_ADDON',
    )
  },
}

const selected = selectBackend(forcedBackend(), lostAddon())
const api = createApi(selected.kernels, platform)

/** 'wasm', or 'js' where WebAssembly cannot run; with a warning where Node could have loaded the addon. */
export const backend: Backend = selected.backend

/** As in the build with addons: ln(1 + e^(beta x)) / beta, the same bits. */
export const softplus: Softplus = api.softplus

/** As in the build with addons: max(x, 0). */
export const relu: Relu = api.relu
