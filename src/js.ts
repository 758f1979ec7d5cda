// softplus/js: the package without the addon and without Node's modules, in WebAssembly or TypeScript. The same bits.

import { createApi } from './api/api'
import { selectBackend } from './backend/select'
import { web } from './backend/web'
import { forcedBackend } from './environment'
import type { Backend, Relu, Softplus, WebTransform } from './types'

export type * from './types'

const selected = selectBackend(forcedBackend())
const api = createApi(selected.kernels, web)

/** 'wasm', or 'js' where WebAssembly cannot run. */
export const backend: Backend = selected.backend

/** As in the package with the addon: ln(1 + e^(beta x)) / beta, the same bits. `stream()` gives a TransformStream. */
export const softplus = api.softplus as unknown as Softplus<WebTransform>

/** As in the package with the addon: max(x, 0). */
export const relu = api.relu as unknown as Relu<WebTransform>
