// From the arguments to the exit code.

import { version } from '../../package.json'
import { codeOf, InputError, SystemFailure } from '../files/errors'
import { exitCodes, UsageError } from './errors'
import { helpTexts } from './help'
import { writeToStdout } from './io/streams'
import { parseRequest } from './options'
import { printLine } from './stderr'

/** Does what the arguments ask for. Prints a failure on stderr. Returns the exit code. */
export async function run(args: string[]): Promise<number> {
  try {
    return await answer(args)
  } catch (error) {
    return reportFailure(error)
  }
}

async function answer(args: string[]): Promise<number> {
  const request = parseRequest(args)
  // The library is loaded only where it is needed: loading throws if SOFTPLUS_BACKEND names a backend that cannot run
  // here, and help and version must work all the same.
  switch (request.command) {
    case 'apply':
      if (request.shards) return (await import('./shards')).applyShards(request, request.shards)
      await (await import('./apply')).apply(request)
      break
    case 'help':
      await writeToStdout(helpTexts[request.topic])
      break
    case 'info':
      await writeToStdout((await import('./info')).infoText(request.json))
      break
    case 'version':
      await writeToStdout(`${version}\n`)
  }
  return exitCodes.done
}

/** Prints the failure on stderr; returns its exit code. */
export function reportFailure(error: unknown): number {
  // A reader that has seen enough closes the pipe. That is no failure of this command.
  if (error instanceof SystemFailure && codeOf(error.cause) === 'EPIPE') return exitCodes.done
  const message = error instanceof Error ? error.message : String(error)
  printLine(error instanceof UsageError ? `${message} (see softplus --help)` : message)
  return isWrongUse(error) ? exitCodes.wrong : exitCodes.system
}

const isWrongUse = (error: unknown) =>
  error instanceof UsageError ||
  error instanceof InputError ||
  codeOf(error) === 'ERR_SOFTPLUS_BACKEND'
