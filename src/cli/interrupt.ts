// SIGHUP, SIGINT and SIGTERM while something must be undone: undo it, then exit with the signal's code.

import { exitCodes } from './errors'

const codes = {
  SIGHUP: exitCodes.hangUp,
  SIGINT: exitCodes.interrupt,
  SIGTERM: exitCodes.terminate,
} as const

type Interrupt = keyof typeof codes

const interrupts = Object.keys(codes) as Interrupt[]
const cleanUps = new Set<() => void>()

/** Runs cleanUp and exits if a signal arrives before the returned function is called. */
export function onInterrupt(cleanUp: () => void): () => void {
  if (cleanUps.size === 0) for (const signal of interrupts) process.on(signal, exit)
  cleanUps.add(cleanUp)
  return () => {
    cleanUps.delete(cleanUp)
    if (cleanUps.size === 0) for (const signal of interrupts) process.off(signal, exit)
  }
}

function exit(signal: Interrupt): void {
  for (const cleanUp of cleanUps) cleanUp()
  process.exit(codes[signal])
}
