// The charts and tables that `npm run bench -- report` writes: they are up to date, and readable in a browser.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apart } from '../bench/charts'
import { spreadOf } from '../bench/measure'
import { largestError } from '../bench/peers'
import { made } from '../bench/report'
import { figure, markdown, pivot } from '../bench/table'
import { atLeast, atMost, rowsOf } from '../bench/targets'
import { type Box, type Chart, chartsOnPage } from './charts-on-page.mjs'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

// A benchmark on this machine may have left results that are not committed.
const git = ['ls-files', 'bench/results']
const committed = execFileSync('git', git, { cwd: root, encoding: 'utf8' })
  .split('\n')
  .map((path) => basename(path))

test.each(Object.entries(made(committed, read)))(
  '%s is what the committed results give',
  (path, content) => {
    expect(content === read(path), `npm run bench -- report changes ${path}`).toBe(true)
  },
)

test('an unknown block is an error', () => {
  const document = '<!-- bench: nothing -->\n<!-- /bench -->'
  expect(() => made(committed, () => document)).toThrow('got nothing')
})

test('results are needed', () => {
  expect(() => made([], read)).toThrow('bench/results/ must have a bench-*.json')
})

test('a table is pivoted and aligned', () => {
  const items = [
    { who: 'one', size: '2^4', ns: '12.5' },
    { who: 'two', size: '2^6', ns: '1' },
  ]
  const table = pivot(
    'T',
    items,
    ({ who }) => who,
    ({ size }) => size,
    ({ ns }) => ns,
  )
  expect(markdown(table).split('\n')).toEqual([
    '**T**',
    '',
    '|     |  2^4 | 2^6 |',
    '| --- | ---: | --: |',
    '| one | 12.5 |     |',
    '| two |      |   1 |',
  ])
})

test('figures have three digits', () => {
  expect([0.02041, 7.126, 99.96, 36707, 8.6e9].map(figure)).toEqual([
    '0.0204',
    '7.13',
    '100',
    '36,707',
    '8.6e+9',
  ])
})

test('the spread of readings', () => {
  expect(spreadOf([4, 1, 5, 2, 3])).toEqual({ least: 1, q1: 2, median: 3, q3: 4, rounds: 5 })
})

test('the largest error, in units in the last place', () => {
  const x = Float32Array.of(-1e9, 0, 2)
  const right = Float32Array.of(0, Math.fround(Math.LN2), 2.1269280910491943)
  expect(largestError(x, right)).toBeLessThanOrEqual(0.5)
  expect(largestError(x, Float32Array.of(0, 0.6931473, 2.1269280910491943))).toBeCloseTo(2.03, 2)
  expect(largestError(x, right.fill(Number.NaN, 1, 2))).toBe(Infinity)
})

test('a target binds the processors on which it was set', () => {
  const rowsOn = (cpu: string) =>
    rowsOf(cpu, [
      atLeast('a', { zen5: 3, xeon: 2 }, 2.5),
      atMost('b', { xeon: 2 }, 3),
      atMost('c', 5, 4),
    ])
  expect(rowsOn('AMD EPYC, family 26 model 2')).toEqual([
    ['a', '>= 3', '2.50', 'MISSED'],
    ['b', '(<= 2 on Intel Xeon)', '3.00', ''],
    ['c', '<= 5', '4.00', 'met'],
  ])
  expect(rowsOn('Intel(R) Xeon(R) Processor, family 6 model 207')).toEqual([
    ['a', '>= 2', '2.50', 'met'],
    ['b', '<= 2', '3.00', 'MISSED'],
    ['c', '<= 5', '4.00', 'met'],
  ])
  expect(rowsOn('AMD EPYC, family 25 model 1')).toEqual([
    ['a', '(>= 3 on AMD Zen 5, 2 on Intel Xeon)', '2.50', ''],
    ['b', '(<= 2 on Intel Xeon)', '3.00', ''],
    ['c', '<= 5', '4.00', 'met'],
  ])
})

test('labels that would touch are moved apart', () => {
  expect(apart([50, 3, 47, 200], 12)).toEqual([59, 3, 47, 200])
})

// Where Debian and other systems install a browser. Without one the tests below are skipped, except in CI.
const browserPath = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => existsSync(path))

test.runIf(process.env.CI)('CI has a browser', () => expect(browserPath).toBeDefined())

const pictures = ['softplus', 'second-derivative', 'beta', 'time-against-size', 'speed-and-error']

describe.runIf(browserPath)('in a browser', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: browserPath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
  })

  afterAll(() => browser?.close())

  async function look(path: string, colorScheme: 'light' | 'dark'): Promise<Chart[]> {
    const context = await browser.newContext({ colorScheme })
    await context.setOffline(true)
    const page = await context.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    await page.goto(pathToFileURL(path).href)
    expect(errors).toEqual([])
    return page.evaluate(chartsOnPage)
  }

  // A text's box is higher than its letters.
  const air = 2
  const isWithin = (a: Box, b: Box) =>
    a.left >= b.left && a.right <= b.right && a.top >= b.top - air && a.bottom <= b.bottom + air
  const areTouching = (a: Box, b: Box) =>
    a.left < b.right &&
    b.left < a.right &&
    a.top + air < b.bottom - air &&
    b.top + air < a.bottom - air

  test.each(
    pictures.flatMap((name) =>
      (['light', 'dark'] as const).map((scheme) => [name, scheme] as const),
    ),
  )('docs/%s.svg is readable, %s', async (name, scheme) => {
    const [{ box, texts }] = await look(join(root, 'docs', `${name}.svg`), scheme)
    expect(texts.length).toBeGreaterThan(5)
    for (const [i, a] of texts.entries()) {
      expect(a.contrast, a.text).toBeGreaterThan(4.5)
      expect(isWithin(a.box, box), `"${a.text}" is cut off`).toBe(true)
      for (const b of texts.slice(i + 1))
        expect(areTouching(a.box, b.box), `"${a.text}" and "${b.text}" overlap`).toBe(false)
    }
  })
})
