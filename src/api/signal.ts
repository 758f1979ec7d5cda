// Follows the signals that end jobs. A signal belongs to its caller: it may be of another realm, or no AbortSignal at
// all, and it may throw. Whatever it does, a job settles and the queue goes on.

import { invalidType } from '../errors'
import type { JobSignal } from '../types'

/** @throws {TypeError} ERR_INVALID_ARG_TYPE unless it is undefined or a JobSignal. */
export function readSignal(signal: unknown): JobSignal | undefined {
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

export function throwIfAborted(signal: JobSignal | undefined): void {
  if (isAborted(signal)) throw reasonOf(signal)
}

/** Why a signal was aborted, or what its `reason` throws. */
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

// One listener for all jobs of a signal: Node warns of a leak from the eleventh on.
const followed = new WeakMap<JobSignal, Followed>()

/** Calls `stop` when the signal is aborted. Returns a function that ends this. @throws whatever the signal throws. */
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
      // The listener stays. It has nothing left to stop.
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
