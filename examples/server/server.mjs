// node examples/server/server.mjs          listens on PORT, or 8080
//
// Bytes of little-endian float32 in, as many out (application/octet-stream); beta and threshold in the query:
//
//   POST /softplus?beta=2     a body of up to 16 MiB, activated off the main thread: other requests do not wait
//   POST /softplus/stream     a body of any size, activated as it comes
//
// Bodies in work hold 64 MiB at most; one that comes in chunks counts as 16 MiB. A request beyond that is answered with 503
// and Retry-After before its body is read.
// SIGTERM and SIGINT stop the server: complete requests get their answer within 10 seconds, incomplete ones are cut off
// after one.
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import Fastify from 'fastify'
import { softplus } from 'softplus'

const octets = 'application/octet-stream'
const MiB = 2 ** 20
const bodyLimit = 16 * MiB
/** How many bytes of bodies may be received, activated and sent at the same time. */
const heldLimit = 64 * MiB
/** What a streamed body counts as: the chunks buffered on both sides. */
const streamed = MiB / 4

const timeouts = {
  // Longer than any upload should take. Node's own default, which Fastify turns off.
  requestTimeout: 300_000,
  // A connection on which nothing moves, in either direction, is closed.
  connectionTimeout: 30_000,
}
/** How long, in ms, shutdown waits. */
const grace = { incomplete: 1_000, unanswered: 10_000 }

const number = { type: 'number' }
const schema = { querystring: { type: 'object', properties: { beta: number, threshold: number } } }

/** An error that Fastify answers with this status and message. */
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

// What the package says of beta and threshold is meant for who sent them.
const asRefusal = (error) => (/^ERR_/.test(error.code ?? '') ? refusal(400, error.message) : error)

/** The length a body is announced with; undefined if it comes in chunks. */
function announcedLength({ headers }) {
  if (headers['transfer-encoding'] !== undefined) return undefined
  return Number(headers['content-length'] ?? 0)
}

/** Limits the bytes that all requests hold together: `request.hold(bytes)` throws 503 beyond that. */
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
  // Fastify closes the connection of a body it refuses. That resets it while the client still sends, and many clients then
  // never read the answer. Node drops the rest of the body by itself.
  app.addHook('onError', async (_request, reply) => {
    reply.removeHeader('connection')
  })
}

/** Makes `app.close()` send pending answers, and accept no new requests. */
function limitClosing(app) {
  /** The responses that are not sent yet, each with a promise of its end. */
  const unanswered = new Map()
  app.addHook('onRequest', async (_request, { raw }) => {
    const end = new Promise((resolve) => raw.once('close', resolve))
    unanswered.set(raw, end)
    end.then(() => unanswered.delete(raw))
  })
  const allAnswered = (milliseconds) =>
    Promise.race([Promise.all(unanswered.values()), delay(milliseconds, undefined, { ref: false })])
  // Before server.close(), which drops answers that wait for a slow reader. New requests already get 503.
  app.addHook('preClose', async () => {
    await allAnswered(grace.incomplete)
    for (const { req } of unanswered.keys()) if (!req.complete) req.destroy()
    await allAnswered(grace.unanswered)
    app.server.closeAllConnections()
  })
}

async function whole(app) {
  app.addContentTypeParser(octets, async (request, payload) => {
    // The length of a chunked body is known only at its end: it holds as much as it may come to.
    const capacity = announcedLength(request) ?? bodyLimit
    checkSize(capacity)
    checkLength(capacity)
    request.hold(capacity)
    // A new buffer, because a Float32Array needs an aligned offset.
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
    // The length of a chunked body is known only at its end; then only closing the connection can report an error.
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
  // Fastify reads JSON and text unless told otherwise: every other type than `octets` is answered with 415.
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
