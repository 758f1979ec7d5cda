// The time an activation takes on an array: the median of runs, each on fresh input.

const runs = 201

/** Nanoseconds for each element that activate takes to replace a copy of the input. */
export function nanosecondsPerElement(
  input: Float32Array,
  activate: (x: Float32Array) => void,
): number {
  const x = new Float32Array(input.length)
  const times = Array.from({ length: runs }, () => {
    x.set(input)
    const started = performance.now()
    activate(x)
    return performance.now() - started
  })
  return (median(times) * 1e6) / input.length
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}
