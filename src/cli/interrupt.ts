// SIGHUP, SIGINT and SIGTERM: cleans up, then exits with the signal's code.

import { exitCodes } from './errors'

const codes = {
  SIGHUP: exitCodes.hangUp,
  SIGINT: exitCodes.interrupt,
  SIGTERM: exitCodes.terminate,
} as const

type Signal = keyof typeof codes

const signals = Object.keys(codes) as Signal[]
const cleanUps = new Set<() => void>()

/** Runs cleanUp and exits if a signal arrives before the returned function is called. */
export function onInterrupt(cleanUp: () => void): () => void {
  if (cleanUps.size === 0) for (const signal of signals) process.on(signal, exit)
  cleanUps.add(cleanUp)
  return () => {
    cleanUps.delete(cleanUp)
    if (cleanUps.size === 0) for (const signal of signals) process.off(signal, exit)
  }
}

function exit(signal: Signal): void {
  for (const cleanUp of cleanUps) cleanUp()
  process.exit(codes[signal])
}
