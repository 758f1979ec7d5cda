// Times functions side by side: every round runs each of them once, on inputs made anew, so that
// what the machine does meanwhile meets them all, and values do not drift into another regime.

export interface Contestant {
  name: string
  run: (x: Float32Array) => unknown
  /** What it is run on; default: what the race is given. As long as that. */
  source?: Float32Array
}

export interface Timing {
  name: string
  /** Nanoseconds per element: the median of all rounds, and the least. */
  median: number
  least: number
}

// Arrays this small are timed several at a time: a clock reading takes as long as thousands of
// elements.
const elementsPerReading = 1 << 17

/** Times contestants on copies of `source` for about `seconds`, in at least 5 rounds. */
export function race(contestants: Contestant[], source: Float32Array, seconds: number): Timing[] {
  const copies = Math.max(1, Math.floor(elementsPerReading / source.length))
  const arrays = Array.from({ length: copies }, () => new Float32Array(source.length))
  const readings = contestants.map((): number[] => [])
  const once = (contestant: Contestant): number => {
    for (const array of arrays) array.set(contestant.source ?? source)
    const started = process.hrtime.bigint()
    for (const array of arrays) contestant.run(array)
    return Number(process.hrtime.bigint() - started) / (copies * source.length)
  }
  for (const contestant of contestants) once(contestant)
  const end = performance.now() + seconds * 1000
  for (let round = 0; round < 5 || performance.now() < end; round++)
    for (const [i, contestant] of contestants.entries()) readings[i].push(once(contestant))
  return contestants.map(({ name }, i) => {
    const sorted = readings[i].sort((a, b) => a - b)
    return { name, median: sorted[sorted.length >> 1], least: sorted[0] }
  })
}

/** Uniform in [-bound, bound], the same in every run (a linear congruential generator, Numerical Recipes). */
export function uniform(length: number, bound: number): Float32Array {
  let state = 1
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state / 2 ** 31 - 1) * bound
  })
}
