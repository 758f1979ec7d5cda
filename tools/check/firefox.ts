// Drives Debian's Firefox by WebDriver BiDi, the protocol that it speaks by itself. Playwright needs a Firefox of its own.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { start } from '../build/run.mjs'
import type { Page, Screen } from './page'

// Firefox is slow to start on a busy machine.
const patience = 120_000

interface LogEntry {
  level: string
  text: string | null
}

// The parts of the results that are used here.
interface Session {
  capabilities: { browserVersion: string }
}
interface Tree {
  contexts: { context: string }[]
}
interface Evaluated {
  type: 'success' | 'exception'
  result: { value?: string }
  exceptionDetails: { text: string }
}

/** Sends a command and returns its result. */
type Send = <Result>(method: string, params?: object) => Promise<Result>

async function connect(address: string, onEntry: (entry: LogEntry) => void): Promise<Send> {
  const socket = new WebSocket(`${address}/session`)
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  let last = 0
  socket.addEventListener('message', ({ data }) => {
    const { type, id, params, result, message } = JSON.parse(data)
    if (type === 'event') return onEntry(params)
    if (type === 'success') waiting.get(id)?.resolve(result)
    else waiting.get(id)?.reject(new Error(`Firefox: ${message}`))
    waiting.delete(id)
  })
  socket.addEventListener('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('Firefox ended'))
  })
  await once(socket, 'open', { signal: AbortSignal.timeout(patience) })
  return (method, params = {}) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve: resolve as (result: unknown) => void, reject })
      socket.send(JSON.stringify({ id: last, method, params }))
    })
}

/** The address that Firefox prints when it listens. */
async function addressOf(firefox: ChildProcess): Promise<string> {
  if (!firefox.stderr) throw new Error('stderr must be a pipe')
  const timer = setTimeout(() => firefox.kill(), patience)
  try {
    for await (const line of createInterface(firefox.stderr)) {
      const [, address] = /WebDriver BiDi listening on (ws:\S+)/.exec(line) ?? []
      if (address) return address
    }
  } finally {
    clearTimeout(timer)
  }
  throw new Error(`Firefox ended, or did not listen within ${patience / 1000} s`)
}

/** Starts Firefox with one page. */
export async function openFirefox({ scheme, width, height }: Screen): Promise<Page> {
  const profile = mkdtempSync(join(tmpdir(), 'softplus-firefox-'))
  const preferences = {
    'layout.css.prefers-color-scheme.content-override': scheme === 'dark' ? 0 : 1,
    'browser.shell.checkDefaultBrowser': false,
    // Nothing asks servers of Mozilla for anything.
    'datareporting.policy.dataSubmissionEnabled': false,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    'app.normandy.enabled': false,
  }
  const lines = Object.entries(preferences).map(
    ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`,
  )
  writeFileSync(join(profile, 'user.js'), lines.join(''))

  const firefox = start([
    ...['firefox-esr', '--headless', '--no-remote', '--profile', profile],
    ...['--remote-debugging-port', '0', 'about:blank'],
  ])
  const ended = once(firefox, 'exit')
  const close = async () => {
    firefox.kill()
    await ended
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
  try {
    const messages: string[] = []
    const send = await connect(await addressOf(firefox), ({ level, text }) => {
      if (level === 'error' || level === 'warn') messages.push(`${level}: ${text}`)
    })
    firefox.stderr.resume()
    const { capabilities } = await send<Session>('session.new', { capabilities: {} })
    await send('session.subscribe', { events: ['log.entryAdded'] })
    const { contexts } = await send<Tree>('browsingContext.getTree')
    const { context } = contexts[0]
    await send('browsingContext.setViewport', { context, viewport: { width, height } })

    return {
      version: capabilities.browserVersion,
      messages,
      close,
      async open(url) {
        await send('browsingContext.navigate', { context, url, wait: 'complete' })
      },
      async evaluate(code) {
        const { type, result, exceptionDetails } = await send<Evaluated>('script.evaluate', {
          expression: `(async () => JSON.stringify(await (${code})))()`,
          target: { context },
          awaitPromise: true,
        })
        if (type === 'exception') throw new Error(`Firefox: ${exceptionDetails.text}`)
        return result.value === undefined ? undefined : JSON.parse(result.value)
      },
      async screenshot(path) {
        const { data } = await send<{ data: string }>('browsingContext.captureScreenshot', {
          context,
          origin: 'document',
        })
        writeFileSync(path, Buffer.from(data, 'base64'))
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
