// Keeps a process running: starts it again when it ends before it is stopped.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** Returns a function that stops the process by SIGTERM, and after 10 seconds by SIGKILL. */
export function keepRunning(name, [program, ...args], options) {
  const stopping = new AbortController()
  let child

  async function run() {
    while (!stopping.signal.aborted) {
      child = spawn(program, args, options)
      const [code, signal] = await once(child, 'exit').catch((error) => [error.message])
      child.stdin?.destroy()
      if (stopping.signal.aborted) return
      console.error(`${name} has ended (${signal ?? code}): starting it again`)
      await sleep(500, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  const ended = run()
  return async () => {
    stopping.abort()
    child.kill()
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(timer)
  }
}
