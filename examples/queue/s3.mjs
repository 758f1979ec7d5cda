// The requests to S3, or to a store that speaks its protocol.
//
// Reads AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION and AWS_ENDPOINT_URL. Addresses are
// s3://BUCKET/KEY. Bodies are not signed, as their hash would take ten times as long as activating them: https keeps them whole.
import { setTimeout as sleep } from 'node:timers/promises'

const tries = 5
const timeout = 120_000

let client
async function sign(url, init) {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION } = process.env
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY)
    throw new Error(
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set to use s3:// addresses',
    )
  // Who has files alone need not install it.
  const { AwsClient } = await import('aws4fetch')
  client ??= new AwsClient({
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN,
    service: 's3',
    region: AWS_REGION ?? 'us-east-1',
  })
  return client.sign(url, init)
}

function urlOf(address, query) {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(address) ?? []
  if (!bucket) throw new Error(`an address must be s3://BUCKET/KEY; got ${address}`)
  const { AWS_ENDPOINT_URL, AWS_REGION = 'us-east-1' } = process.env
  const base = AWS_ENDPOINT_URL
    ? `${AWS_ENDPOINT_URL}/${bucket}`
    : `https://${bucket}.s3.${AWS_REGION}.amazonaws.com`
  const path = key.split('/').map(encodeURIComponent).join('/')
  return `${base}/${path}?${new URLSearchParams(query)}`
}

/** Whether two addresses are one object, also when they are written differently, such as with `/./`. */
export const isSame = (a, b) => new URL(urlOf(a)).href === new URL(urlOf(b)).href

/** Tries again after 5xx, 429, time-outs and connections that break, also in the middle of the body. */
async function request(method, address, { query, headers, body, accepted, read, signal }) {
  const url = urlOf(address, query)
  for (let i = 1; ; i++) {
    const limit = AbortSignal.timeout(timeout)
    try {
      const signals = signal ? AbortSignal.any([signal, limit]) : limit
      const signed = await sign(url, { method, headers, body })
      const response = await fetch(signed, { signal: signals })
      if (accepted.includes(response.status))
        return { status: response.status, headers: response.headers, body: await read(response) }
      const isBusy = response.status >= 500 || response.status === 429
      const text = (await response.text()).slice(0, 500)
      const failure = new Error(`${method} ${address}: ${response.status} ${text}`)
      if (!isBusy || i === tries) throw Object.assign(failure, { isAnswer: true })
    } catch (error) {
      if (error.isAnswer || signal?.aborted) throw error
      if (i === tries) {
        const reason = error.cause?.code ?? error.cause?.message ?? error.message
        throw new Error(`${method} ${address}: ${reason}`, { cause: error })
      }
    }
    await sleep(Math.random() * 100 * 2 ** i, undefined, { signal })
  }
}

const text = (response) => response.text()
const textIn = (xml, name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]

/** The size and the ETag. */
export async function head(address, { mayBeMissing = false } = {}) {
  const accepted = mayBeMissing ? [200, 404] : [200]
  const { status, headers } = await request('HEAD', address, { accepted, read: text })
  if (status === 404) return undefined
  return { size: Number(headers.get('content-length')), etag: headers.get('etag'), headers }
}

/** The bytes; undefined if the object has another ETag by now. */
export async function getRange(address, etag, { start, end }, signal) {
  const bytes = new Uint8Array(end - start)
  if (start === end) return bytes
  const { status } = await request('GET', address, {
    headers: { range: `bytes=${start}-${end - 1}`, 'if-match': etag },
    accepted: [206, 412],
    read: (response) => (response.status === 206 ? fill(bytes, response) : text(response)),
    signal,
  })
  return status === 206 ? bytes : undefined
}

async function fill(bytes, response) {
  let length = 0
  for await (const chunk of response.body) {
    bytes.set(chunk, length)
    length += chunk.length
  }
  if (length !== bytes.length) throw new Error(`got ${length} of ${bytes.length} bytes`)
}

/** Returns the upload's id. */
export async function createUpload(address, headers) {
  const { body } = await request('POST', address, {
    query: { uploads: '' },
    headers,
    accepted: [200],
    read: text,
  })
  return textIn(body, 'UploadId')
}

/** Returns the part's ETag; undefined if there is no such upload any more. */
export async function putPart(address, uploadId, partNumber, bytes, signal) {
  const { status, headers } = await request('PUT', address, {
    query: { partNumber, uploadId },
    body: bytes,
    accepted: [200, 404],
    read: text,
    signal,
  })
  return status === 200 ? headers.get('etag') : undefined
}

/** Returns false if there is no such upload any more. */
export async function completeUpload(address, uploadId, parts) {
  const list = parts.map(
    ({ part, etag }) => `<Part><PartNumber>${part}</PartNumber><ETag>${etag}</ETag></Part>`,
  )
  const { status } = await request('POST', address, {
    query: { uploadId },
    headers: { 'content-type': 'application/xml' },
    body: `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`,
    accepted: [200, 404],
    // S3 answers 200 before it knows whether it will succeed.
    read: async (response) => {
      const body = await response.text()
      if (response.status === 200 && textIn(body, 'ETag') === undefined) throw new Error(body)
    },
  })
  return status === 200
}

export async function abortUpload(address, uploadId) {
  const options = { query: { uploadId }, accepted: [204, 404], read: text }
  await request('DELETE', address, options)
}
