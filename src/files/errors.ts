// The ways that reading and writing files fails.

import { getSystemErrorMap } from 'node:util'

/** An input or an output of the wrong kind. */
export class InputError extends Error {
  readonly code: string = 'ERR_SOFTPLUS_INPUT'
}

/** A refusal by the file system or the operating system. */
export class SystemFailure extends Error {
  readonly code: string

  constructor(action: string, cause: unknown) {
    super(`cannot ${action}: ${systemReason(cause)}`, { cause })
    this.code = codeOf(cause)
  }
}

/** The code that the operating system or Node gave the error, or an empty string. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return code ?? ''
}

/** Runs a step that asks something of the system. Its errors become SystemFailures that name the action; InputErrors stay. */
export async function attempt<T>(action: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw error instanceof InputError ? error : new SystemFailure(action, error)
  }
}

function systemReason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const { code, errno } = cause as NodeJS.ErrnoException
  const text = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]
  return [code, text ?? cause.message].filter(Boolean).join(', ')
}

/** The text, cut to a length that fits into a message. */
export function clipped(source: string): string {
  return source.length > 60 ? `${source.slice(0, 60)}…` : source
}
