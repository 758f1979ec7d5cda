// Times functions side by side: every round runs each of them, on inputs made anew, so that what the machine does
// meanwhile meets them all, and values do not drift into another regime.

type Result = unknown

export interface Contestant {
  name: string
  /** May return another array that has the memory of x from then on, or the promise of one, which is waited for. */
  run: (x: Float32Array) => Result
  /** What it is run on; default: what the race is given. As long as that. */
  source?: Float32Array
}

/** Nanoseconds per element over all rounds: least, first quartile, median, third quartile. */
export interface Spread {
  least: number
  q1: number
  median: number
  q3: number
  rounds: number
}

export interface Timing {
  name: string
  ns: Spread
}

export function spreadOf(readings: number[]): Spread {
  const sorted = readings.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]
  return { least: sorted[0], q1: at(0.25), median: at(0.5), q3: at(0.75), rounds: sorted.length }
}

// Small arrays are timed several at a time, as reading the clock takes as long as hundreds of elements. Those of up to
// 16 KiB fill half of a first-level cache together, others half of a second-level one.
const copiesOf = (length: number): number =>
  Math.max(1, Math.floor((length <= 1 << 12 ? 1 << 12 : 1 << 17) / length))

// What was computed is looked at, so that no engine may leave it out.
let consumed = 0

/** Times contestants on copies of `source` for about `seconds`, in at least `rounds` rounds. */
export async function race(
  contestants: Contestant[],
  source: Float32Array,
  seconds: number,
  rounds = 5,
): Promise<Timing[]> {
  const copies = copiesOf(source.length)
  const arrays = Array.from({ length: copies }, () => new Float32Array(source.length))
  const readings = contestants.map((): number[] => [])
  const once = async ({ run, source: own }: Contestant): Promise<number> => {
    for (const array of arrays) array.set(own ?? source)
    let result: Result
    const started = process.hrtime.bigint()
    for (let i = 0; i < copies; i++) {
      result = run(arrays[i])
      if (result instanceof Promise) arrays[i] = await result
    }
    const elapsed = Number(process.hrtime.bigint() - started)
    consumed += arrays[copies - 1][source.length >> 1]
    return elapsed / (copies * source.length)
  }
  // Until the engine has optimised what it runs.
  const warm = performance.now() + Math.min(100, (seconds * 1000) / 10)
  do for (const contestant of contestants) await once(contestant)
  while (performance.now() < warm)
  const end = performance.now() + seconds * 1000
  for (let round = 0; round < rounds || performance.now() < end; round++)
    for (const [i, contestant] of contestants.entries()) readings[i].push(await once(contestant))
  if (consumed === Infinity) throw new Error('the results cannot be right')
  return contestants.map(({ name }, i) => ({ name, ns: spreadOf(readings[i]) }))
}
