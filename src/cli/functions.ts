// The functions by the names that --function takes: secondDerivative is second-derivative.

import {
  functions as entries,
  type FunctionEntry,
  type FunctionName,
  functionNames,
} from '../math/functions'

export const kebabCase = (name: string) =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

export const functions: ReadonlyMap<string, FunctionEntry> = new Map(
  Object.entries(entries).map(([name, entry]) => [kebabCase(name), entry]),
)

/** The library's name of a key of functions. */
export const functionNameOf = (name: string): FunctionName =>
  functionNames.find((functionName) => kebabCase(functionName) === name) as FunctionName
