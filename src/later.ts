// Calls a function after all that already waits in the event loop.

function createLater(): (turn: () => void) => void {
  if (typeof setImmediate === 'function') return setImmediate
  if (typeof MessageChannel !== 'function') return (turn) => setTimeout(turn, 0)
  // Browsers hold nested timers back for 4 ms, but not messages.
  const turns: (() => void)[] = []
  const { port1, port2 } = new MessageChannel()
  // The types of @types/node leave onmessage out.
  Object.assign(port1, { onmessage: () => turns.shift()?.() })
  return (turn) => {
    turns.push(turn)
    port2.postMessage(undefined)
  }
}

let chosen: ((turn: () => void) => void) | undefined

export function later(turn: () => void): void {
  chosen ??= createLater()
  chosen(turn)
}
