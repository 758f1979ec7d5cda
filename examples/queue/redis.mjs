// A Redis of one's own, for one job on one machine: on a free port of the loopback, with a password and a folder.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keepRunning } from './supervise.mjs'

// Redis does not notice when the process that started it is killed. But the pipe to this shell then closes, and the shell
// stops Redis and removes its folder. `wait` returns at a signal, and then once more.
const guard = `exec 3<&0; redis-server "$1/redis.conf" & redis=$!
trap 'end=stopped; kill $redis' TERM
trap 'end=alone; kill $redis' USR1
(cat <&3; kill -USR1 $$) 2>/dev/null &
wait $redis; code=$?
[ -z "$end" ] || wait $redis
[ "$end" != alone ] || rm -rf "$1"
exit $code`

/** Returns its URL, `failed`, which rejects if it cannot run, and `stop`, which stops it and removes its folder. */
export async function startRedis() {
  if (spawnSync('redis-server', ['--version']).error)
    throw new Error('redis-server must be installed, or REDIS_URL be set; there is neither')
  const folder = await mkdtemp(join(tmpdir(), 'softplus-redis-'))
  const port = await freePort()
  const password = randomBytes(16).toString('hex')
  await writeFile(join(folder, 'redis.conf'), settings(folder, port, password), { mode: 0o600 })
  const { failed, stop } = keepRunning('Redis', ['sh', '-c', guard, 'sh', folder], {
    stdio: ['pipe', 'ignore', 'inherit'],
    // Ctrl-C is for the workers first, which hand their shards back.
    detached: true,
  })
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    failed,
    stop: async () => {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

// Redis hands each change to the system before it answers, so it may be killed at any moment. `always` would also wait for the
// disk, for the sake of power cuts, but those end this job as a whole. `everysec` holds changes back for up to 2 s.
const settings = (folder, port, password) => `bind 127.0.0.1
port ${port}
requirepass ${password}
dir "${folder}"
pidfile "${folder}/redis.pid"
appendonly yes
appendfsync no
save ""
`

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
