// The functions that have a table of cells, described as in native/functions/

/**
 * One side of zero: c1 of a row becomes c1 + `c1`, and the sum w of the polynomial becomes `sign` w + `offset(n)`, where n
 * is the centre of the cell.
 */
export interface Side {
  readonly c1: number
  readonly sign: number
  readonly offset: (n: number) => number
}

export interface CellFunction {
  readonly name: string
  /** Starts the random numbers of the search. Another text would give other rows that are as good. */
  readonly seed: string
  /** The function in binary64, for either sign of x. */
  readonly exact: (x: number) => number
  readonly negative: Side
  /** The same object as `negative` if the function is even: then only one side is fitted and measured. */
  readonly positive: Side
}

const unchanged: Side = { c1: 0, sign: 1, offset: () => 0 }

export const cellFunctions: readonly CellFunction[] = [
  {
    name: 'softplus',
    seed: 'softplus',
    exact: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    negative: unchanged,
    positive: { c1: -1, sign: 1, offset: (n) => -n },
  },
  {
    name: 'derivative',
    // The function's old name: a new seed changes the coefficients.
    seed: 'sigmoid',
    exact: (x) => {
      const u = Math.exp(-Math.abs(x))
      return x < 0 ? u / (1 + u) : 1 / (1 + u)
    },
    negative: unchanged,
    positive: { c1: 0, sign: -1, offset: () => 1 },
  },
  {
    name: 'secondDerivative',
    seed: 'secondDerivative',
    exact: (x) => {
      const u = Math.exp(-Math.abs(x))
      return u / ((1 + u) * (1 + u))
    },
    negative: unchanged,
    positive: unchanged,
  },
]

export function cellFunction(name: string): CellFunction {
  const found = cellFunctions.find((f) => f.name === name)
  if (!found)
    throw new Error(
      `function must be one of ${cellFunctions.map((f) => f.name).join(', ')}; got ${name}`,
    )
  return found
}
