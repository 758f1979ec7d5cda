// Signals that end jobs. A signal is its caller's and may be of another realm, or no AbortSignal at all: whatever it
// does, a job settles and the queue goes on.
import { invalidType } from '../errors'

/**
 * What is needed of an AbortSignal. Those of any realm have it, and of libraries that make their own.
 */
export interface JobSignal {
  readonly aborted: boolean
  readonly reason?: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): unknown
  removeEventListener(type: 'abort', listener: () => void): unknown
}

/** @throws {TypeError} ERR_INVALID_ARG_TYPE unless it is undefined or has what is needed of an AbortSignal. */
export function checkSignal(signal: unknown): JobSignal | undefined {
  if (signal === undefined || isSignal(signal)) return signal
  throw invalidType('signal', 'an AbortSignal', signal)
}

function isSignal(value: unknown): value is JobSignal {
  try {
    const { aborted, addEventListener, removeEventListener } = value as JobSignal
    return (
      typeof aborted === 'boolean' &&
      typeof addEventListener === 'function' &&
      typeof removeEventListener === 'function'
    )
  } catch {
    return false
  }
}

export function isAborted(signal: JobSignal | undefined): boolean {
  try {
    return signal?.aborted === true
  } catch {
    return false
  }
}

/** Why a signal was aborted; if it throws instead of saying so, what it throws. */
export function reasonOf(signal: JobSignal | undefined): unknown {
  try {
    return signal?.reason
  } catch (error) {
    return error
  }
}

interface Followed {
  stops: Set<() => void>
  listener: () => void
}

// One listener for all jobs of a signal: Node warns of a leak from eleven on.
const followed = new WeakMap<JobSignal, Followed>()

/** Calls `stop` when the signal is aborted. Returns what ends that. @throws whatever the signal throws. */
export function follow(signal: JobSignal, stop: () => void): () => void {
  const known = followed.get(signal) ?? listenTo(signal)
  known.stops.add(stop)
  return () => {
    known.stops.delete(stop)
    if (known.stops.size > 0 || followed.get(signal) !== known) return
    followed.delete(signal)
    try {
      signal.removeEventListener('abort', known.listener)
    } catch {
      // It will call in vain.
    }
  }
}

function listenTo(signal: JobSignal): Followed {
  const stops = new Set<() => void>()
  const listener = () => {
    for (const stop of stops) stop()
  }
  signal.addEventListener('abort', listener, { once: true })
  const known = { stops, listener }
  followed.set(signal, known)
  return known
}
