// Runs jobs on the calling thread, for backends without threads: in slices of 2 ms, between which the event loop does
// everything else.

import { lengthOf, viewOf } from '../intrinsics'
import { later } from '../later'
import type { Kernel, Launch } from './contract'

// At most half a millisecond.
const blockLength = 1 << 15
const millisecondsPerSlice = 2

// Holds one block per job, so that jobs take turns.
const waiting: (() => void)[] = []
let isSliceComing = false

function runSlice(): void {
  const end = performance.now() + millisecondsPerSlice
  try {
    do waiting.shift()?.()
    while (waiting.length > 0 && performance.now() < end)
  } finally {
    // Also after an exception: the other jobs go on.
    isSliceComing = waiting.length > 0
    if (isSliceComing) later(runSlice)
  }
}

function enqueue(block: () => void): void {
  waiting.push(block)
  if (isSliceComing) return
  isSliceComing = true
  later(runSlice)
}

export const launcherOf =
  (kernel: Kernel): Launch =>
  (_threads, _processors, done, x, threshold, beta) => {
    const given = typeof x === 'function' ? x() : x
    // A view over shared memory may grow while the job runs: its length is what it is now.
    const length = lengthOf.call(given)
    const array = viewOf(given, 0, length)
    let next = 0
    let isStopped = false
    const step = () => {
      if (isStopped || next >= length) return done()
      try {
        const block = viewOf(array, next, next + blockLength)
        next += blockLength
        kernel(block, block, threshold, beta)
      } catch (error) {
        return done(error)
      }
      enqueue(step)
    }
    enqueue(step)
    return () => {
      isStopped = true
    }
  }
