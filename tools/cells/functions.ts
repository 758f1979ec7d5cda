// The functions that have a table of cells, and how each is mirrored to x >= 0

/**
 * What the kernel does with a row for one sign of x: c1 becomes c1 + slope, and the sum w of the
 * polynomial becomes sign * w + offset(n), n the centre of the cell.
 */
export interface Side {
  readonly slope: number
  readonly sign: number
  readonly offset: (n: number) => number
}

export interface CellFunction {
  readonly name: string
  /** Whether tools/cells/cells.json holds its rows. */
  readonly written: boolean
  /** Its value in binary64, for either sign of x. */
  readonly exact: (x: number) => number
  readonly negative: Side
  readonly positive: Side
}

const unchanged: Side = { slope: 0, sign: 1, offset: () => 0 }

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

const sigmoid = (x: number) => {
  const e = Math.exp(-Math.abs(x))
  return x < 0 ? e / (1 + e) : 1 / (1 + e)
}

const secondDerivative = (x: number) => {
  const e = Math.exp(-Math.abs(x))
  return e / ((1 + e) * (1 + e))
}

export const cellFunctions: readonly CellFunction[] = [
  {
    name: 'softplus',
    written: true,
    exact: softplus,
    negative: unchanged,
    positive: { slope: -1, sign: 1, offset: (n) => -n },
  },
  {
    name: 'sigmoid',
    written: true,
    exact: sigmoid,
    negative: unchanged,
    positive: { slope: 0, sign: -1, offset: () => 1 },
  },
  {
    name: 'secondDerivative',
    written: true,
    exact: secondDerivative,
    negative: unchanged,
    positive: unchanged,
  },
]

export function cellFunction(name: string): CellFunction {
  const found = cellFunctions.find((f) => f.name === name)
  if (!found) throw new Error(`no function is named ${name}`)
  return found
}
