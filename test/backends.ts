// Every backend this machine supports: what each test is run on.

import { type Api, createApi } from '../src/api/api'
import { loadAddon } from '../src/backend/addon'
import type { Kernels } from '../src/backend/contract'
import { jsKernels } from '../src/backend/js/kernels'
import { node } from '../src/backend/node'

export interface TestedBackend {
  name: string
  kernels: Kernels
  api: Api
}

const { addon } = loadAddon()

export const backends: TestedBackend[] = [
  ...addon.available.map((name) => ({ name, kernels: addon.kernels(name) })),
  { name: 'js', kernels: jsKernels },
].map(({ name, kernels }) => ({ name, kernels, api: createApi(kernels, node) }))

/** The backend the others are compared with. */
export const reference = backends.find(({ name }) => name === 'scalar') as TestedBackend
