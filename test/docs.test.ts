// The examples in the documentation give what they say, and its links lead somewhere.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { extensionPath } from '../src/duckdb'
import { arrowFile, floats as column } from './arrow-writer'
import { backends } from './backends'

const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

interface Block {
  language: string
  code: string
  /** What it prints: the block without a language that follows it. */
  printed?: string
}

interface Section {
  page: string
  heading: string
  prose: string
  blocks: Block[]
}

function sectionsOf(page: string): Section[] {
  const sections: Section[] = [{ page, heading: '', prose: '', blocks: [] }]
  let block: Block | undefined
  for (const line of read(page).split('\n')) {
    const section = sections[sections.length - 1]
    const fence = /^ *```(\w*)$/.exec(line)
    const heading = /^#+ (.+)$/.exec(line)
    if (block && fence) {
      const before = section.blocks.at(-1)
      if (block.language === '' && before) before.printed = block.code
      else section.blocks.push(block)
      block = undefined
    } else if (block) block.code += `${line}\n`
    else if (fence) block = { language: fence[1], code: '' }
    else if (heading) sections.push({ page, heading: heading[1], prose: '', blocks: [] })
    else section.prose += `${line}\n`
  }
  return sections
}

const guides = ['README.md', 'docs/api.md', 'docs/pipelines.md', 'docs/install.md'].flatMap(
  sectionsOf,
)

/** The examples of one heading in one language, as one program. */
const programsIn = (language: string, isWanted: (code: string) => boolean) =>
  guides.flatMap(({ page, heading, blocks }) => {
    const wanted = blocks.filter((block) => block.language === language && isWanted(block.code))
    const code = wanted.map((block) => block.code).join('\n')
    const printed = wanted.map((block) => block.printed ?? '').join('')
    return wanted.length === 0 ? [] : [{ page, heading, code, printed }]
  })

const isConfiguration = (code: string): boolean => /^\/\/ [\w.]+$/m.test(code)
const importsOthers = (code: string): boolean =>
  / from '(?!softplus|node:|apache-arrow|@duckdb)/.test(code)
const needsExtension = (code: string): boolean => / from 'softplus\/duckdb'/.test(code)
const hasCommand = (code: string): boolean =>
  /softplus (apply|info)/.test(code) && !/np[mx] (?!softplus)/.test(code)

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'softplus-docs-'))
  for (const name of ['node_modules', 'layers', 'activated', 'bin']) mkdirSync(join(folder, name))
  symlinkSync(root, join(folder, 'node_modules', 'softplus'), 'junction')
  for (const name of ['apache-arrow', '@duckdb'])
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'junction')
  writeFileSync(join(folder, 'shown.mjs'), shown)
  const command = join(folder, 'bin', 'softplus')
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${root}/dist/cli.cjs" "$@"\n`)
  chmodSync(command, 0o755)

  const floats = Buffer.from(Float32Array.of(-2, 0, 2).buffer)
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }\n"
  const start = Buffer.from(`\x93NUMPY\x01\x00${String.fromCharCode(header.length)}\x00`, 'latin1')
  const npy = Buffer.concat([start, Buffer.from(header), floats])
  for (const name of ['x.f32', 'weights.f32']) writeFileSync(join(folder, name), floats)
  const scores = arrowFile({ logit: column(Float32Array.of(-2, 0, 2)) })
  writeFileSync(join(folder, 'scores.arrow'), scores)
  for (const name of ['layer.npy', 'layers/a.npy', 'layers/b.npy'])
    writeFileSync(join(folder, name), npy)
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

function run(command: string, args: string[], name = ''): SpawnSyncReturns<string> {
  const { NODE_OPTIONS: _, SOFTPLUS_BACKEND: __, ...env } = process.env
  const path = [join(folder, 'bin'), dirname(process.execPath), env.PATH].join(delimiter)
  const ended = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...env, PATH: path, ...(name && { SOFTPLUS_BACKEND: name }) },
  })
  expect(ended.status, `${ended.stdout}\n${ended.stderr}`).toBe(0)
  return ended
}

