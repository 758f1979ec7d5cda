// The functions by the names that --function takes: secondDerivative is second-derivative.

import { type FunctionRow, functions as rows } from '../math/functions'

const kebabCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

export const functions: ReadonlyMap<string, FunctionRow> = new Map(
  Object.entries(rows).map(([name, row]) => [kebabCase(name), row]),
)
