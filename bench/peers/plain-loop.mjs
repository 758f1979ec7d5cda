// What one writes without this package, in place.
import { inPlace, serve } from './serve.mjs'

await serve(
  `a loop over Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))) in Node ${process.version}`,
  inPlace((x) => {
    for (let i = 0; i < x.length; i++) {
      const v = x[i]
      x[i] = Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)))
    }
  }),
)
