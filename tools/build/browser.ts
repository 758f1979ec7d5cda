// Builds and serves the example for browsers, examples/browser/.
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { root } from './run.mjs'

const example = join(root, 'examples', 'browser')

/** Copies softplus/js and the files that it imports from dist/ to examples/browser/output/. */
export function buildExample(): void {
  const output = join(example, 'output')
  rmSync(output, { recursive: true, force: true })
  mkdirSync(output)
  const copied = new Set<string>()
  const copy = (name: string) => {
    if (copied.has(name)) return
    copied.add(name)
    const from = join(root, 'dist', name)
    cpSync(from, join(output, name))
    for (const [, imported] of readFileSync(from, 'utf8').matchAll(/from "\.\/([\w-]+\.js)"/g))
      copy(imported)
  }
  copy('js.js')
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
}

/** A path of the server under which the Content-Security-Policy forbids WebAssembly. Elsewhere it forbids what the page does not need. */
export const withoutWasm = '/without-wasm/'
const policy = (isStrict: boolean) =>
  [
    "default-src 'none'",
    `script-src 'self'${isStrict ? '' : " 'wasm-unsafe-eval'"}`,
    "worker-src 'self'",
    // The check fetches a Blob.
    'connect-src blob:',
    "style-src 'unsafe-inline'",
    'img-src data:',
  ].join('; ')

/**
 * Serves the example on this machine alone.
 *
 * @param port 0 for any that is free.
 * @param added Files that are not in the example: their names on the server, and their paths.
 */
export async function serveExample(port: number, added: Record<string, string> = {}) {
  const server = createServer(async ({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost')
    const isStrict = pathname.startsWith(withoutWasm)
    const name = pathname.slice(isStrict ? withoutWasm.length : 1) || 'index.html'
    // No name with two dots leads out of the folder: URLs have none.
    const path = added[name] ?? join(example, name)
    try {
      const content = await readFile(path)
      response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream')
      response.setHeader('cache-control', 'no-store')
      response.setHeader('content-security-policy', policy(isStrict))
      response.end(content)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })
  return { server, address: addressOf(server) }
}

const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