// Loaded by every program: compares a value, or what was thrown, with what the page shows. '…' stands for digits left out.
const shown = `
import { inspect } from 'node:util'
const text = (value) =>
  value instanceof Float32Array ? \`Float32Array [\${[...value].join(', ')}]\`
  : value instanceof Error ? \`\${value.name} [\${value.code}]: \${value.message}\`
  : inspect(value)
export async function shows(evaluate, expected) {
  const value = await evaluate().catch((error) => error)
  const escaped = expected.replace(/[.*+?^$\{}()|[\\]\\\\]/g, '\\\\$&').replaceAll('…', '\\\\d*')
  if (!new RegExp(\`^\${escaped}$\`).test(text(value))) throw new Error(\`\${text(value)} is not \${expected}\`)
}
`

/** The program with every value that the page shows after '// =>' compared. */
function checked(code: string): string {
  const checks = code.replace(/^( *)(.+?) \/\/ => (.+)$/gm, (_, indent, statement, expected) => {
    const [, declaration, expression = statement] = /^const \w+ = ()(.+)$/.exec(statement) ?? []
    if (declaration !== undefined)
      throw new Error(`a value is shown after a declaration: ${statement}`)
    return `${indent};await shows(async () => (${expression}), ${JSON.stringify(expected)})`
  })
  const imported = / from 'softplus(\/js)?'/.test(code)
    ? ''
    : "import { backend, relu, softplus } from 'softplus'\n"
  return `import { shows } from './shown.mjs'\n${imported}${checks}`
}

// With the best backend, then with the fallback.
describe.each(['', 'wasm', 'js'])('the examples in JavaScript, SOFTPLUS_BACKEND=%s', (name) => {
  const isRun = (code: string) =>
    !isConfiguration(code) &&
    !importsOthers(code) &&
    (extensionPath !== null || !needsExtension(code))

  const programs = programsIn('js', isRun).map((program, i) => ({ ...program, i }))
  let printedBy: string[]

  // One process runs all of them, one after the other. What one throws is printed.
  beforeAll(() => {
    const calls = programs.map(({ code, i }) => {
      writeFileSync(join(folder, `example-${i}.mjs`), checked(code))
      return `await import('./example-${i}.mjs').catch(console.log)\nconsole.log('end of example')\n`
    })
    writeFileSync(join(folder, 'examples.mjs'), calls.join(''))
    const { stdout, stderr } = run(process.execPath, ['examples.mjs'], name)
    expect(stderr).toBe('')
    printedBy = stdout.split('end of example\n')
  })

  test.each(programs)('$page: $heading', ({ printed, i }) => {
    expect(printedBy[i]).toBe(printed.replace('avx512', name || backends[0].name))
  })
})

