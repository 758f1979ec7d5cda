// An HTTP server that activates the bodies of requests.
//
//   node examples/server/server.mjs          listens on port 8080, or on PORT
//
// A request's body is little-endian float32 (application/octet-stream), and the answer is as many. The query may hold beta
// and threshold:
//
//   POST /softplus?beta=2     a body of up to 16 MiB; it is activated off the main thread, so other requests do not wait
//   POST /softplus/stream     a body of any size, activated while it arrives
//
// All requests together hold at most 64 MiB of bodies. A body whose length is not announced counts as 16 MiB. Further
// requests are answered with 503 and Retry-After, before their bodies are read.
// SIGTERM and SIGINT stop the server. Complete requests have 10 seconds to get their answers; incomplete requests are cut
// off after 1 second.
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import Fastify from 'fastify'
import { softplus } from 'softplus'

const octets = 'application/octet-stream'
const MiB = 2 ** 20
const bodyLimit = 16 * MiB
/** How many bytes of bodies all requests may hold together. */
const heldLimit = 64 * MiB
/** How many bytes a streamed body counts as: the chunks that the stream buffers. */
const streamed = MiB / 4

const timeouts = {
  // How long an upload may take. This is Node's default, which Fastify turns off.
  requestTimeout: 300_000,
  // Idle connections are closed after this time.
  connectionTimeout: 30_000,
}
/** How many milliseconds the shutdown waits for each kind of request. */
const grace = { incomplete: 1_000, unanswered: 10_000 }

const number = { type: 'number' }
const schema = { querystring: { type: 'object', properties: { beta: number, threshold: number } } }

/** Makes an error that Fastify answers with this status and message. */
const refusal = (statusCode, message, headers = {}) =>
  Object.assign(new Error(message), { statusCode, headers })

function checkLength(bytes) {
  if (bytes % 4 !== 0)
    throw refusal(400, `The body must be whole float32, 4 bytes each; got ${bytes} bytes`)
}

function checkSize(bytes) {
  if (bytes > bodyLimit)
    throw refusal(
      413,
      `The body must be ${bodyLimit} bytes at most; POST /softplus/stream has no limit`,
    )
}

// Errors about beta and threshold are the client's.
const asRefusal = (error) => (/^ERR_/.test(error.code ?? '') ? refusal(400, error.message) : error)

/** The length that the client announced; undefined for a chunked body. */
function announcedLength({ headers }) {
  if (headers['transfer-encoding'] !== undefined) return undefined
  return Number(headers['content-length'] ?? 0)
}

/** Limits the bytes that all requests hold together. `request.hold(bytes)` throws 503 when there is no room for them. */
function limitHeldBytes(app) {
  let held = 0
  app.decorateRequest('held', 0)
  app.decorateRequest('hold', function hold(bytes) {
    if (held + bytes > heldLimit)
      throw refusal(503, 'The server is busy; try again later', { 'retry-after': '1' })
    held += bytes
    this.held += bytes
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.raw.once('close', () => {
      held -= request.held
    })
  })
  // Fastify closes the connection when it refuses a body. The client is still sending, so it may get a reset instead of the
  // answer. Without this header Node drops the rest of the body and keeps the connection.
  app.addHook('onError', async (_request, reply) => {
    reply.removeHeader('connection')
  })
}

/** Makes `app.close()` wait for answers that are under way, for a limited time. */
function limitClosing(app) {
  /** The responses that are not sent yet, each with a promise that resolves at its end. */
  const unanswered = new Map()
  app.addHook('onRequest', async (_request, { raw }) => {
    const end = new Promise((resolve) => raw.once('close', resolve))
    unanswered.set(raw, end)
    end.then(() => unanswered.delete(raw))
  })
  const allAnswered = (milliseconds) =>
    Promise.race([Promise.all(unanswered.values()), delay(milliseconds, undefined, { ref: false })])
  // This runs before server.close(), which drops answers that wait for a slow reader. New requests get 503 by now.
  app.addHook('preClose', async () => {
    await allAnswered(grace.incomplete)
    for (const { req } of unanswered.keys()) if (!req.complete) req.destroy()
    await allAnswered(grace.unanswered)
    app.server.closeAllConnections()
  })
}

async function whole(app) {
  app.addContentTypeParser(octets, async (request, payload) => {
    // A chunked body's length is known only at its end, so it holds as much as it may become.
    const capacity = announcedLength(request) ?? bodyLimit
    checkSize(capacity)
    checkLength(capacity)
    request.hold(capacity)
    // Not Buffer.alloc: a Float32Array needs an offset that is a multiple of 4, and transfer needs a buffer of its own.
    const bytes = Buffer.from(new ArrayBuffer(capacity))
    let length = 0
    try {
      for await (const chunk of payload.iterator({ destroyOnReturn: false })) {
        checkSize(length + chunk.length)
        length += chunk.copy(bytes, length)
      }
    } finally {
      payload.resume()
    }
    checkLength(length)
    return new Float32Array(bytes.buffer, 0, length / 4)
  })
  app.post('/softplus', { schema }, async (request, reply) => {
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    const x = request.body ?? new Float32Array(0)
    try {
      const y = await softplus.async(x, { ...request.query, signal: gone.signal, transfer: true })
      return reply.type(octets).send(Buffer.from(y.buffer, y.byteOffset, y.byteLength))
    } catch (error) {
      throw asRefusal(error)
    }
  })
}

async function streaming(app) {
  app.addContentTypeParser(octets, async (request, payload) => {
    // A chunked body's length is known only at its end. By then the answer has begun, so an error closes the connection.
    checkLength(announcedLength(request) ?? 0)
    request.hold(streamed)
    return payload
  })
  app.post('/softplus/stream', { schema }, async (request, reply) => {
    try {
      const stream = softplus.stream(request.query)
      request.body?.on('error', (error) => stream.destroy(error)).pipe(stream) ?? stream.end()
      return reply.type(octets).send(stream)
    } catch (error) {
      throw asRefusal(error)
    }
  })
}

export function createServer(options = {}) {
  const app = Fastify({ ...timeouts, ...options })
  // Fastify would parse JSON and text. Now all types but `octets` are answered with 415.
  app.removeAllContentTypeParsers()
  limitHeldBytes(app)
  limitClosing(app)
  app.register(whole)
  app.register(streaming)
  return app
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const app = createServer({ logger: true })
  await app.listen({ port: Number(process.env.PORT ?? 8080) })
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
}
