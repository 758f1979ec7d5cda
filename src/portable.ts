// The package where no addon can be loaded: in a browser, a bundle, or under node --no-addons. The
// same bits.
import { type Api, createApi } from './api'
import { type Backend, selectBackend } from './backend'
import { withCode } from './errors'
import { jsKernels } from './math/kernels'

export type {
  Activation,
  Backward,
  NoOptions,
  Output,
  OutputPair,
  SoftplusOptions,
  WithDerivative,
} from './activation'
export type { Relu, Softplus } from './api'
export type { AsyncActivation, JobOptions } from './async'
export type { Backend, BackendName } from './backend'
export type { StreamOptions } from './stream'

const forced = typeof process === 'undefined' ? undefined : process.env?.SOFTPLUS_BACKEND
// Without --allow-addons Node's permission model selects this build by itself: nobody asked for it.
const isRefused = globalThis.process?.permission?.has('addon') === false
const unloadable = () => {
  const reason = isRefused
    ? "Node's permission model refuses addons: give --allow-addons"
    : 'This is the build of softplus without addons (condition "node-addons" is off)'
  throw withCode(new Error(reason), 'ERR_SOFTPLUS_ADDON')
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
const api: Api = createApi(jsKernels, { defaultThreads: () => 1, loadTransform })

/** Always 'js' here, with a warning where addons are refused; naming another in SOFTPLUS_BACKEND is an error. */
export const backend: Backend = selectBackend(
  forced || (isRefused ? undefined : 'js'),
  unloadable,
).backend

/** As in the build with addons: ln(1 + e^(beta x)) / beta, the same bits. */
export const softplus: Api['softplus'] = api.softplus

/** As in the build with addons: max(x, 0). */
export const relu: Api['relu'] = api.relu
