// Keeps a process running: starts it again when it ends before it is stopped.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

// A process that fails so often, so soon after its start, cannot run here.
const mostFailures = 5
const soonMilliseconds = 5000

/** Returns `failed`, which rejects if the process cannot run, and `stop`, which ends it by SIGTERM, after 10 seconds by SIGKILL. */
export function keepRunning(name, [program, ...args], options) {
  const stopping = new AbortController()
  let child

  async function run() {
    let failures = 0
    while (!stopping.signal.aborted) {
      const started = performance.now()
      child = spawn(program, args, options)
      const [code, signal] = await once(child, 'exit').catch((error) => [error.message])
      child.stdin?.destroy()
      if (stopping.signal.aborted) return
      // Shells say 128 and more for a process that was killed.
      const isFailure = signal == null && !(code >= 128)
      const isSoon = performance.now() - started < soonMilliseconds
      failures = isFailure && isSoon ? failures + 1 : 0
      if (failures === mostFailures)
        throw new Error(`${name} must keep running; it ended ${failures} times at once (${code})`)
      console.error(`${name} has ended (${signal ?? code}): starting it again`)
      await sleep(500, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  const ended = run()
  const failed = ended.then(() => new Promise(() => {}))
  // Not everybody waits for it.
  failed.catch(() => {})
  const stop = async () => {
    stopping.abort()
    child.kill()
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended.catch(() => {})
    clearTimeout(timer)
  }
  return { failed, stop }
}
