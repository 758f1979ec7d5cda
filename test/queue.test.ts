// examples/queue: files and objects through a queue on Redis. Workers and Redis are killed, connections cut.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect as connectTo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Job, Queue } from 'bullmq'
import type { FastifyInstance } from 'fastify'
import { buildApp } from 'fauxqs'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { softplus } from '../src/index'
import { arrowFile, floats as column, integers } from './arrow-writer'
import { floats } from './floats'
import { floatBytes, headerDict, npyFile } from './npy-writer'

const root = join(import.meta.dirname, '..')
const example = (name: string) => join(root, 'examples', 'queue', name)
const MiB = 2 ** 20
// .ci/run installs it, so it cannot be missing there unnoticed.
const isMissing = spawnSync('redis-server', ['--version']).status !== 0 && !process.env.CI
if (isMissing)
  console.warn('test/queue.test.ts is skipped: there is no redis-server (Debian: redis-server)')

type Example = typeof import('../examples/queue/flow.mjs')
type Plan = Parameters<Example['addFlow']>[1]

describe.skipIf(isMissing)('examples/queue', () => {
  let folder: string
  let server: Awaited<ReturnType<typeof import('../examples/queue/redis.mjs')['startRedis']>>
  let flow: Example
  let redis: Redis
  let queue: Queue
  let workers: ChildProcess[] = []

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'softplus-queue-'))
    server = await (await import('../examples/queue/redis.mjs')).startRedis()
    // The settings read it when they are loaded.
    process.env.REDIS_URL = server.url
    const { connect, queueName } = await import('../examples/queue/settings.mjs')
    flow = await import('../examples/queue/flow.mjs')
    redis = connect()
    queue = new Queue(queueName, { connection: redis })
    queue.on('error', () => {})
  })

  afterEach(async () => {
    const ended = workers.map(
      (worker) => worker.exitCode ?? worker.signalCode ?? once(worker, 'exit'),
    )
    for (const worker of workers) worker.kill('SIGKILL')
    await Promise.all(ended)
    workers = []
  })

  afterAll(async () => {
    await queue.close()
    redis.disconnect()
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  /** The fallback takes long enough to be killed in the middle of a shard. */
  function startWorkers(count: number, env: Record<string, string> = { SOFTPLUS_BACKEND: 'js' }) {
    for (let i = 0; i < count; i++)
      workers.push(
        spawn(process.execPath, [example('worker.mjs')], {
          env: { ...process.env, ...env },
          stdio: ['ignore', 'ignore', 'pipe'],
        }),
      )
    return workers
  }

  /** The job that a worker is at, and the worker's process. */
  async function atWork(): Promise<{ id: string; pid: number }> {
    for (;;) {
      const [job] = await queue.getActive()
      if (job?.name === 'shard' && job.processedBy)
        return { id: job.id as string, pid: Number(job.processedBy.split(':')[1]) }
      await sleep(5)
    }
  }

  const planOf = (input: string, output: string, options: object): Promise<Plan> =>
    flow.storeOf(input).plan(input, output, options)

  /** Adds a flow and waits for it. */
  async function run(
    input: string,
    output: string,
    options: object = {},
  ): Promise<string | undefined> {
    const id = await flow.addFlow(redis, await planOf(input, output, options))
    if (id !== undefined) await flow.waitForFlow(redis, id)
    return id
  }

  /** Runs one of the example's programs. */
  function runExample(name: string, args: string[], env: object = {}) {
    const child = spawn(process.execPath, [example(name), ...args], {
      env: { ...process.env, ...env },
      cwd: folder,
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    const ended = once(child, 'close').then(([status]) => ({ status, stderr }))
    return { child, ended, stderr: () => stderr }
  }

  describe('files', () => {
    let input: string
    let output: string
    const x = floats(8 * MiB + 5)
    const expected = floatBytes(softplus(x))
    const options = { shardBytes: 4 * MiB }

    beforeEach(() => {
      const test = mkdtempSync(join(folder, 'test-'))
      input = join(test, 'x.f32')
      output = join(test, 'y.f32')
      writeFileSync(input, floatBytes(x))
    })
    const isSame = () => readFileSync(output).equals(expected)

    test('the bits of the unsharded run, for .npy, other functions and betas', async () => {
      startWorkers(2, {})
      const header = headerDict({ shape: [x.length] })
      const file = (data: Float32Array) => npyFile({ header, data: floatBytes(data) })
      const [npy, activated] = [`${input}.npy`, `${output}.npy`]
      writeFileSync(npy, file(x))
      await run(npy, activated, { ...options, function: 'derivative', beta: -0.5, threshold: 3 })
      const derivative = softplus.derivative(x, { beta: -0.5, threshold: 3 })
      expect(readFileSync(activated).equals(file(derivative))).toBe(true)
      expect(readdirSync(join(output, '..')).filter((name) => name.endsWith('.shards'))).toEqual([])
    })

    test('columns of an Arrow file, by run.mjs', async () => {
      const table = (data: Float32Array) =>
        arrowFile({ n: integers(data.length), x: column(data), z: column(data) })
      const [arrow, activated] = [`${input}.arrow`, `${output}.arrow`]
      writeFileSync(arrow, table(x.subarray(0, MiB)))
      const named = ['--column', 'z', '--column', 'x']
      const args = [arrow, activated, ...named, '--shard-mib', '2', '--workers', '1']
      const { status, stderr } = await runExample('run.mjs', args).ended
      expect(stderr).toMatch(/complete, 7 shards in/)
      expect(status).toBe(0)
      expect(readFileSync(activated).equals(table(softplus(x.subarray(0, MiB))))).toBe(true)
    })

    test('many producers of one flow, and jobs that are there twice', async () => {
      const plan = await planOf(input, output, options)
      const add = () => flow.addFlow(redis, plan)
      const [id, ...others] = await Promise.all([add(), add(), add()])
      expect(others).toEqual([id, id])
      expect(await queue.getJobCountByTypes('wait', 'waiting-children')).toBe(plan.shards + 1)
      const twice = Array.from({ length: plan.shards }, (_, index) => ({
        name: 'shard',
        data: { plan, index },
      }))
      await queue.addBulk(twice)
      startWorkers(2)
      const producers = [1, 2].map(
        () => runExample('producer.mjs', [input, output, '--shard-mib', '4']).ended,
      )
      await flow.waitForFlow(redis, id as string)
      expect(isSame()).toBe(true)
      for (const { status, stderr } of await Promise.all(producers)) expect(status, stderr).toBe(0)
      // Whoever is late finds that there is nothing to do.
      await queue.addBulk(twice)
      expect(await add()).toBeUndefined()
      while ((await queue.getJobCountByTypes('wait', 'active', 'delayed')) > 0) await sleep(10)
      expect(await queue.getJobCountByTypes('failed')).toBe(0)
      expect(isSame()).toBe(true)
      // An output that was removed is computed again.
      rmSync(output)
      expect(await run(input, output, options)).toBe(id)
      expect(isSame()).toBe(true)
    })

    test('a worker is killed: another does its shard', async () => {
      startWorkers(2)
      const id = (await flow.addFlow(redis, await planOf(input, output, options))) as string
      const killed = await atWork()
      process.kill(killed.pid, 'SIGKILL')
      const started = performance.now()
      const parent = await queue.getJob(id)
      const isDone = async () =>
        Object.keys(await (parent as NonNullable<typeof parent>).getChildrenValues()).some((key) =>
          key.endsWith(killed.id),
        )
      while (!(await isDone())) await sleep(20)
      const seconds = (performance.now() - started) / 1000
      console.log(`a killed worker's shard was done again after ${seconds.toFixed(1)} s`)
      expect(seconds).toBeLessThan(30)
      await flow.waitForFlow(redis, id)
      expect(isSame()).toBe(true)
    })

    test('Redis is killed and started again', async () => {
      startWorkers(2)
      const id = (await flow.addFlow(redis, await planOf(input, output, options))) as string
      await atWork()
      const pid = Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1])
      process.kill(pid, 'SIGKILL')
      await flow.waitForFlow(redis, id)
      expect(isSame()).toBe(true)
      expect(await redis.info('server')).not.toContain(`process_id:${pid}\r`)
    })

    test('an input that changes: the flow fails at once, and no output appears', async () => {
      startWorkers(1)
      const plan = await planOf(input, output, options)
      const id = (await flow.addFlow(redis, plan)) as string
      await atWork()
      writeFileSync(input, floatBytes(x.subarray(1)))
      const failed = flow.waitForFlow(redis, id)
      await expect(failed).rejects.toThrow(/^\d of 9 shards failed: .*x\.f32 must stay as it was/)
      expect(existsSync(output)).toBe(false)
      expect(await queue.getJobCountByTypes('delayed', 'wait', 'active', 'waiting-children')).toBe(
        0,
      )
    })

    test('SIGTERM: the shard at work is done, or goes back to the queue', async () => {
      const [worker] = startWorkers(1)
      const id = (await flow.addFlow(redis, await planOf(input, output, options))) as string
      await atWork()
      worker.kill('SIGTERM')
      expect(await once(worker, 'exit')).toEqual([0, null])
      expect(await queue.getJobCountByTypes('active', 'delayed')).toBe(0)
      expect(await queue.getJobCountByTypes('wait')).toBeGreaterThan(0)
      startWorkers(1)
      await flow.waitForFlow(redis, id)
      expect(isSame()).toBe(true)
    })

    test('a cancelled flow ends, and the same command goes on from there', async () => {
      const id = (await flow.addFlow(redis, await planOf(input, output, options))) as string
      const [worker] = startWorkers(1)
      await atWork()
      // It would do all shards before the program has started.
      worker.kill('SIGSTOP')
      const { status, stderr } = await runExample('cancel.mjs', [id]).ended
      worker.kill('SIGCONT')
      expect(status, stderr).toBe(0)
      await expect(flow.waitForFlow(redis, id)).rejects.toThrow('cancelled')
      expect((await runExample('cancel.mjs', [id]).ended).status).toBe(1)
      expect((await runExample('cancel.mjs', []).ended).status).toBe(2)
      expect(await run(input, output, options)).toBe(id)
      expect(isSame()).toBe(true)
    })
  })

  describe('objects in S3', () => {
    const x = floats(5 * MiB + 3)
    const expected = floatBytes(softplus(x))
    const address = 's3://bucket/y%20 +/é.f32'
    const options = { shardBytes: 5 * MiB }
    const parts = 5
    let store: Store
    let proxy: Awaited<ReturnType<typeof startProxy>>
    let s3: typeof import('../examples/queue/s3.mjs')
    let objects: typeof import('../examples/queue/objects.mjs')

    beforeAll(async () => {
      store = await startStore()
      proxy = await startProxy(store.port)
      Object.assign(process.env, {
        AWS_ACCESS_KEY_ID: 'id',
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_ENDPOINT_URL: `http://127.0.0.1:${proxy.port}`,
      })
      s3 = await import('../examples/queue/s3.mjs')
      objects = await import('../examples/queue/objects.mjs')
      await put('s3://bucket/x.f32', floatBytes(x))
    })

    beforeEach(async () => {
      await store.request('DELETE', address)
      store.answers.length = 0
    })

    afterAll(async () => {
      await proxy.stop()
      await store.stop()
    })

    // The store takes no more than 11 MiB at once.
    async function put(address: string, bytes: Buffer): Promise<void> {
      const id = await s3.createUpload(address, {})
      const parts: { part: number; etag: string }[] = []
      do {
        const from = 5 * MiB * parts.length
        const part = parts.length + 1
        const bytesOfPart = bytes.subarray(from, from + 5 * MiB)
        const etag = (await s3.putPart(address, id, part, bytesOfPart, undefined)) as string
        parts.push({ part, etag })
      } while (5 * MiB * parts.length < bytes.length)
      expect(await s3.completeUpload(address, id, parts)).toBe(true)
    }

    const isSame = async () => {
      const { status, body } = await store.request('GET', address)
      return status === 200 && body.equals(expected)
    }

    test('the bits of the unsharded run, for .npy too, in equal parts', async () => {
      startWorkers(2, {})
      await run('s3://bucket/x.f32', address, options)
      expect(await isSame()).toBe(true)
      expect(await run('s3://bucket/x.f32', address, options)).toBeUndefined()

      const file = (data: Float32Array) =>
        npyFile({ header: headerDict({ shape: [x.length] }), data: floatBytes(data) })
      await put('s3://bucket/x.NPY', file(x))
      const plan = await planOf('s3://bucket/x.NPY', 's3://bucket/y.npy', options)
      expect(plan).toMatchObject({ shards: parts, alignment: 5 * MiB })
      await run('s3://bucket/x.NPY', 's3://bucket/y.npy', { ...options, function: 'inverse' })
      const { body } = await store.request('GET', 's3://bucket/y.npy')
      expect(body.equals(file(softplus.inverse(x)))).toBe(true)
    })

    test('an object of no bytes', async () => {
      startWorkers(1, {})
      await put('s3://bucket/empty.f32', Buffer.alloc(0))
      await run('s3://bucket/empty.f32', address, options)
      expect((await store.request('GET', address)).body).toHaveLength(0)
    })

    test('answers of 503 and 500, and connections that are cut in the middle', async () => {
      store.answers.push(503, 500, 503)
      proxy.cuts.push(MiB, 2 * MiB, 3 * MiB, 4 * MiB)
      startWorkers(2, {})
      await run('s3://bucket/x.f32', address, options)
      expect(await isSame()).toBe(true)
      expect([store.answers, proxy.cuts]).toEqual([[], []])
    })

    test('a part that is uploaded again, before and after the end', async () => {
      const plan = await planOf('s3://bucket/x.f32', address, options)
      const begun = { plan, ...(await objects.begin(plan)) }
      const results = []
      for (const index of [4, 0, 2, 1, 3, 0, 4])
        results[index] = await objects.shard({ ...begun, index })
      await expect(objects.complete(begun, results.slice(1))).rejects.toThrow(/must exist until/)
      expect((await store.request('GET', address)).status).toBe(404)
      await objects.complete(begun, results)
      expect(await isSame()).toBe(true)
      // A worker whose answer got lost asks again.
      await objects.complete(begun, results)
      expect(await objects.shard({ ...begun, index: 0 })).toEqual({ isNew: false })
      expect(await isSame()).toBe(true)
    })

    test("a lock that has become another producer's stays", async () => {
      const plan = await planOf('s3://bucket/x.f32', address, options)
      store.answers.push(503, 503)
      const adding = flow.addFlow(redis, plan)
      let keys: string[] = []
      while (keys.length === 0) keys = await redis.keys('*:producer')
      await redis.set(keys[0], 'another', 'PX', 30_000)
      const id = (await adding) as string
      expect(await redis.get(keys[0])).toBe('another')
      await redis.del(keys[0])
      await flow.cancelFlow(redis, id)
      startWorkers(1, {})
      await expect(flow.waitForFlow(redis, id)).rejects.toThrow('cancelled')
    })

    test('an object that changes: the upload is aborted with its parts', async () => {
      const input = 's3://bucket/changed.f32'
      await put(input, floatBytes(x))
      const plan = await planOf(input, address, options)
      const id = (await flow.addFlow(redis, plan)) as string
      const { upload } = ((await queue.getJob(id)) as Job).data
      await put(input, floatBytes(x.subarray(1)))
      startWorkers(1, {})
      await expect(flow.waitForFlow(redis, id)).rejects.toThrow(/5 of 5 .* must stay as it was/)
      expect(await s3.putPart(address, upload, 1, new Uint8Array(4))).toBeUndefined()
      expect((await store.request('GET', address)).status).toBe(404)
    })

    test('a cancelled flow: the upload is aborted, also while the store is busy', async () => {
      const plan = await planOf('s3://bucket/x.f32', address, options)
      const id = (await flow.addFlow(redis, plan)) as string
      const { upload } = ((await queue.getJob(id)) as Job).data
      startWorkers(1)
      await atWork()
      await flow.cancelFlow(redis, id)
      store.answers.push(503, 503)
      await expect(flow.waitForFlow(redis, id)).rejects.toThrow('cancelled')
      expect(await s3.putPart(address, upload, 1, new Uint8Array(4))).toBeUndefined()
      expect(await run('s3://bucket/x.f32', address, options)).toBe(id)
      expect(await isSame()).toBe(true)
    })
  })

  describe('run.mjs', () => {
    const env = { REDIS_URL: undefined }
    const x = floats(MiB)
    beforeAll(() => writeFileSync(join(folder, 'x.f32'), floatBytes(x)))

    test('starts Redis and workers, and leaves the output alone behind', async () => {
      const args = [
        'x.f32',
        'y.f32',
        '--shard-mib',
        '1',
        '--beta',
        '2',
        '--workers',
        '1',
        '--function',
        'second-derivative',
      ]
      const { status, stderr } = await runExample('run.mjs', args, env).ended
      expect(status, stderr).toBe(0)
      expect(stderr).toMatch(
        /^(waiting for Redis: ECONNREFUSED\n)?flow \w+: 4 shards\n[\s\S]*y\.f32: complete, 4 shards in \d+\.\d s\n$/,
      )
      expect(
        readFileSync(join(folder, 'y.f32')).equals(
          floatBytes(softplus.secondDerivative(x, { beta: 2 })),
        ),
      ).toBe(true)
    })

    test.each([
      [['x.f32'], 2, /INPUT and OUTPUT must be given; got 1 arg[\s\S]*Usage/],
      [['x.f32', 'z.f32', '--workers', '0'], 2, /--workers must be an integer from 1 to 64; got 0/],
      [['x.f32', 's3://bucket/z.f32'], 2, /must both be files or both objects/],
      [['missing.f32', 'z.f32'], 1, /ENOENT/],
      [['x.f32', 'z.f32', '--beta', '0'], 2, /beta must be finite and not 0/],
      [['x.f32', 'z.f32', '--threshold', 'x'], 2, /threshold must be/],
      [['x.f32', 'z.f32', '--function', 'sigmoid'], 2, /function must be/],
      [['x.f32', 'x.f32'], 2, /must be different files/],
      [['s3://bucket/x.npy', 's3://bucket/./x.npy'], 2, /must be different objects/],
      [['s3://bucket/x.arrow', 's3://bucket/y.arrow'], 2, /must end in \.npy .* or \.f32/],
    ])('%j: exit code %i', async (args, code, message) => {
      const { status, stderr } = await runExample('run.mjs', args, env).ended
      expect(status).toBe(code)
      expect(stderr).toMatch(message)
    })

    test('without redis-server: exit code 1', async () => {
      const { status, stderr } = await runExample('run.mjs', ['x.f32', 'z.f32'], {
        ...env,
        PATH: '',
      }).ended
      expect(stderr).toMatch(/redis-server must be installed, or REDIS_URL be set/)
      expect(status).toBe(1)
    })

    test('workers that cannot start: exit code 1', async () => {
      const preload = join(folder, 'preload.cjs')
      writeFileSync(preload, "if (process.argv[1].endsWith('worker.mjs')) process.exit(3)\n")
      const { status, stderr } = await runExample('run.mjs', ['x.f32', 'z.f32'], {
        ...env,
        NODE_OPTIONS: `--require "${preload}"`,
      }).ended
      expect(stderr).toMatch(/worker \d must keep running; it ended 5 times at once \(3\)/)
      expect(status).toBe(1)
      expect(existsSync(join(folder, 'z.f32'))).toBe(false)
    })

    test.each([
      ['SIGINT', 130],
      ['SIGKILL', null],
    ] as const)('%s ends Redis and the workers too', async (signal, code) => {
      const { child, ended, stderr } = runExample('run.mjs', ['x.f32', `${signal}.f32`], {
        ...env,
        TMPDIR: folder,
      })
      while (!stderr().includes('flow')) await sleep(10)
      const name = readdirSync(folder).find((name) => name.startsWith('softplus-redis-')) as string
      const pid = Number(readFileSync(join(folder, name, 'redis.pid'), 'utf8'))
      child.kill(signal)
      expect((await ended).status).toBe(code)
      while (isAlive(pid) || existsSync(join(folder, name))) await sleep(10)
    })
  })
})

