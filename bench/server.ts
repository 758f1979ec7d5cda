// npm run bench:server: loads examples/server, each route for a few seconds, with 64 KiB of float32 per request.
//
// Prints requests per second, latency, and the server's memory after each round. Exit code 1 if a request failed, an
// answer was not 2xx, or memory grew from round to round.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { uniform } from './inputs'
import { atMost, conclude } from './promises'

const port = 8099
const seconds = 4
const rounds = 4
const server = fileURLToPath(new URL('../examples/server/server.mjs', import.meta.url))
const body = Buffer.from(uniform(2 ** 14, 8).buffer)

async function start(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [server], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { stdout } = child
  // Its log; nothing else reads it.
  await once(stdout, 'data')
  stdout.resume()
  return child
}

// Resident memory as Linux tells it; elsewhere it is not looked at.
function memoryOf(child: ChildProcess): number {
  try {
    const [, kilobytes] =
      /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
    return Number(kilobytes) / 1024
  } catch {
    return Number.NaN
  }
}

const child = await start()
try {
  const memory: number[] = []
  let failed = 0
  for (let round = 0; round < rounds; round++) {
    for (const path of ['/softplus', '/softplus/stream']) {
      const result = await autocannon({
        url: `http://127.0.0.1:${port}${path}`,
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body,
        connections: 32,
        duration: seconds,
      })
      failed += result.errors + result.timeouts + result.non2xx
      console.log(
        `${path.padEnd(18)} ${result.requests.average.toFixed(0).padStart(6)} requests/s, ` +
          `latency p50 ${result.latency.p50} ms, p99 ${result.latency.p99} ms, ` +
          `${result.errors} errors, ${result.timeouts} timeouts, ${result.non2xx} not 2xx`,
      )
    }
    memory.push(memoryOf(child))
    console.log(
      `                   ${memory[round].toFixed(1)} MiB resident after round ${round + 1}`,
    )
  }
  atMost('requests that failed or were not answered with 2xx', 0, failed)
  if (!Number.isNaN(memory[0]))
    atMost(
      'memory after the last round over that after the second',
      1.1,
      memory[rounds - 1] / memory[1],
    )
} finally {
  child.kill()
}
conclude()
