// Promises that are awaited only after something else was.

/** Keeps Node from taking a failure that comes before the await for an unhandled rejection. */
export function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
