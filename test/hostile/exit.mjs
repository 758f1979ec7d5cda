// Calls while the process ends, and jobs that it does not wait for.
//
//   node exit.mjs <way>
import { assert, block, floats, softplus } from './expect.mjs'

const large = () => new Float32Array(8 * block)
const startJobs = () =>
  Array.from({ length: 20 }, (_, i) =>
    softplus.async(large(), { threads: 1 + (i % 4), transfer: true }),
  )
const want = softplus(floats(100))
const callAll = () => {
  assert.deepEqual(softplus(floats(100)), want)
  assert.throws(() => softplus(1), TypeError)
  startJobs()
}

const ways = {
  /** In the handler of 'exit', where no job can end any more. */
  exitHandler() {
    startJobs()
    process.on('exit', () => {
      callAll()
      console.log('survived')
    })
    setTimeout(() => process.exit(), 1)
  },
  /** From 'beforeExit', which jobs put off again and again. */
  beforeExit() {
    let times = 0
    process.on('beforeExit', async () => {
      if (times++ === 3) return console.log('survived')
      await Promise.all(startJobs())
    })
  },
  /** At the end of all code: the process waits for its jobs. */
  pending() {
    let left = 20
    for (const job of startJobs())
      job.then(() => {
        if (--left === 0) console.log('survived')
      })
  },
  /** From the end of a job. */
  fromJob() {
    for (const job of startJobs())
      job.then(() => {
        console.log('survived')
        process.exit()
      })
  },
  /** By an exception that nobody catches. */
  uncaught() {
    startJobs()
    process.on('uncaughtExceptionMonitor', () => console.log('survived'))
    process.on('exit', () => {
      callAll()
      process.exitCode = 0
    })
    setImmediate(() => {
      throw new Error('uncaught, as it should be')
    })
  },
  /** With jobs that were stopped a moment ago. */
  aborted() {
    const controller = new AbortController()
    for (let i = 0; i < 20; i++)
      softplus.async(large(), { signal: controller.signal, transfer: true }).catch(() => {})
    controller.abort()
    console.log('survived')
    process.exit()
  },
}

ways[process.argv[2]]()
