// node worker.mjs: does the jobs of all flows until SIGTERM or SIGINT. Start as many as you like, on any machine that
// reaches Redis (REDIS_URL) and the files or objects.
//
// At the signal a worker takes no new shard. Those at work have 5 seconds to end, and go back to the queue then. Exit code
// 0: stopped like that; 1: Redis was away at the same time, so that other workers get the shards when their locks have ended.
import { hostname } from 'node:os'
import { UnrecoverableError, WaitingError, Worker } from 'bullmq'
import { storeOf } from './flow.mjs'
import { connect, queueName, workerOptions } from './settings.mjs'

const graceMilliseconds = 5000

async function runShard({ data }, signal) {
  return (await storeOf(data.plan.input).shard(data, signal)) ?? {}
}

async function runFinish(job) {
  const { data } = job
  const store = storeOf(data.plan.input)
  const failures = Object.values(await job.getIgnoredChildrenFailures())
  if (data.isCancelled || failures.length > 0) {
    await store.giveUp(data)
    if (data.isCancelled) throw new UnrecoverableError('cancelled')
    const { shards } = data.plan
    throw new UnrecoverableError(`${failures.length} of ${shards} shards failed: ${failures[0]}`)
  }
  try {
    await store.complete(data, Object.values(await job.getChildrenValues()))
  } catch (error) {
    if (isFinal(error)) await store.giveUp(data)
    throw error
  }
}

/** Errors that a second try cannot mend, such as a changed input. Missing shards are those that NFS does not show yet. */
const isFinal = ({ name, code, missing }) =>
  name === 'UnrecoverableError' || (/^ERR_/.test(code) && !missing)

const redis = connect()
const worker = new Worker(
  queueName,
  async (job, token, signal) => {
    try {
      return await (job.name === 'shard' ? runShard(job, signal) : runFinish(job))
    } catch (error) {
      if (signal.aborted) {
        await job.moveToWait(token)
        throw new WaitingError()
      }
      if (isFinal(error)) throw new UnrecoverableError(error.message)
      throw error
    }
  },
  { ...workerOptions, name: `${hostname()}:${process.pid}`, connection: redis },
)
// The connection has its own listener for its errors.
const isOfConnection = ({ code }) => /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/.test(code)
worker.on('error', (error) => {
  if (!isOfConnection(error)) console.error(error.message)
})
worker.on('failed', (job, error) => console.error(`${job?.name} ${job?.id}: ${error.message}`))
worker.on('stalled', (id) => console.error(`${id} is done again: its worker is gone`))

let isStopping = false
async function stop() {
  if (isStopping) return
  isStopping = true
  setTimeout(() => worker.cancelAllJobs(), graceMilliseconds).unref()
  setTimeout(() => process.exit(1), 2 * graceMilliseconds).unref()
  await worker.close()
  process.exit(0)
}
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, stop)
// run.mjs, which started it, has ended: from now on, or before this line.
process.on('disconnect', stop)
if (process.send && !process.connected) stop()
