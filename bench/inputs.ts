// The inputs of the benchmarks, the same numbers in every run.

/** Uniform in [-bound, bound]: a linear congruential generator (Numerical Recipes). */
export function uniform(length: number, bound: number): Float32Array {
  const x = new Float32Array(length)
  for (let i = 0, state = 1; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    x[i] = (state / 2 ** 31 - 1) * bound
  }
  return x
}

const masked = (x: Float32Array) =>
  x.map((v, i) => ((Math.imul(i, 2654435761) >>> 0) % 100 < 1 ? -1e9 : v))

/** The input of every table that names no other. */
export const usual = 'uniform in [-8, 8]'

/** Inputs by name: activations, large values, and masks. */
export const inputs: Record<string, (length: number) => Float32Array> = {
  [usual]: (length) => uniform(length, 8),
  'uniform in [-20, 20]': (length) => uniform(length, 20),
  'uniform in [-100, 100]': (length) => uniform(length, 100),
  'usual, 1 in 100 masked with -1e9': (length) => masked(uniform(length, 8)),
  'all -1e9': (length) => new Float32Array(length).fill(-1e9),
  'all -Infinity': (length) => new Float32Array(length).fill(-Infinity),
}
