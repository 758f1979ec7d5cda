// The examples, run as a user runs them.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import {
  Float32,
  Int32,
  makeVector,
  Table,
  tableFromIPC,
  tableToIPC,
  vectorFromArray,
} from 'apache-arrow'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { labels, preactivations, torchPredictions } from '../examples/digits-mlp/network'
import { createServer } from '../examples/server/server.mjs'
import { extensionPath } from '../src/duckdb'
import { softplus } from '../src/index'
import { floats } from './floats'
import { floatBytes } from './npy-writer'

const root = join(import.meta.dirname, '..')

/** Runs an example on an input that it refuses, and on an output that is the input. */
function expectFilesKept(
  folder: string,
  refused: Uint8Array,
  command: string[],
  more: string[],
  code: number,
  message: RegExp,
): void {
  const [input, output, link] = ['kept-input', 'kept-output', 'link'].map((name) =>
    join(folder, name),
  )
  writeFileSync(input, refused)
  writeFileSync(output, 'old')
  linkSync(input, link)
  const runOn = (to: string) =>
    spawnSync(process.execPath, [...command, input, to, ...more], { encoding: 'utf8' })
  const failed = runOn(output)
  expect(failed.stderr).toMatch(message)
  expect(failed.status).toBe(code)
  expect(readFileSync(output, 'utf8')).toBe('old')
  for (const same of [input, link]) {
    const { status, stderr } = runOn(same)
    expect(stderr).toBe('OUTPUT must be another file than INPUT; got the same\n')
    expect(status).toBe(2)
    expect(readFileSync(input).equals(refused)).toBe(true)
  }
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
}

