// The inputs of the benchmarks, the same numbers in every run.

// A linear congruential generator (Numerical Recipes): 32 random bits for every element.
function random(length: number, write: (i: number, bits: number) => void): void {
  for (let i = 0, state = 1; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    write(i, state)
  }
}

/** Uniform in [-bound, bound]. */
export const uniform = (length: number, bound: number): Float32Array =>
  between(length, -bound, bound)

function between(length: number, least: number, most: number): Float32Array {
  const x = new Float32Array(length)
  random(length, (i, bits) => {
    x[i] = least + (bits / 2 ** 32) * (most - least)
  })
  return x
}

function randomBits(length: number): Float32Array {
  const x = new Uint32Array(length)
  random(length, (i, bits) => {
    x[i] = bits
  })
  return new Float32Array(x.buffer)
}

/** One in `every` elements, without a pattern, is -1e9. */
const masked = (x: Float32Array, every: number) =>
  x.map((v, i) => ((Math.imul(i, 2654435761) >>> 0) % every < 1 ? -1e9 : v))

const all = (value: number) => (length: number) => new Float32Array(length).fill(value)

/** The input of every table that names no other. */
export const usual = 'uniform in [-8, 8]'

type Inputs = Record<string, (length: number) => Float32Array>

/** Inputs by name: activations, large values, and masks. */
export const inputs: Inputs = {
  [usual]: (length) => uniform(length, 8),
  'uniform in [-20, 20]': (length) => uniform(length, 20),
  'uniform in [-100, 100]': (length) => uniform(length, 100),
  'usual, 1 in 100 masked with -1e9': (length) => masked(uniform(length, 8), 100),
  'all -1e9': all(-1e9),
  'all -Infinity': all(-Infinity),
}

/** More inputs: those that have been slow on some processor or backend. */
export const hardInputs: Inputs = {
  'usual, 1 in 10 masked with -1e9': (length) => masked(uniform(length, 8), 10),
  'uniform in [-20, -14.75]': (length) => between(length, -20, -14.75),
  'usual, and -16, 64 in turns': (length) => uniform(length, 8).map((v, i) => (i & 64 ? -16 : v)),
  'all -95': all(-95),
  'all 0': all(0),
  'all 1e-20': all(1e-20),
  'all 1e-40': all(1e-40),
  'all NaN': all(NaN),
  'random bits': randomBits,
}

export const everyInput: Inputs = { ...inputs, ...hardInputs }
