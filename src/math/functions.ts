// The list of functions, the twin of native/functions.h. The backends, the API, the command line, the tests and the proof
// are made from it.

import * as derivative from './derivative'
import * as inverse from './inverse'
import { relu, reluDerivative } from './relu'
import * as secondDerivative from './secondDerivative'
import * as softplus from './softplus'

interface CommonEntry {
  /** What users call. A dot makes the function a property of the one before it. */
  publicName: string
  /** One line for help and documentation. */
  summary: string
}

/** A function that takes beta and threshold. */
export interface ScalingEntry extends CommonEntry {
  takesScaling: true
  /** Thresholds at or above this cannot change a float32 result, so they are dropped. */
  thresholdLimit: number
  /** Each writes f(x) over y, which is x itself or does not overlap it. */
  loops: {
    /** Beta 1. */
    plain(x: Float32Array, y: Float32Array, threshold?: number): void
    withBeta(x: Float32Array, y: Float32Array, threshold: number, beta: number): void
  }
}

/** A function without options. */
export interface FixedEntry extends CommonEntry {
  takesScaling: false
  loops: { plain(x: Float32Array, y: Float32Array): void }
}

export type FunctionEntry = ScalingEntry | FixedEntry

// At 18 and above e^-x is below 2^-25: softplus(x) rounds to x, and its derivative to 1.
export const functions = {
  softplus: {
    publicName: 'softplus',
    summary: 'ln(1 + e^(beta x)) / beta',
    takesScaling: true,
    thresholdLimit: 18,
    loops: softplus,
  },
  derivative: {
    publicName: 'softplus.derivative',
    summary: '1 / (1 + e^(-beta x)), the derivative of softplus',
    takesScaling: true,
    thresholdLimit: 18,
    loops: derivative,
  },
  secondDerivative: {
    publicName: 'softplus.secondDerivative',
    summary: 'beta u / (1 + u)^2 with u = e^-|beta x|, the second derivative of softplus',
    takesScaling: true,
    thresholdLimit: Infinity,
    loops: secondDerivative,
  },
  inverse: {
    publicName: 'softplus.inverse',
    summary: 'ln(e^(beta x) - 1) / beta, the inverse of softplus',
    takesScaling: true,
    thresholdLimit: 18,
    loops: inverse,
  },
  relu: {
    publicName: 'relu',
    summary: 'max(x, 0)',
    takesScaling: false,
    loops: { plain: relu },
  },
  reluDerivative: {
    publicName: 'relu.derivative',
    summary: '1 where x is above 0, otherwise 0: the derivative of relu',
    takesScaling: false,
    loops: { plain: reluDerivative },
  },
} as const satisfies Record<string, FunctionEntry>

export type FunctionName = keyof typeof functions

export const functionNames = Object.keys(functions) as FunctionName[]

/** A record with a value for every function. */
export const recordOf = <Value>(make: (name: FunctionName) => Value): Record<FunctionName, Value> =>
  Object.fromEntries(functionNames.map((name) => [name, make(name)])) as Record<FunctionName, Value>
