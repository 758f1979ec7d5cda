// The activations the command offers, by the name that --function takes. Help needs no backend: apply.ts has what computes.

export interface FunctionInfo {
  summary: string
  takesOptions: boolean
}

const infos = {
  softplus: {
    summary: 'ln(1 + e^(beta x)) / beta, the default',
    takesOptions: true,
  },
  derivative: {
    summary: '1 / (1 + e^(-beta x)), its derivative, the sigmoid',
    takesOptions: true,
  },
  'second-derivative': {
    summary: 'beta u / (1 + u)^2 with u = e^-|beta x|, the slope of that',
    takesOptions: true,
  },
  inverse: {
    summary: 'ln(e^(beta x) - 1) / beta, the inverse of softplus',
    takesOptions: true,
  },
  relu: {
    summary: 'max(x, 0)',
    takesOptions: false,
  },
  'relu-derivative': {
    summary: '1 where x is above 0, otherwise 0',
    takesOptions: false,
  },
} satisfies Record<string, FunctionInfo>

export type FunctionName = keyof typeof infos

export const functions: Readonly<Record<FunctionName, FunctionInfo>> = infos

export const functionNames = Object.keys(functions) as FunctionName[]

export function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(functions, name)
}
