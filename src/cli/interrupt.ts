// SIGINT and SIGTERM while a temporary file exists: remove it, then exit with the signal's code.

import { exitCodes } from './errors'

/** Runs cleanUp and exits if a signal arrives before the returned function is called. */
export function onInterrupt(cleanUp: () => void): () => void {
  const exitWith = (code: number) => () => {
    cleanUp()
    process.exit(code)
  }
  const interrupt = exitWith(exitCodes.interrupt)
  const terminate = exitWith(exitCodes.terminate)
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', terminate)
  return () => {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', terminate)
  }
}
