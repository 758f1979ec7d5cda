// The command's failures, and the exit code and line on stderr that each ends with.

import { getSystemErrorMap } from 'node:util'
import { printLine } from './stderr'

export const exitCodes = {
  done: 0,
  system: 1,
  wrong: 2,
  hangUp: 129,
  interrupt: 130,
  terminate: 143,
} as const

/** A command line that cannot be understood; the report points to the help. */
export class UsageError extends Error {}

/** Input that is not what the command reads. */
export class InputError extends Error {}

/** A refusal by the file system or the operating system. */
export class SystemFailure extends Error {
  constructor(action: string, cause: unknown) {
    super(`cannot ${action}: ${systemReason(cause)}`, { cause })
  }
}

/** The code the operating system or Node gave an error, or an empty string. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return code ?? ''
}

/** Runs a step that talks to the system; what it throws, but for an InputError, becomes a SystemFailure naming the step. */
export async function attempt<T>(action: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw error instanceof InputError ? error : new SystemFailure(action, error)
  }
}

/** Prints the failure on stderr and tells the exit code it ends with. */
export function reportFailure(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof UsageError) {
    printLine(`${message} (see softplus --help)`)
    return exitCodes.wrong
  }
  printLine(message)
  return isWrongInput(error) ? exitCodes.wrong : exitCodes.system
}

function isWrongInput(error: unknown): boolean {
  return error instanceof InputError || codeOf(error) === 'ERR_SOFTPLUS_BACKEND'
}

function systemReason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const { code, errno } = cause as NodeJS.ErrnoException
  const text = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]
  return [code, text ?? cause.message].filter(Boolean).join(', ')
}
