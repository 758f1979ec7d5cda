// Times functions side by side. Every round runs each of them once, so other load on the machine slows all of them alike.

export interface Contestant {
  name: string
  /** May return a promise of another array. That array is used from then on: `async` moves the memory of x. */
  run: (x: Float32Array) => unknown
  /** The contestant's own input, as long as the race's. */
  source?: Float32Array
  /** The contestant's own memory, where it cannot work on that of the race. For arrays that are timed one at a time. */
  array?: Float32Array
  /** What must be done before the next contestant runs, and is not timed. */
  after?: () => unknown
}

/** Nanoseconds per element over all rounds. */
export interface Spread {
  least: number
  q1: number
  median: number
  q3: number
  rounds: number
}

export interface Measured {
  name: string
  ns: Spread
}

export function spreadOf(readings: number[]): Spread {
  const sorted = readings.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]
  return { least: sorted[0], q1: at(0.25), median: at(0.5), q3: at(0.75), rounds: sorted.length }
}

// V8 keeps about 200 bytes for an array besides its elements: the view, and its buffer. In elements, rounded up.
const overhead = 64

// Reading the clock takes as long as hundreds of elements, so several short arrays are timed at a time. Arrays of up to
// 16 KiB fill half of a first-level cache together. Longer ones fill half of a second-level cache.
const copiesOf = (length: number): number =>
  Math.ceil((length <= 1 << 12 ? 1 << 12 : 1 << 17) / (length + overhead))

// Every result is used, so that V8 cannot leave out the work.
let sum = 0

/** Makes a function that runs every contestant once on copies of `source`, and returns the nanoseconds per element of each. */
export function roundsOf(
  contestants: Contestant[],
  source: Float32Array,
  copies = copiesOf(source.length),
): () => Promise<number[]> {
  const shared = Array.from({ length: copies }, () => new Float32Array(source.length))
  const once = async ({ run, source: own, array, after }: Contestant): Promise<number> => {
    const arrays = array ? [array] : shared
    // A second softplus of the same array would meet larger values, which take another path.
    for (const array of arrays) array.set(own ?? source)
    const started = process.hrtime.bigint()
    for (let i = 0; i < arrays.length; i++) {
      const result = run(arrays[i])
      // Asking an array whether it is a promise takes 20 ns.
      if (result !== arrays[i] && result instanceof Promise) arrays[i] = await result
    }
    const elapsed = Number(process.hrtime.bigint() - started)
    sum += arrays[0][source.length >> 1]
    if (after) await after()
    return elapsed / (arrays.length * source.length)
  }
  let round = 0
  return async () => {
    const ns = contestants.map(() => 0)
    // In turns forwards and backwards: what one contestant leaves in the caches must not always serve the same other.
    const order = [...contestants.keys()]
    if (round++ % 2 === 1) order.reverse()
    for (const i of order) ns[i] = await once(contestants[i])
    return ns
  }
}

/** Times contestants on copies of `source` for about `seconds`, in at least 3 rounds. */
export async function race(
  contestants: Contestant[],
  source: Float32Array,
  seconds: number,
): Promise<Measured[]> {
  const runRound = roundsOf(contestants, source)
  // V8 optimises a function only after it has run for a while.
  const warm = performance.now() + Math.min(100, seconds * 100)
  do await runRound()
  while (performance.now() < warm)
  const rounds: number[][] = []
  const end = performance.now() + seconds * 1000
  while (rounds.length < 3 || performance.now() < end) rounds.push(await runRound())
  if (sum === Infinity) throw new Error('results must be finite; got Infinity')
  return contestants.map(({ name }, i) => ({ name, ns: spreadOf(rounds.map((ns) => ns[i])) }))
}