describe('examples/pipeline', () => {
  test('activates a file larger than the memory it takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'softplus-pipeline-'))
    try {
      const [input, output] = [join(folder, 'x.f32'), join(folder, 'y.f32')]
      // 256 MiB: the same MiB again and again.
      const x = floats(2 ** 18)
      const y = floatBytes(softplus(x))
      for (let i = 0; i < 256; i++) appendFileSync(input, floatBytes(x))
      const script = join(root, 'examples', 'pipeline', 'activate.mjs')
      const { status, stderr } = spawnSync(process.execPath, [script, input, output], {
        encoding: 'utf8',
      })
      expect(status, stderr).toBe(0)
      const [, mebibytes, peak] =
        /^(\d+) MiB activated, at most (\d+) MiB of memory/.exec(stderr) ?? []
      expect(Number(mebibytes)).toBe(256)
      expect(Number(peak)).toBeLessThan(200)
      const result = readFileSync(output)
      expect(result).toHaveLength(256 * y.length)
      for (let i = 0; i < result.length; i += y.length)
        expect(result.subarray(i, i + y.length).equals(y)).toBe(true)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('a failure leaves the output as it was, and the input is never written', () => {
    const folder = mkdtempSync(join(tmpdir(), 'softplus-pipeline-'))
    try {
      const script = join(root, 'examples', 'pipeline', 'activate.mjs')
      expectFilesKept(folder, Buffer.alloc(7), [script], [], 1, /4 bytes/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('examples/arrow', () => {
  const script = join(root, 'examples', 'arrow', 'activate.mjs')
  let folder: string
  let input: string
  let output: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'softplus-arrow-'))
    input = join(folder, 'x.arrow')
    output = join(folder, 'y.arrow')
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  const run = (...args: string[]) =>
    spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' })

  test('activates a column of a stream larger than the memory it takes', () => {
    // 256 MiB: the same batch of 512 KiB again and again, between the schema and the end of a stream.
    const x = floats(2 ** 16)
    const ids = Int32Array.from(x, (_, i) => i)
    const messagesOf = (logit: Float32Array) => {
      const table = new Table({ id: makeVector(ids), logit: makeVector(logit) })
      const [one, two] = [table, table.concat(table)].map((t) =>
        Buffer.from(tableToIPC(t, 'stream')),
      )
      const end = one.subarray(-8)
      const start = one.length - end.length - (two.length - one.length)
      return [one.subarray(0, start), one.subarray(start, -end.length), end]
    }
    const [head, batch, end] = messagesOf(x)
    appendFileSync(input, head)
    for (let i = 0; i < 512; i++) appendFileSync(input, batch)
    appendFileSync(input, end)

    const { status, stderr } = run(input, output, 'logit')
    expect(status, stderr).toBe(0)
    const [, mebibytes, peak] = /^(\d+) MiB written, at most (\d+) MiB of memory/.exec(stderr) ?? []
    expect(Number(mebibytes)).toBe(256)
    expect(Number(peak)).toBeLessThan(200)
    const [newHead, newBatch, newEnd] = messagesOf(softplus(x))
    const result = readFileSync(output)
    expect(result.length).toBe(newHead.length + 512 * newBatch.length + newEnd.length)
    expect(result.subarray(0, newHead.length).equals(newHead)).toBe(true)
    expect(result.subarray(-newEnd.length).equals(newEnd)).toBe(true)
    for (let i = 0; i < 512; i++) {
      const at = newHead.length + i * newBatch.length
      expect(result.subarray(at, at + newBatch.length).equals(newBatch)).toBe(true)
    }
  })

  test('takes IPC files, and keeps nulls and other columns', () => {
    const ids = vectorFromArray([1, 2, null], new Int32())
    const table = new Table({ ids, x: vectorFromArray([-2, null, 2], new Float32()) })
    writeFileSync(input, tableToIPC(table, 'file'))
    const { status, stderr } = run(input, output, 'x')
    expect(status, stderr).toBe(0)
    const result = tableFromIPC(readFileSync(output))
    const [a, b] = softplus(Float32Array.of(-2, 2))
    expect(result.getChild('x')?.toJSON()).toEqual([a, null, b])
    expect(result.getChild('ids')?.toJSON()).toEqual([1, 2, null])
  })

  test.each([
    ['arguments are missing', [], 2, /^Usage/],
    ['there is no such file', ['none.arrow', 'y.arrow', 'x'], 1, /^ENOENT/],
    ['there is no such column', ['', '', 'z'], 1, /^No column z\. There are: ids, x$/m],
    [
      'the column is of integers',
      ['', '', 'ids'],
      1,
      /^vector must be .*; got a Vector of Int32\./,
    ],
  ])('says that %s', (_, args, code, message) => {
    writeFileSync(
      input,
      tableToIPC(new Table({ ids: makeVector(Int32Array.of(1)), x: makeVector(floats(1)) })),
    )
    const { status, stderr } = run(...args.map((arg, i) => arg || [input, output][i]))
    expect(stderr).toMatch(message)
    expect(status).toBe(code)
  })

  test('a failure leaves the output as it was, and the input is never written', () => {
    // The second batch is cut off.
    const table = new Table({ x: makeVector(floats(1000)) })
    const whole = tableToIPC(table.concat(table), 'stream')
    expectFilesKept(folder, whole.subarray(0, -2000), [script], ['x'], 1, /./)
  })
})

describe('examples/duckdb', () => {
  const folder = mkdtempSync(join(tmpdir(), 'softplus-duckdb-'))
  const [input, output] = ['logits.parquet', 'activated.parquet'].map((name) => join(folder, name))
  const x = preactivations.subarray(0, 10_000)
  // Every tenth is NULL.
  const wanted = Array.from(softplus(x), (y, row) => (row % 10 === 0 ? null : y))
  let connection: DuckDBConnection

  beforeAll(async () => {
    const instance = await DuckDBInstance.create(':memory:', { allow_unsigned_extensions: 'true' })
    connection = await instance.connect()
    await connection.run('CREATE TABLE logits (row INTEGER, logit FLOAT)')
    const appender = await connection.createAppender('logits')
    for (const [row, value] of x.entries()) {
      appender.appendInteger(row)
      if (row % 10 === 0) appender.appendNull()
      else appender.appendFloat(value)
      appender.endRow()
    }
    appender.closeSync()
    await connection.run(`COPY logits TO '${input}' (FORMAT parquet)`)
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  const read = async (path: string) =>
    (await connection.runAndReadAll(`SELECT * FROM '${path}' ORDER BY row`)).getColumns()

  const runExample = (...command: string[]) =>
    spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' })

  test('activate.mjs activates a column of a Parquet file', async () => {
    const activated = join(folder, 'by-node.parquet')
    const script = join(root, 'examples', 'duckdb', 'activate.mjs')
    const { status, stderr } = runExample(script, input, activated, 'logit')
    expect(status, stderr).toBe(0)
    const kind = extensionPath === null ? 'javascript' : 'extension'
    expect(stderr).toContain(`10000 rows by the ${kind} (`)
    expect(stderr).toContain('), 1000 of them NULL\n')
    expect(await read(activated)).toEqual([[...x.keys()], wanted])
    expect(runExample(script, input, activated, 'x').stderr).toContain('"x"')
  })

  test.skipIf(extensionPath === null)('activate.sql does the same in a plain client', async () => {
    await connection.run(`LOAD '${extensionPath}'`)
    const sql = readFileSync(join(root, 'examples', 'duckdb', 'activate.sql'), 'utf8')
    const inFolder = sql.replace(/'(\w+\.parquet)'/g, (_, name) => `'${join(folder, name)}'`)
    const summary = await connection.runAndReadAll(inFolder)
    expect(summary.getRowsJson()[0].slice(0, 2)).toEqual(['10000', '9000'])
    expect(await read(output)).toEqual([[...x.keys()], wanted])
  })

  test('digits.ts sees what the network saw under PyTorch', () => {
    const { status, stdout, stderr } = runExample('--import', 'tsx', 'examples/duckdb/digits.ts')
    expect(status, stderr).toBe(0)
    const right = torchPredictions.filter((digit, image) => digit === labels[image]).length
    expect(stdout).toBe(`${right} of 597 digits are right: 96.8 %\n`)
  })
})

describe('examples/server', () => {
  let app: FastifyInstance
  let url: string

  beforeAll(async () => {
    app = createServer()
    await app.listen({ port: 0, host: '127.0.0.1' })
    url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  })

  afterAll(() => app.close())

  const post = (path: string, body: Uint8Array, type = 'application/octet-stream') =>
    fetch(url + path, { method: 'POST', headers: { 'content-type': type }, body })

  describe.each(['/softplus', '/softplus/stream'])('POST %s', (path) => {
    test.each([
      ['', {}],
      ['?beta=2', { beta: 2 }],
      ['?beta=-0.5&threshold=3', { beta: -0.5, threshold: 3 }],
    ])('%s gives the bits of the call', async (query, options) => {
      for (const length of [0, 1, 1000, 2 ** 20]) {
        const x = floats(length)
        const response = await post(path + query, floatBytes(x))
        expect(response.status).toBe(200)
        expect(response.headers.get('content-type')).toBe('application/octet-stream')
        const body = Buffer.from(await response.arrayBuffer())
        expect(body.equals(floatBytes(softplus(x, options)))).toBe(true)
      }
    })

    test.each([
      ['a body that ends inside a float', '', 7, /4 bytes each; got 7 bytes/],
      ['beta 0', '?beta=0', 8, /beta must be finite and not 0/],
      ['a beta that is no number', '?beta=two', 8, /beta must be number/],
    ])('%s is answered with 400', async (_, query, length, message) => {
      const response = await post(path + query, Buffer.alloc(length))
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ message: expect.stringMatching(message) })
    })

    // If JSON were parsed, `{"length": n}` could be taken for an array.
    test.each([
      ['text/csv', '{}'],
      ['text/plain', 'text'],
      ['application/json', '{"length":100000000}'],
      ['application/json; charset=utf-8', '1e9'],
      ['application/octet-streams', 'text'],
    ])('%s is answered with 415', async (type, body) => {
      const response = await post(path, Buffer.from(body), type)
      expect(response.status).toBe(415)
    })
  })

  test('a body beyond the limit is answered with 413, and streamed without one', async () => {
    const large = Buffer.alloc(16 * 2 ** 20 + 4)
    expect((await post('/softplus', large)).status).toBe(413)
    const response = await post('/softplus/stream', large)
    expect((await response.arrayBuffer()).byteLength).toBe(large.length)
  })

  describe('many bodies at once', () => {
    const mebibyte = 2 ** 20
    const open: Socket[] = []

    afterEach(async () => {
      const closed = open.map((socket) => socket.closed || once(socket, 'close'))
      for (const socket of open.splice(0)) socket.destroy()
      await Promise.all(closed)
    })

    /** Sends the head of a request, and keeps the connection open for the body. */
    async function begin(...headers: string[]) {
      const connection = await request((app.server.address() as AddressInfo).port, headers)
      open.push(connection.socket)
      return connection
    }
    const beginBody = async (length: number) => begin(`content-length: ${length}`)
    const busy = /^HTTP\/1\.1 503 .*\r\nretry-after: \d+\r\n/is

    test('those beyond 64 MiB are answered with 503 before they are read', async () => {
      const x = floats(2 * mebibyte)
      const bodies = await Promise.all(Array.from({ length: 32 }, () => beginBody(8 * mebibyte)))
      for (const { socket } of bodies) socket.write(floatBytes(x).subarray(0, 4))
      // No request can be answered with 200 yet, because no body is complete.
      const refused = await firstOf(24, bodies)
      for (const { answer } of refused) expect(answer()).toMatch(busy)
      const accepted = bodies.filter((body) => !refused.includes(body))
      expect(accepted).toHaveLength(8)

      for (const { socket } of accepted) socket.write(floatBytes(x).subarray(4))
      const expected = floatBytes(softplus(x))
      for (const { wholeAnswer } of accepted) {
        const bytes = await wholeAnswer(expected.length)
        expect(bytes.subarray(0, 15).toString()).toBe('HTTP/1.1 200 OK')
        expect(bytes.subarray(-expected.length).equals(expected)).toBe(true)
      }
      // The connection of a refused request can be used again after its body, which is dropped.
      const [{ socket, answer }] = refused
      socket.write(floatBytes(x).subarray(4))
      const before = answer().length
      socket.write(head('content-length: 0'))
      await until(() => answer().length > before)
      expect(answer().slice(before)).toMatch(/^HTTP\/1\.1 200 /)
    })

    test('a chunked body counts as 16 MiB before any of it has arrived', async () => {
      const bodies = await Promise.all(
        Array.from({ length: 5 }, () => begin('transfer-encoding: chunked')),
      )
      const [refused] = await firstOf(1, bodies)
      expect(refused.answer()).toMatch(busy)
      await delay(200)
      const accepted = bodies.filter((body) => body.answer() === '')
      expect(accepted).toHaveLength(4)

      const x = floats(3)
      const expected = floatBytes(softplus(x))
      for (const { socket } of accepted) {
        socket.write('5\r\n')
        socket.write(floatBytes(x).subarray(0, 5))
        socket.write('\r\n7\r\n')
        socket.write(floatBytes(x).subarray(5))
        socket.write('\r\n0\r\n\r\n')
      }
      for (const { wholeAnswer } of accepted) {
        const bytes = await wholeAnswer(expected.length)
        expect(bytes.subarray(-expected.length).equals(expected)).toBe(true)
      }
    })

    test('a body in chunks beyond 16 MiB is answered with 413', async () => {
      const { socket, answer } = await begin('transfer-encoding: chunked')
      for (let i = 0; i < 17; i++) {
        socket.write(`${mebibyte.toString(16)}\r\n`)
        socket.write(Buffer.alloc(mebibyte))
        socket.write('\r\n')
      }
      await until(() => answer() !== '')
      expect(answer()).toMatch(/^HTTP\/1\.1 413 /)
    })

    test('bodies whose sender has disconnected no longer count', async () => {
      const bodies = await Promise.all(Array.from({ length: 4 }, () => beginBody(16 * mebibyte)))
      const refused = await beginBody(4)
      await until(() => refused.answer() !== '')
      expect(refused.answer()).toMatch(busy)
      for (const { socket } of bodies) socket.destroy()
      const status = async () => (await post('/softplus', Buffer.alloc(16 * mebibyte))).status
      await until(async () => (await status()) === 200)
    })

    test('streams count too', async () => {
      // A body is refused, and holds nothing, as long as the server has not seen that a former request has ended.
      await until(async () => {
        await beginBody(16 * mebibyte)
        return (await post('/softplus/stream', Buffer.alloc(4))).status === 503
      })
    })
  })

  test('a body that never ends is answered with 408, as requestTimeout says', async () => {
    expect(app.server.requestTimeout).toBeGreaterThan(0)
    expect(app.server.requestTimeout).toBeLessThanOrEqual(300_000)
    // Node uses the larger of the two timeouts for the whole request.
    const http = { connectionsCheckingInterval: 50, headersTimeout: 200 }
    const impatient = createServer({ requestTimeout: 200, http })
    try {
      await impatient.listen({ port: 0, host: '127.0.0.1' })
      const { port } = impatient.server.address() as AddressInfo
      const { socket, answer } = await request(port, ['content-length: 8'])
      socket.write('four')
      await until(() => answer() !== '')
      expect(answer()).toMatch(/^HTTP\/1\.1 408 /)
      await until(() => socket.closed)
    } finally {
      await impatient.close()
    }
  })

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: complete requests are answered, incomplete ones cut off, and the exit code is 0',
    async (signal) => {
      const server = spawn(process.execPath, [join(root, 'examples', 'server', 'server.mjs')], {
        env: { ...process.env, PORT: '0' },
      })
      const exited = once(server, 'exit')
      try {
        let log = ''
        let complaints = ''
        server.stderr.setEncoding('utf8').on('data', (text) => {
          complaints += text
        })
        server.stdout.setEncoding('utf8').on('data', (text) => {
          log += text
        })
        const listening = /listening at http:\/\/127\.0\.0\.1:(\d+)/
        await until(() => listening.test(log))
        const port = Number(listening.exec(log)?.[1])

        const x = floats(2 ** 22)
        const whole = await request(port, [`content-length: ${4 * x.length}`])
        whole.socket.write(floatBytes(x))
        await until(() => whole.answer() !== '')
        // The sockets' buffers are smaller than the answer, so the request is not done before the answer is read.
        whole.socket.pause()

        const halfHead = connect(port, '127.0.0.1').on('error', () => {})
        halfHead.write('POST /softplus HTTP/1.1\r\nhost: x\r\n')
        const silent = connect(port, '127.0.0.1').on('error', () => {})
        await once(silent, 'connect')
        const half = await request(port, ['content-length: 8'])
        half.socket.write('four')
        const halfStream = await request(port, ['transfer-encoding: chunked'], '/softplus/stream')
        halfStream.socket.write('4\r\nfour\r\n')
        await until(() => (log.match(/incoming request/g) ?? []).length === 3)

        server.kill(signal)
        await until(() => half.socket.closed && halfStream.socket.closed)
        expect(half.answer()).toBe('')

        const bytes = await whole.wholeAnswer(4 * x.length)
        expect(bytes.subarray(-4 * x.length).equals(floatBytes(softplus(x)))).toBe(true)
        await until(() => halfHead.closed && silent.closed)
        expect(await Promise.race([exited, delay(20_000)])).toEqual([0, null])
        expect(complaints).toBe('')
      } finally {
        server.kill('SIGKILL')
        await exited
      }
    },
  )
})

const head = (...headers: string[]) => headTo('/softplus', headers)
const headTo = (path: string, headers: string[]) =>
  [
    `POST ${path} HTTP/1.1`,
    'host: localhost',
    'content-type: application/octet-stream',
    ...headers,
    '\r\n',
  ].join('\r\n')

/** Opens a connection and sends the head of a request; collects what comes back. */
async function request(port: number, headers: string[], path = '/softplus') {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  const chunks: Buffer[] = []
  let length = 0
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    length += chunk.length
  })
  await once(socket, 'connect')
  socket.write(headTo(path, headers))
  return {
    socket,
    answer: () => Buffer.concat(chunks).toString('latin1'),
    async wholeAnswer(bodyLength: number): Promise<Buffer> {
      socket.resume()
      await until(() => length > bodyLength)
      const headLength = Buffer.concat(chunks).indexOf('\r\n\r\n') + 4
      await until(() => length === headLength + bodyLength)
      return Buffer.concat(chunks)
    },
  }
}

type Request = Awaited<ReturnType<typeof request>>

/** Waits until this many requests have an answer, and returns them. */
async function firstOf(count: number, requests: Request[]): Promise<Request[]> {
  const answered = () => requests.filter(({ answer }) => answer() !== '')
  await until(() => answered().length >= count)
  return answered()
}

/** Waits until the condition holds. Throws after 20 seconds. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`this did not hold within 20 s: ${holds}`)
    await delay(10)
  }
}
