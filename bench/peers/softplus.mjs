// This package, in place, with the backend that SOFTPLUS_BACKEND names.
import { backend, softplus } from '../../dist/index.js'
import { inPlace, serve } from './serve.mjs'

await serve(`softplus.inPlace, backend ${backend.name}`, inPlace(softplus.inPlace))
