// The example for browsers, examples/browser/, in Debian's Chromium and Firefox.
//
//   npm run tool -- browser                    checks it in both; the pictures of it are left in build/browser/
//   npm run tool -- browser build              copies softplus/js beside it, to examples/browser/output/
//   npm run tool -- browser serve [PORT]       builds it, and serves it on this machine; default 8080
//   npm run tool -- browser all [FUNCTION]     hashes all 2^32 results of a function in Chromium, by the page's button
import { deepStrictEqual as isEqual, ok } from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import * as api from '../../dist/index.js'
import { countOf, functionOf, hashOf, textOf } from '../../examples/browser/hash.js'
import { hashes } from '../../examples/browser/hashes.js'
import { buildExample, serveExample, withoutWasm } from '../build/browser'
import { checkInstalled, root } from '../build/run.mjs'
import { openFirefox } from './firefox'
import type { Page, Screen } from './page'

async function openChromium({ scheme, width, height }: Screen): Promise<Page> {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    timeout: 120_000,
  })
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height } })
  const page = await context.newPage()
  const messages: string[] = []
  page.on('pageerror', (error) => messages.push(String(error)))
  page.on('console', (message) => {
    if (/^(error|warning)$/.test(message.type())) messages.push(message.text())
  })
  return {
    version: browser.version(),
    messages,
    open: async (url) => void (await page.goto(url)),
    evaluate: (code) => page.evaluate(code),
    screenshot: async (path) => void (await page.screenshot({ path, fullPage: true })),
    close: () => browser.close(),
  }
}

const browsers = { Chromium: openChromium, Firefox: openFirefox }

type Asked = typeof import('./browser-page.mjs')

/** Calls a function of browser-page.mjs on the page. */
const ask = async <Name extends keyof Asked>(
  page: Page,
  name: Name,
  ...args: Parameters<Asked[Name]>
) =>
  (await page.evaluate(
    `import('./check.mjs').then((page) => page.${name}(...${JSON.stringify(args)}))`,
  )) as Awaited<ReturnType<Asked[Name]>>

const added = { 'check.mjs': fileURLToPath(new URL('browser-page.mjs', import.meta.url)) }

// Of every function 1,047,809 results.
const stride = 4099

/** The hashes of the best backend here. test/hash.test.ts compares them with those of native/test/prove.cc. */
const wantedHashes = () =>
  Object.keys(hashes).map((name) => {
    const compute = functionOf(api, name)
    const write = (x: Float32Array, out: Float32Array) => compute(x, { out })
    return [name, textOf(hashOf(write, 0, countOf(stride), stride))] as const
  })

async function checkCurves(page: Page, backend: string) {
  const found = await ask(page, 'curvesOnPage')
  isEqual(found.backend, backend)
  isEqual(found.points, [401, 401, 401, 401])
  for (const length of found.lengths) ok(length > 100, `a curve is ${length} pixels long`)
  isEqual(found.moved, ['softplus', 'derivative', 'second-derivative'], 'moved by beta')
  // ln(1 + e^4) / 4 and so on.
  isEqual(found.shown, ['1.0045', '0.9820', '0.0707', '1.0000'], 'the table at beta 4 and x 1')
  ok(found.isBack, 'the curves are back with beta 1')
}

/** Returns what was measured. */
async function checkTimes(page: Page, backends: string[], isAnew: boolean): Promise<string> {
  const { isBusy, rows, sentence } = await ask(page, 'timesOnPage', isAnew)
  isEqual(isBusy, isAnew, 'the button starts a measurement')
  const names = [...backends, 'loop']
  const wanted = ['softplus', 'relu'].flatMap((name) => names.map((by) => `${name} ${by}`))
  isEqual(
    rows.map(({ name }) => name),
    wanted,
  )
  for (const { name, ns, bar } of rows) ok(ns > 0 && bar > 0, `${name}: ${ns} ns, bar of ${bar}`)
  ok(/^(In WebAssembly softplus is|WebAssembly cannot run here)/.test(sentence), sentence)
  return rows.map(({ name, ns }) => `${name} ${ns}`).join(', ')
}

async function checkProof(page: Page, backends: string[], wanted: ReturnType<typeof wantedHashes>) {
  isEqual(await ask(page, 'choices'), { functions: wanted.map(([name]) => name), backends })
  for (const backend of backends)
    for (const [name, hash] of wanted) {
      const found = await ask(page, 'proof', name, backend)
      isEqual([name, backend, found.hash, found.outcome], [name, backend, hash, 'part'])
    }
}

async function checkCancel(page: Page) {
  const state = await ask(page, 'begunProof', 'softplus', 'wasm')
  ok(/^\d+ %: .+ so far, about .+ left, \d+ workers?$/.test(state), state)
  const { outcome, on, state: after } = await ask(page, 'cancelled')
  isEqual([outcome, on], ['cancelled', 0])
  ok(after.startsWith('Cancelled after'), after)
}

async function checkAsync(page: Page) {
  isEqual(await ask(page, 'stream'), { isTransformStream: true, isWhole: true, differing: 0 })
  const { atOnce, inTurns, turns, ticks } = await ask(page, 'turns')
  const added = (inTurns - atOnce) / turns
  ok(turns > 10, `a job took ${turns} turns by messages`)
  ok(ticks > 3, `the event loop ran ${ticks} timers during a job`)
  ok(added < 4, `each turn adds ${added} ms: browsers hold nested timers back for 4`)
  return (
    `async: ${turns} turns take ${inTurns.toFixed(0)} ms, the same work at once ${atOnce.toFixed(0)} ms: ` +
    `${added.toFixed(3)} ms more per turn, and ${ticks} timers in between`
  )
}

