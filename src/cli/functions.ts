// The activations the command offers, by the name that --function takes.

import { relu, softplus } from '../index'

/** What --beta and --threshold set; absent ones take the package's defaults. */
export interface ActivationOptions {
  beta?: number
  threshold?: number
}

export interface NamedActivation {
  summary: string
  takesOptions: boolean
  /** Replaces x by its activation. */
  apply(x: Float32Array, options: ActivationOptions): void
}

const activations = {
  softplus: {
    summary: 'ln(1 + e^(beta x)) / beta, the default',
    takesOptions: true,
    apply: (x, options) => softplus(x, { ...options, out: x }),
  },
  derivative: {
    summary: '1 / (1 + e^(-beta x)), its derivative, the sigmoid',
    takesOptions: true,
    apply: (x, options) => softplus.derivative(x, { ...options, out: x }),
  },
  'second-derivative': {
    summary: 'beta u / (1 + u)^2 with u = e^-|beta x|, the slope of that',
    takesOptions: true,
    apply: (x, options) => softplus.secondDerivative(x, { ...options, out: x }),
  },
  inverse: {
    summary: 'ln(e^(beta x) - 1) / beta, the inverse of softplus',
    takesOptions: true,
    apply: (x, options) => softplus.inverse(x, { ...options, out: x }),
  },
  relu: {
    summary: 'max(x, 0)',
    takesOptions: false,
    apply: (x) => relu(x, { out: x }),
  },
  'relu-derivative': {
    summary: '1 where x is above 0, otherwise 0',
    takesOptions: false,
    apply: (x) => relu.derivative(x, { out: x }),
  },
} satisfies Record<string, NamedActivation>

export type FunctionName = keyof typeof activations

export const functions: Readonly<Record<FunctionName, NamedActivation>> = activations

export const functionNames = Object.keys(functions) as FunctionName[]

export function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(functions, name)
}
