// Targets for measured figures, and the processors on which they were set.
import { markdown } from './table'

export interface Target {
  what: string
  bound: string
  measured: number
  isMet: boolean
  /** Part of a processor's name. On other processors the target is shown but cannot be missed. Default: all of them. */
  setOn?: string
}

export const zen3 = 'AMD EPYC, family 25'
export const zen5 = 'AMD EPYC, family 26'

const target =
  (sign: string, holds: (measured: number, bound: number) => boolean) =>
  (what: string, bound: number, measured: number, setOn?: string): Target => {
    return { what, bound: `${sign} ${bound}`, measured, isMet: holds(measured, bound), setOn }
  }

export const atLeast = target('>=', (measured, bound) => measured >= bound)
export const atMost = target('<=', (measured, bound) => measured <= bound)

/** A figure that explains the one above it, and has no target of its own. */
export const figure = (what: string, measured: number): Target => {
  return { what, bound: '', measured, isMet: true }
}

/** Prints the targets. Sets exit code 1 if one of this processor was missed. */
export function report(cpu: string, targets: Target[]): void {
  const rows = targets.map(({ what, bound, measured, isMet, setOn = '' }) => {
    const isMissed = !isMet && cpu.includes(setOn)
    if (isMissed) process.exitCode = 1
    const state = isMet ? 'met' : isMissed ? 'MISSED' : 'no'
    return [what, bound, measured.toFixed(2), bound && state, setOn]
  })
  const head = ['', 'target', 'measured', 'met', 'set on']
  console.log(`\n${markdown({ title: 'Targets', head, rows })}`)
}
