// What the benchmarks' results become: documents, charts and a page that a browser shows without a network.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { spreadOf } from '../bench/measure'
import { speedAndError, timeAgainstSize } from '../bench/report/charts'
import { filled } from '../bench/report/documents'
import { apart } from '../bench/report/figure'
import { pageOf } from '../bench/report/page'
import { markdown, text } from '../bench/report/table'
import { newest, type Results } from '../bench/results'
import { type Box, type Chart, chartsOnPage } from './charts-on-page.mjs'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

// Not what a run on this machine may have left beside what is committed.
const committed = execFileSync('git', ['ls-files', 'bench/results'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .map((path) => basename(path))
const found = {
  bench: newest('bench', committed) as Results,
  peers: newest('peers', committed) as Results,
}

describe('what is committed is made of bench/results/', () => {
  test.each(['README.md', 'docs/performance.md'])('%s', (path) => {
    expect(filled(read(path), found)).toBe(read(path))
  })

  test.each([
    ['time-against-size.svg', () => timeAgainstSize(found.bench, found.peers)],
    ['speed-and-error.svg', () => speedAndError(found.peers)],
  ])('docs/%s', (name, draw) => {
    expect(`${draw()}\n` === read(`docs/${name}`)).toBe(true)
  })
})

test('a document that asks for what there is none of is an error', () => {
  expect(() => filled('<!-- bench: nothing -->\n<!-- /bench -->', found)).toThrow('"nothing"')
})

test('a table as text and as Markdown', () => {
  const table = { title: 'T', head: ['', 'a'], rows: [['one', '12.5']] }
  expect(text(table)).toBe('T\n          a\n  one  12.5')
  expect(markdown(table)).toBe('**T**\n\n|     |    a |\n| --- | ---: |\n| one | 12.5 |')
})

test('the spread of readings', () => {
  expect(spreadOf([4, 1, 5, 2, 3])).toEqual({ least: 1, q1: 2, median: 3, q3: 4, rounds: 5 })
})

test('labels that would touch are moved apart, others stay', () => {
  expect(apart([0, 100, 101], 10)).toEqual([0, -4.5, 4.5])
  const places = [50, 3, 47, 49, 200]
  const moved = apart(places, 12).map((by, i) => places[i] + by)
  const sorted = moved.toSorted((a, b) => a - b)
  for (let i = 1; i < sorted.length; i++)
    expect(sorted[i] - sorted[i - 1]).toBeGreaterThanOrEqual(11.999)
})

// Debian's and others' places; a machine without a browser runs the tests above alone, but not CI.
const browserPath = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => existsSync(path))

test.runIf(process.env.CI)('CI has a browser', () => expect(browserPath).toBeDefined())

const pictures = [
  'softplus.svg',
  'second-derivative.svg',
  'beta.svg',
  'time-against-size.svg',
  'speed-and-error.svg',
]

describe.runIf(browserPath)('in a browser', () => {
  let browser: Browser
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'softplus-report-'))
    writeFileSync(join(folder, 'report.html'), pageOf(found))
    browser = await chromium.launch({
      executablePath: browserPath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
  })

  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true })
  })

  async function open(
    path: string,
    colorScheme: 'light' | 'dark',
  ): Promise<{ page: Page; asked: string[]; errors: string[] }> {
    const context = await browser.newContext({
      colorScheme,
      viewport: { width: 1000, height: 800 },
    })
    await context.setOffline(true)
    const page = await context.newPage()
    const asked: string[] = []
    const errors: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    await page.goto(pathToFileURL(path).href)
    return { page, asked, errors }
  }

  const look = (page: Page): Promise<Chart[]> => page.evaluate(chartsOnPage)

  // A line of text has air above and below its letters.
  const air = 2
  const isWithin = (a: Box, b: Box) =>
    a.left >= b.left && a.right <= b.right && a.top >= b.top - air && a.bottom <= b.bottom + air
  const areTouching = (a: Box, b: Box) =>
    a.left < b.right &&
    b.left < a.right &&
    a.top + air < b.bottom - air &&
    b.top + air < a.bottom - air

  function expectReadable(charts: Chart[]): void {
    for (const { box, texts } of charts) {
      expect(texts.length).toBeGreaterThan(5)
      for (const [i, a] of texts.entries()) {
        expect(a.contrast, a.text).toBeGreaterThan(4.5)
        expect(isWithin(a.box, box), `"${a.text}" is cut off`).toBe(true)
        for (const b of texts.slice(i + 1))
          expect(areTouching(a.box, b.box), `"${a.text}" and "${b.text}" overlap`).toBe(false)
      }
    }
  }

  test.each(['light', 'dark'] as const)(
    'the report opens offline and is readable, %s',
    async (scheme) => {
      const { page, asked, errors } = await open(join(folder, 'report.html'), scheme)
      expect(asked).toHaveLength(1)
      expect(errors).toEqual([])
      const charts = await look(page)
      expect(charts).toHaveLength(7)
      expectReadable(charts)
      expect(await page.locator('table').count()).toBeGreaterThan(10)
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    },
  )

  test.each(
    pictures.flatMap(
      (name) =>
        [
          [name, 'light'],
          [name, 'dark'],
        ] as const,
    ),
  )('docs/%s is readable, %s', async (name, scheme) => {
    const { page, errors } = await open(join(root, 'docs', name), scheme)
    expect(errors).toEqual([])
    expectReadable(await look(page))
  })
})
