// Every backend this machine supports: what each test is run on.

import { type Api, createApi } from '../src/api/api'
import { loadAddon } from '../src/backend/addon'
import type { Kernels } from '../src/backend/contract'
import { jsKernels } from '../src/backend/js/kernels'
import { node } from '../src/backend/node'
import { createInstance } from '../src/backend/wasm/instance'
import { createWasmKernels } from '../src/backend/wasm/kernels'

export interface TestedBackend {
  name: string
  kernels: Kernels
  api: Api
}

const { addon } = loadAddon()

/** The backends of the addon. */
export const native = addon.available

// Node 20 has no relaxed SIMD. Where it is there, the other module is tested too.
const chosen = createInstance()
const wasm = [
  { name: 'wasm', kernels: createWasmKernels(chosen) },
  { name: 'wasm, strict', kernels: createWasmKernels(createInstance('strict')) },
].slice(0, chosen.kind === 'strict' ? 1 : 2)

export const backends: TestedBackend[] = [
  ...native.map((name) => ({ name, kernels: addon.kernels(name) })),
  ...wasm,
  { name: 'js', kernels: jsKernels },
].map(({ name, kernels }) => ({ name, kernels, api: createApi(kernels, node) }))

/** What SOFTPLUS_BACKEND may name. */
export const names = [...native, 'wasm', 'js']

/** The backend the others are compared with. */
export const reference = backends.find(({ name }) => name === 'scalar') as TestedBackend