/** A store with the protocol of S3, in memory. `answers` are the statuses of the next requests, which it does not carry out. */
async function startStore() {
  const answers: number[] = []
  const app: FastifyInstance = buildApp({ logger: false })
  app.addHook('preHandler', async (request) => {
    // It does not know bodies of no bytes.
    request.body ??= Buffer.alloc(0)
  })
  app.addHook('onRequest', async (request, reply) => {
    if (request.headers['x-test'] !== undefined) return
    const status = answers.shift()
    if (status !== undefined) reply.status(status).send('try again')
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  async function request(method: string, address: string, body?: Buffer) {
    const path = address.slice('s3:/'.length).split('/').map(encodeURIComponent).join('/')
    const url = `http://127.0.0.1:${port}${path}`
    const answer = await fetch(url, { method, body, headers: { 'x-test': '' } })
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) }
  }
  await request('PUT', 's3://bucket')
  return { port, answers, request, stop: () => app.close() }
}
type Store = Awaited<ReturnType<typeof startStore>>

/** Passes connections on. `cuts` has, for the next connections, after how many bytes each is cut. */
async function startProxy(port: number) {
  const cuts: number[] = []
  const sockets: Socket[] = []
  const server = createServer((client) => {
    const store = connectTo(port, '127.0.0.1')
    sockets.push(client, store)
    let left = cuts.shift() ?? Infinity
    for (const [from, to] of [
      [client, store],
      [store, client],
    ]) {
      from.on('data', (chunk) => {
        left -= chunk.length
        if (left > 0) return
        client.resetAndDestroy()
        store.destroy()
      })
      from.on('error', () => to.destroy())
      from.pipe(to)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cuts,
    stop() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie waits for its parent to ask.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
