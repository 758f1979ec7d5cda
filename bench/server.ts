// npm run bench -- server: loads examples/server, each route for a few seconds, with 64 KiB of float32 per request. Half a minute.
//
// Prints requests per second, latency, and the server's memory after each round.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { uniform } from './inputs'
import { machine } from './results'
import { atMost, report } from './targets'

const port = 8099
const seconds = 4
const rounds = 4
const server = fileURLToPath(new URL('../examples/server/server.mjs', import.meta.url))
const body = Buffer.from(uniform(2 ** 14, 8).buffer)

// Resident memory in MiB, which only Linux tells of another process.
function memoryOf(pid: number | undefined): number | undefined {
  const path = `/proc/${pid}/status`
  if (!existsSync(path)) return undefined
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(path, 'utf8'))?.[1]) / 1024
}

export async function main(): Promise<void> {
  const child = spawn(process.execPath, [server], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    // The first line of the log says that the server listens. The rest must be read, or the server would wait.
    await once(child.stdout, 'data')
    child.stdout.resume()
    const memory: (number | undefined)[] = []
    let failed = 0
    for (let round = 1; round <= rounds; round++) {
      for (const path of ['/softplus', '/softplus/stream']) {
        const { requests, latency, errors, timeouts, non2xx } = await autocannon({
          url: `http://127.0.0.1:${port}${path}`,
          method: 'POST',
          headers: { 'content-type': 'application/octet-stream' },
          body,
          connections: 32,
          duration: seconds,
        })
        failed += errors + timeouts + non2xx
        console.log(
          `${path}: ${requests.average.toFixed(0)} requests/s, p50 ${latency.p50} ms, p99 ${latency.p99} ms`,
        )
      }
      memory.push(memoryOf(child.pid))
      console.log(`round ${round}: ${memory.at(-1)?.toFixed(1) ?? 'unknown'} MiB resident`)
    }
    const targets = [atMost('requests without a 2xx answer', 0, failed)]
    const [, second, , last] = memory
    if (second && last)
      targets.push(atMost('memory after the last round over the second', 1.1, last / second))
    report(machine().cpu, targets)
  } finally {
    child.kill()
  }
}
