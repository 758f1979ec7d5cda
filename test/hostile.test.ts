// Hostile use: whatever is done to arrays, options, realms and Workers, no process dies of it. Every case is a script of
// hostile/ in a process of its own, which checks results and errors by itself and says at the end that it survived.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { names, native } from './backends'

const run = promisify(execFile)
const folder = join(import.meta.dirname, 'hostile')
// What is not about kernels: the best native backend, and none.
const either = [native[0], 'js']

async function expectSurvival(backend: string, script: string, ...args: string[]): Promise<void> {
  await expectEnd(backend, process.execPath, ['--expose-gc', join(folder, script), ...args])
}

// A process that dies by a signal or an assertion rejects, with all it said.
async function expectEnd(backend: string, command: string, args: string[]): Promise<void> {
  const env = { ...process.env, SOFTPLUS_BACKEND: backend }
  const { stdout } = await run(command, args, { env, timeout: 100_000 })
  expect(stdout).toMatch(/^survived$/m)
}

describe.concurrent.each(names)('%s', (backend) => {
  test('memory that is detached, moved or shrunk', () => expectSurvival(backend, 'gone.mjs'))
  test('arrays that are not what they say', () => expectSurvival(backend, 'disguised.mjs'))
  test('getters that take memory away', () => expectSurvival(backend, 'getters.mjs'))
  test('out at every distance', () => expectSurvival(backend, 'overlaps.mjs'))
})

describe.concurrent.each(native)('%s', (backend) => {
  test('nonsense, past all checks', () => expectSurvival(backend, 'raw.mjs'))
  test('random calls', () => {
    const addon = join(folder, '..', '..', 'build', 'Release', 'softplus.node')
    const seed = `${1 + native.indexOf(backend)}`
    return run(process.execPath, [join(folder, 'random-calls.mjs'), addon, '20000', seed])
  })
})

const waysToExit = ['exitHandler', 'beforeExit', 'pending', 'fromJob', 'uncaught', 'aborted']

describe.concurrent.each(either)('%s', (backend) => {
  test.each(waysToExit)('the end of the process: %s', (way) =>
    expectSurvival(backend, 'exit.mjs', way),
  )
  test('Workers ended in the middle of jobs', () => expectSurvival(backend, 'workers.mjs', '60'))
  test('many realms at once', () => expectSurvival(backend, 'realms.mjs'))
})

test.runIf(process.platform === 'linux').each(names)('no thread for a job, %s', (backend) =>
  expectSurvival(backend, 'threadless.cjs'),
)

// Address space is what can be limited; node itself takes some, which depends on its version.
test.runIf(process.platform === 'linux').each(either)(
  'no memory for results, %s',
  async (backend) => {
    const readSize = `console.log(/VmSize:\\s+(\\d+)/.exec(require('fs').readFileSync('/proc/self/status', 'utf8'))[1])`
    const { stdout } = await run(process.execPath, ['-e', readSize])
    // As large as resizable memory may be; half as much again is no room for a second array.
    const x = 2 ** 32
    const limit = Number(stdout) + (1.5 * x) / 1024
    const script = join(folder, 'memory.mjs')
    const command = `ulimit -v ${limit} && exec "$0" "$1" "$2"`
    await expectEnd(backend, '/bin/sh', ['-c', command, process.execPath, script, `${x}`])
  },
)