async function checkLayout(page: Page, { scheme, width }: Screen, picture: string) {
  const { over, faint, unnamed, isDark } = await ask(page, 'layout')
  isEqual(isDark, scheme === 'dark')
  ok(over <= 0, `the page of ${width} pixels is ${over} pixels too wide`)
  isEqual({ faint, unnamed }, { faint: [], unnamed: [] })
  mkdirSync(join(root, 'build', 'browser'), { recursive: true })
  await page.screenshot(join(root, 'build', 'browser', picture))
}

async function checkIn(name: keyof typeof browsers, address: string) {
  const wanted = wantedHashes()
  const part = `?stride=${stride}`
  const screens: Screen[] = [
    { scheme: 'light', width: 1000, height: 800 },
    { scheme: 'dark', width: 1000, height: 800 },
    { scheme: 'light', width: 360, height: 740 },
  ]
  for (const screen of screens) {
    const page = await browsers[name](screen)
    const title = `${name.toLowerCase()}-${screen.width < 400 ? 'narrow' : screen.scheme}`
    console.log(`${name} ${page.version}, ${screen.scheme}, ${screen.width} pixels`)
    try {
      await page.open(`${address}/${part}`)
      if (screen === screens[0]) {
        await checkCurves(page, 'wasm')
        await checkTimes(page, ['wasm', 'js'], false)
        console.log(`  ${await checkTimes(page, ['wasm', 'js'], true)} ns`)
        await checkProof(page, ['wasm', 'js'], wanted)
        console.log(
          `  ${wanted.length} functions, wasm and js, 1 in ${stride}: the hashes are equal`,
        )
        console.log(`  ${await checkAsync(page)}`)
        await page.open(`${address}/`)
        await ask(page, 'timesOnPage', false)
        await checkCancel(page)
      } else {
        await ask(page, 'timesOnPage', false)
        await ask(page, 'proof', 'softplus', 'wasm')
      }
      await checkLayout(page, screen, `${title}.png`)
      isEqual(page.messages, [], 'the console')
      if (screen !== screens[0]) continue

      await page.open(address + withoutWasm + part)
      await checkCurves(page, 'js')
      await checkTimes(page, ['js'], false)
      await checkProof(page, ['js'], wanted)
      // Firefox says that it kept the policy.
      const others = page.messages.filter((message) => !/wasm|WebAssembly/i.test(message))
      isEqual(others, [], 'the console under a policy without wasm-unsafe-eval')
      console.log('  a policy without wasm-unsafe-eval: js, and the hashes are equal')
    } finally {
      await page.close()
    }
  }
}

/** Hashes the results of functions in a browser, with a backend or, for '', by the best one. */
export async function hashesIn(
  name: keyof typeof browsers,
  backend: string,
  stride: number,
  publicNames: string[],
): Promise<{ backend: string; available: string[]; hashes: string[] }> {
  buildExample()
  const { server, address } = await serveExample(0, added)
  let page: Page | undefined
  try {
    page = await browsers[name]({ scheme: 'light', width: 1000, height: 800 })
    await page.open(`${address}/?stride=${stride}`)
    const { backends: available } = await ask(page, 'choices')
    const used = backend || available[0]
    const hashes: string[] = []
    for (const publicName of publicNames)
      hashes.push((await ask(page, 'proof', publicName, used)).hash)
    return { backend: used, available, hashes }
  } finally {
    await page?.close()
    server.closeAllConnections()
    server.close()
  }
}

/** Presses the button for all inputs. */
async function hashAllInputs(name: string, address: string): Promise<boolean> {
  const page = await openChromium({ scheme: 'light', width: 1000, height: 800 })
  try {
    await page.open(`${address}/`)
    await ask(page, 'timesOnPage', false)
    console.error(await ask(page, 'begunProof', name, 'wasm'))
    for (let progress = await ask(page, 'progressOnPage'); !progress.isDone; ) {
      await new Promise((resolve) => setTimeout(resolve, 5000))
      progress = await ask(page, 'progressOnPage')
      console.error(progress.state)
    }
    const { hash, outcome, text, seconds } = await ask(page, 'outcome')
    console.log(`${name}: ${hash} in ${seconds} s. ${text}`)
    await page.screenshot(join(root, 'build', 'browser', 'all.png'))
    return outcome === 'same'
  } finally {
    await page.close()
  }
}

export async function main([command, argument, ...rest]: string[]): Promise<boolean | undefined> {
  const usage = 'usage: npm run tool -- browser [build | serve [PORT] | all [FUNCTION]]'
  if (rest.length > 0 || (argument !== undefined && !/^(serve|all)$/.test(command)))
    throw new Error(usage)
  if (command !== undefined && !/^(build|serve|all)$/.test(command)) throw new Error(usage)
  buildExample()
  if (command === 'build') return true

  if (command === 'serve') {
    const port = Number(argument ?? 8080)
    if (!(Number.isInteger(port) && port >= 0 && port < 65536)) throw new Error(usage)
    const { address } = await serveExample(port)
    console.log(`${address}/   end with Ctrl+C`)
    await new Promise(() => {})
  }
  checkInstalled(command === 'all' ? ['chromium'] : ['chromium', 'firefox-esr'])
  const { server, address } = await serveExample(0, added)
  try {
    if (command === 'all') {
      const name = argument ?? 'softplus'
      if (!Object.hasOwn(hashes, name))
        throw new Error(`FUNCTION must be ${Object.keys(hashes).join(', ')}; got ${name}`)
      return await hashAllInputs(name, address)
    }
    for (const name of Object.keys(browsers) as (keyof typeof browsers)[])
      await checkIn(name, address)
    return true
  } catch (error) {
    // A check that does not hold is a failure. Everything else means that it could not be checked.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ASSERTION') throw error
    console.error((error as Error).message)
    return false
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
