// In place: this package with the backend that the first argument names, or the loop that JavaScript users would write.
import { time } from './time.mjs'

function plainLoop(x) {
  for (let i = 0; i < x.length; i++) {
    const v = x[i]
    x[i] = Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)))
  }
}

const name = process.argv[2]
let [f, about] = [plainLoop, `Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))) in a loop`]
if (name !== 'plain loop') {
  process.env.SOFTPLUS_BACKEND = name
  const { backend, softplus } = await import('../../dist/index.js')
  f = softplus.inPlace
  about = `softplus.inPlace, backend ${backend.name}`
}
await time(`${about}, Node ${process.version}`, (x) => {
  const y = new Float32Array(x.length)
  return { refresh: () => y.set(x), run: () => void f(y), result: () => y }
})