test('every value that a page shows is compared', () => {
  const all = guides.flatMap(({ blocks }) => blocks.map(({ code }) => code)).join('\n')
  const values = all.match(/\/\/ =>/g) ?? []
  expect(values.length).toBeGreaterThan(30)
  expect(checked(all).match(/await shows\(/g)).toHaveLength(values.length)
})

// What they need besides is not installed here.
test.each([...programsIn('js', (code) => isConfiguration(code) || importsOthers(code))])(
  'the syntax of the other examples: $page: $heading',
  ({ code }) => {
    const blocks = code.split(/\n(?=\/\/ [\w.]+\n|import .* from '(?!node:))/)
    for (const [i, block] of blocks.entries()) {
      const file = join(folder, `syntax-${i}.${block.includes('module.exports') ? 'cjs' : 'mjs'}`)
      writeFileSync(file, block)
      run(process.execPath, ['--check', file])
    }
  },
)

test.skipIf(process.platform === 'win32').each(programsIn('sh', hasCommand))(
  'the commands: $page: $heading',
  ({ code }) => {
    run('sh', ['-e', '-c', code.replaceAll('npx softplus', 'softplus')])
  },
)

test('the examples in TypeScript compile', () => {
  const [{ code }, ...others] = programsIn('ts', () => true)
  expect(others).toEqual([])
  writeFileSync(join(folder, 'types.mts'), code)
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const options = [
    '--strict',
    '--noEmit',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--types',
    'node',
  ]
  const types = ['--typeRoots', join(root, 'node_modules', '@types')]
  run(process.execPath, [tsc, ...options, ...types, 'types.mts'])
})

describe('docs/api.md', () => {
  const api = read('docs/api.md')
  const help = (...args: string[]) =>
    run(process.execPath, [join(root, 'dist', 'cli.cjs'), ...args]).stdout

  test('has every error code', () => {
    const codes = read('src/errors.ts').match(/(?<=^ {2}\| ')\w+(?=')/gm) ?? []
    expect(codes).toContain('ERR_OUT_OF_RANGE')
    for (const code of codes) expect(api).toContain(`\`${code}\``)
  })

  test('has every option of the command', () => {
    const text = help('apply', '--help') + help('--help')
    const options = new Set(text.match(/(?<![\w-])--?[a-z][a-z-]*/g))
    expect(options).toContain('--in-place')
    for (const option of options) expect(api).toContain(option)
  })

  test('has every exit code', () => {
    const codes = [...help('--help').matchAll(/^ {2}(\d+) /gm)].map(([, code]) => code)
    expect(codes).toContain('130')
    for (const code of codes) expect(api).toMatch(new RegExp(`^\\|.*\\b${code}\\b`, 'm'))
  })
})

/** As GitHub makes anchors of headings. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-')

const markdown = (path: string): boolean => path.endsWith('.md')
const pages = [
  ...readdirSync(root).filter(markdown),
  ...readdirSync(join(root, 'docs'))
    .filter(markdown)
    .map((name) => `docs/${name}`),
]

test.each(pages)('the links in %s lead to files and headings that exist', (page) => {
  const prose = sectionsOf(page).map((section) => section.prose)
  for (const [, link] of prose.join('\n').matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
    const [path, anchor] = link.split('#')
    const target = path === '' ? page : join(dirname(page), path)
    expect(existsSync(join(root, target)), link).toBe(true)
    if (anchor === undefined) continue
    const anchors = sectionsOf(target).map(({ heading }) => anchorOf(heading))
    expect(anchors, link).toContain(anchor)
  }
})

test.each(pages)('the files that %s names exist', (page) => {
  const folders = 'native|src|tools|test|bench|examples|docs|\\.ci|\\.github'
  const path = new RegExp(`(?<=\`)(?:${folders})/[\\w./-]*(?=\`)`, 'g')
  const prose = sectionsOf(page).map((section) => section.prose)
  // X stands for any name.
  const named = (prose.join('\n').match(path) ?? []).filter((name) => !/\bX\b/.test(name))
  expect(named.filter((name) => !existsSync(join(root, name)))).toEqual([])
})

test('the tools that the pages name exist', () => {
  const listed = run(process.execPath, [join(root, 'tools', 'main.mjs')]).stdout
  const named = pages.flatMap((page) => read(page).match(/(?<=npm run tool -- )[a-z][\w-]*/g) ?? [])
  expect(named).toContain('cells')
  for (const name of named) expect(listed).toMatch(new RegExp(`^ +${name} `, 'm'))
})

// package.json leaves out the other pages and the pictures, so links to them would be dead in an installed package.
test.each(['api', 'accuracy', 'install', 'pipelines'])(
  'docs/%s.md links only to files of the package',
  (name) => {
    const links = [...read(`docs/${name}.md`).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(
      ([, to]) => to,
    )
    const dead = links.filter((to) => !/^((api|accuracy|install|pipelines)\.md)?(#|$)/.test(to))
    expect(links.length).toBeGreaterThan(0)
    expect(dead).toEqual([])
  },
)

test('the pages state the guarantees of the list of functions', () => {
  const rows = [
    ...read('native/functions.h').matchAll(/each\((\w+), "[\w.]+", ([\d.]+), ([\d.]+)\)/g),
  ]
  const [bound, boundWithBeta] = rows.find(([, name]) => name === 'softplus')?.slice(2) ?? []
  const inverse = rows.find(([, name]) => name === 'inverse')?.[2]
  expect(read('README.md')).toContain(`Within ${bound} ULP`)
  const api = read('docs/api.md')
  expect(api).toContain(`${bound} ULP with beta 1 and ${boundWithBeta} ULP with any other beta`)
  expect(api).toContain(`${inverse} ULP with every beta`)
})
