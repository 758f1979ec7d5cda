#!/usr/bin/env node
// The command softplus: its exit codes, and its last words on stderr.

import { dispatch } from './dispatch'
import { codeOf, exitCodes, reportFailure, SystemFailure } from './errors'

// A reader that has seen enough closes the pipe; that is no failure of this command.
function isClosedPipe(error: unknown): boolean {
  return error instanceof SystemFailure && codeOf(error.cause) === 'EPIPE'
}

// Exit explicitly: an open standard input would keep the process alive. The callback of an empty write runs after stderr
// is flushed.
function exit(code: number): void {
  process.exitCode = code
  process.stderr.write('', () => process.exit())
}

// Each write to stdout reports its own failure, and nobody reads what stderr refuses.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

dispatch(process.argv.slice(2)).catch((error: unknown) => {
  exit(isClosedPipe(error) ? exitCodes.done : reportFailure(error))
})
