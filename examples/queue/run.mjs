// node run.mjs INPUT OUTPUT [OPTIONS]: one job from its start to its end on this machine.
//
// Starts Redis where REDIS_URL is not set (redis-server must be installed), two workers or as many as --workers says, and adds the
// flow. Starts again what of these is killed, and gives up where one cannot run. Exit codes: 0 the output is complete; 1 the flow
// failed, or could not be started; 2 wrong arguments; 130, 143 ended by Ctrl-C or SIGTERM: the shards of a file that are done stay,
// and the same command goes on.
import { fileURLToPath } from 'node:url'
import { exitCodeOf, readArguments, usage } from './arguments.mjs'
import { storeOf } from './flow.mjs'
import { produce } from './producer.mjs'
import { startRedis } from './redis.mjs'
import { keepRunning } from './supervise.mjs'

const workerPath = fileURLToPath(new URL('worker.mjs', import.meta.url))

function readWorkers({ workers = '2' }) {
  const count = Number(workers)
  if (Number.isInteger(count) && count >= 1 && count <= 64) return count
  throw new Error(`--workers must be an integer from 1 to 64; got ${workers}`)
}

function startWorker(i) {
  // The channel closes when this process ends, and the worker then stops.
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc']
  return keepRunning(`worker ${i + 1}`, [process.execPath, workerPath], { stdio })
}

let request
let workers
try {
  request = readArguments({ workers: { type: 'string' } })
  workers = readWorkers(request.values)
} catch (error) {
  console.error(
    `${error.message}\nUsage: node run.mjs ${usage}\n  --workers N       how many processes compute (default 2)`,
  )
  process.exit(2)
}

let redis
const running = []
async function stop() {
  await Promise.all(running.map((worker) => worker.stop()))
  await redis?.stop()
}
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 }))
  process.on(signal, async () => {
    await stop()
    process.exit(code)
  })

try {
  const { input, output, options } = request
  const plan = await storeOf(input).plan(input, output, options)
  if (!process.env.REDIS_URL) {
    redis = await startRedis()
    process.env.REDIS_URL = redis.url
  }
  for (let i = 0; i < workers; i++) running.push(startWorker(i))
  const failures = [...running, ...(redis ? [redis] : [])].map(({ failed }) => failed)
  await Promise.race([produce(plan), ...failures])
} catch (error) {
  console.error(error.message)
  process.exitCode = exitCodeOf(error)
} finally {
  await stop()
  // The producer may still wait.
  process.exit()
}
