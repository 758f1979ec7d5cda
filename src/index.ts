// The package where addons can be loaded: in Node, Deno and Bun. Elsewhere, as in most bundles and under node --no-addons,
// bundled.ts is loaded instead.

import { createApi } from './api/api'
import { loadAddon } from './backend/addon'
import { node } from './backend/node'
import { selectBackend } from './backend/select'
import { forcedBackend } from './environment'
import type { Backend, Relu, Softplus } from './types'

export type * from './types'

const selected = selectBackend(forcedBackend(), loadAddon)
const api = createApi(selected.kernels, node)

/** What computes here, and what could: see docs/api.md, `backend` and `SOFTPLUS_BACKEND`. */
export const backend: Backend = selected.backend

/**
 * softplus(x) = ln(1 + e^(beta x)) / beta, the smooth relu (Dugas et al., 2001). At most 0.81 ULP
 * from the true value with beta 1 for every float32, subnormal results included; NaN stays NaN,
 * -Infinity gives 0, +Infinity itself; never negative, and non-decreasing.
 *
 * @example
 * softplus(Float32Array.of(-2, 0, 2)) // Float32Array [0.126928…, 0.693147…, 2.126928…]
 * softplus(x, { beta: 2, out: x })    // ln(1 + e^(2 x)) / 2, over x
 */
export const softplus: Softplus = api.softplus

/**
 * relu(x) = max(x, 0); NaN stays NaN, -0 gives 0.
 *
 * @example
 * relu(Float32Array.of(-2, 0, 2)) // Float32Array [0, 0, 2]
 */
export const relu: Relu = api.relu
