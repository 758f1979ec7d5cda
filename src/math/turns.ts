// Work of the js backend off the main thread's back: in blocks, between which everything else has its
// turn.

import type { Kernel, Launch } from '../functions'
import { viewOf } from '../intrinsics'

// About half a millisecond.
const blockLength = 1 << 15
const millisecondsPerTurn = 2

const later: (turn: () => void) => void =
  typeof setImmediate === 'function' ? setImmediate : (turn) => setTimeout(turn, 0)

// The blocks of all jobs, one of each in a row: many jobs hold the others up no longer than one does.
const waiting: (() => void)[] = []
let isTurnComing = false

function takeTurn(): void {
  const end = performance.now() + millisecondsPerTurn
  do waiting.shift()?.()
  while (waiting.length > 0 && performance.now() < end)
  isTurnComing = waiting.length > 0
  if (isTurnComing) later(takeTurn)
}

function enqueue(block: () => void): void {
  waiting.push(block)
  if (isTurnComing) return
  isTurnComing = true
  later(takeTurn)
}

export const inTurns =
  (kernel: Kernel): Launch =>
  (_threads, done, x, threshold, beta) => {
    let next = 0
    let isStopped = false
    const step = () => {
      if (isStopped || next >= x.length) return done()
      const block = viewOf(x, next, next + blockLength)
      next += blockLength
      kernel(block, block, threshold, beta)
      enqueue(step)
    }
    enqueue(step)
    return () => {
      isStopped = true
    }
  }
