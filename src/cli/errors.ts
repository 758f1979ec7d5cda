// The ways the command fails, and its exit codes.

export const exitCodes = {
  done: 0,
  system: 1,
  wrong: 2,
  incomplete: 3,
  hangUp: 129,
  interrupt: 130,
  terminate: 143,
} as const

/** A command line that makes no request. */
export class UsageError extends Error {}
