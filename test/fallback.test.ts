// Which backend a process gets, installed with the addon, without it, or with a broken one; each in
// a process of its own.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { candidates, loadAddon } from '../src/backend/addon'
import type { Backend } from '../src/types'

const root = fileURLToPath(new URL('..', import.meta.url))
const loaded = loadAddon()
const native = loaded.addon.available
const foreign = process.arch === 'arm64' ? 'avx2' : 'neon'

// Imports the package, with import() or require(), and prints what came of it.
const script = `
const warnings = []
process.on('warning', ({ name, code, message }) => warnings.push({ name, code, message }))
const dlopened = []
const { dlopen } = process
process.dlopen = (...args) => {
  // Without arguments it loads nothing.
  if (args.length > 0) dlopened.push(args[1])
  return dlopen.apply(process, args)
}

const input = Uint32Array.from({ length: 1021 }, (_, i) => i * 4210763)
const x = new Float32Array(input.buffer).filter((v) => v === v)
const hex = (y) => Buffer.from(y.buffer).toString('hex')

function results({ softplus, relu }) {
  return {
    softplus: hex(softplus(x)),
    derivative: hex(softplus.derivative(x)),
    scaled: hex(softplus(x, { beta: 0.1, threshold: 3 })),
    scaledDerivative: hex(softplus.derivative(x, { beta: -7, threshold: 0 })),
    relu: hex(relu(x)),
    reluDerivative: hex(relu.derivative.inPlace(x.slice())),
  }
}

async function report(load) {
  const found = {}
  try {
    const { backend, ...functions } = await load()
    found.results = results(functions)
    found.dlopenedByUse = [...dlopened]
    found.frozen = Object.isFrozen(backend) && Object.isFrozen(backend.available)
    found.steady = backend.available === backend.available
    found.backend = { ...backend, error: backend.error && { ...backend.error, message: backend.error.message } }
  } catch ({ name, code, message }) {
    found.thrown = { name, code, message }
  }
  await new Promise(setImmediate)
  process.stdout.write(JSON.stringify({ ...found, warnings, dlopened }))
}
`
const scripts = {
  'use.mjs': `${script}\nawait report(() => import('softplus'))\n`,
  'use.cjs': `${script}\nreport(() => require('softplus'))\n`,
  'worker.cjs': `${script}
    const { isMainThread, Worker } = require('node:worker_threads')
    if (!isMainThread) report(() => require('softplus'))
    else {
      require('softplus')
      new Worker(__filename)
    }\n`,
  'both.mjs': `${script}
    import { createRequire } from 'node:module'
    const imported = await import('softplus')
    const required = createRequire(import.meta.url)('softplus')
    await report(async () => {
      if (JSON.stringify(results(imported)) !== JSON.stringify(results(required)))
        throw new Error('not the same')
      return required
    })\n`,
}
type Script = keyof typeof scripts
const modules: Script[] = ['use.mjs', 'use.cjs']

interface Report {
  backend?: Omit<Backend, 'error'> & { error: { code: string; message: string } | null }
  results?: Record<string, string>
  thrown?: { name: string; code: string; message: string }
  frozen?: boolean
  steady?: boolean
  dlopenedByUse?: string[]
  warnings: { name: string; code: string; message: string }[]
  dlopened: string[]
}

let folder: string
let withAddon: Installed
let withoutAddon: Installed
let expected: Record<string, string> | undefined

class Installed {
  readonly app: string
  readonly package: string
  readonly candidates: string[]

  constructor(name: string) {
    this.app = join(folder, name)
    this.package = join(this.app, 'node_modules', 'softplus')
    this.candidates = candidates(this.package)
    mkdirSync(this.package, { recursive: true })
    cpSync(join(root, 'dist'), join(this.package, 'dist'), { recursive: true })
    cpSync(join(root, 'package.json'), join(this.package, 'package.json'))
    for (const [file, source] of Object.entries(scripts))
      writeFileSync(join(this.app, file), source)
  }

  add(path: string, contents: Buffer | string): void {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, contents)
  }

  run(file: Script, { forced, flags = [] }: { forced?: string; flags?: string[] } = {}) {
    // Only what the test says decides: not how the tests themselves are run.
    const { SOFTPLUS_BACKEND: _, NODE_OPTIONS: __, NODE_NO_WARNINGS: ___, ...env } = process.env
    const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, file], {
      cwd: this.app,
      env: { ...env, ...(forced !== undefined && { SOFTPLUS_BACKEND: forced }) },
      encoding: 'utf8',
      timeout: 30_000,
    })
    expect(status, stderr).toBe(0)
    return { ...(JSON.parse(stdout) as Report), stderr }
  }
}

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'softplus-fallback-')))
  withoutAddon = new Installed('without')
  withAddon = new Installed('with')
  withAddon.add(withAddon.candidates[1], readFileSync(loaded.path))
  expected = withAddon.run('use.mjs', { forced: 'scalar' }).results
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const mustBe = (names: string[], got: string): string => {
  const [last, ...others] = names.toReversed()
  const list = others.length > 0 ? `${others.reverse().join(', ')} or ${last}` : last
  return `SOFTPLUS_BACKEND must be ${list} here, or empty; got "${got}"`
}
const timesIn = (text: string, part: string): number => text.split(part).length - 1

describe.each(modules)('with the addon, %s', (file) => {
  test('the best backend is used, silently', () => {
    const { backend, results, warnings, stderr } = withAddon.run(file)
    expect(backend).toEqual({
      name: native[0],
      available: [...native, 'wasm', 'js'],
      addon: withAddon.candidates[1],
      error: null,
    })
    expect(Object.keys(results ?? {})).toHaveLength(6)
    expect(results).toEqual(expected)
    expect([warnings, stderr]).toEqual([[], ''])
  })

  test.each(native)('SOFTPLUS_BACKEND=%s', (forced) => {
    const { backend, results, stderr } = withAddon.run(file, { forced })
    expect(backend).toMatchObject({
      name: forced,
      available: [...native, 'wasm', 'js'],
      error: null,
    })
    expect(results).toEqual(expected)
    expect(stderr).toBe('')
  })

  test.each(['wasm', 'js'])(
    'SOFTPLUS_BACKEND=%s leaves the addon unloaded until someone asks what is available',
    (forced) => {
      const { backend, results, dlopened, dlopenedByUse, frozen, steady, stderr } = withAddon.run(
        file,
        { forced },
      )
      expect(results).toEqual(expected)
      expect(dlopenedByUse).toEqual([])
      expect(backend).toEqual({
        name: forced,
        available: [...native, 'wasm', 'js'],
        addon: null,
        error: null,
      })
      expect(dlopened).toEqual([withAddon.candidates[1]])
      expect([frozen, steady]).toEqual([true, true])
      expect(stderr).toBe('')
    },
  )

  test('an empty SOFTPLUS_BACKEND says nothing', () => {
    const { backend, dlopened } = withAddon.run(file, { forced: '' })
    expect(backend?.name).toBe(native[0])
    expect(dlopened).toEqual([withAddon.candidates[1]])
  })

  test.each(['nonsense', 'AVX2', 'toString'])('SOFTPLUS_BACKEND=%s is an error', (forced) => {
    const { thrown, warnings } = withAddon.run(file, { forced })
    expect(thrown?.code).toBe('ERR_SOFTPLUS_BACKEND')
    expect(thrown?.message).toBe(mustBe([...native, 'wasm', 'js'], forced))
    expect(warnings).toEqual([])
  })

  test(`SOFTPLUS_BACKEND=${foreign}, of other processors, is an error`, () => {
    const { thrown, warnings } = withAddon.run(file, { forced: foreign })
    expect(thrown?.code).toBe('ERR_SOFTPLUS_BACKEND')
    expect(thrown?.message).toBe(mustBe([...native, 'wasm', 'js'], foreign))
    expect(warnings).toEqual([])
  })

  test('node --no-addons gets WebAssembly, silently', () => {
    const { backend, results, dlopened, stderr } = withAddon.run(file, { flags: ['--no-addons'] })
    expect(backend).toEqual({ name: 'wasm', available: ['wasm', 'js'], addon: null, error: null })
    expect(results).toEqual(expected)
    expect(dlopened).toEqual([])
    expect(stderr).toBe('')
  })

  test('node --no-addons with SOFTPLUS_BACKEND', () => {
    const flags = ['--no-addons']
    expect(withAddon.run(file, { flags, forced: 'js' }).backend?.name).toBe('js')
    for (const forced of ['scalar', foreign, 'nonsense']) {
      const { thrown } = withAddon.run(file, { flags, forced })
      expect(thrown?.code).toBe('ERR_SOFTPLUS_BACKEND')
      expect(thrown?.message).toContain(mustBe(['wasm', 'js'], forced))
    }
  })
})

describe.each(modules)('without the addon, %s', (file) => {
  test('WebAssembly is used, and one warning says so', () => {
    const { backend, results, warnings, stderr } = withoutAddon.run(file)
    expect(backend).toMatchObject({ name: 'wasm', available: ['wasm', 'js'], addon: null })
    expect(backend?.error?.code).toBe('ERR_SOFTPLUS_ADDON')
    expect(results).toEqual(expected)

    expect(warnings).toHaveLength(1)
    const [{ name, code, message }] = warnings
    expect([name, code]).toEqual(['SoftplusWarning', 'SOFTPLUS_FALLBACK'])
    expect(message).toContain('softplus runs in WebAssembly')
    expect(message).toContain(backend?.error?.message)
    for (const path of withoutAddon.candidates) expect(message).toContain(`${path}: not there`)
    expect(message).toContain(`${process.platform}-${process.arch}`)
    expect(message).toContain('Reinstall')
    expect(message).toContain(`node-gyp rebuild -C "${withoutAddon.package}"`)
    expect(message).toContain('SOFTPLUS_BACKEND=wasm')
    expect(timesIn(stderr, 'SOFTPLUS_FALLBACK')).toBe(1)
    expect(stderr).toContain(message)
  })

  test.each(['wasm', 'js'])('SOFTPLUS_BACKEND=%s wants no addon: no warning', (forced) => {
    const { backend, results, warnings, stderr } = withoutAddon.run(file, { forced })
    expect(backend).toEqual({ name: forced, available: ['wasm', 'js'], addon: null, error: null })
    expect(results).toEqual(expected)
    expect([warnings, stderr]).toEqual([[], ''])
  })

  test('where WebAssembly is off too, TypeScript is used', () => {
    const flags = ['--jitless']
    const { backend, results, warnings } = withoutAddon.run(file, { flags })
    expect(backend).toMatchObject({ name: 'js', available: ['js'], addon: null })
    expect(results).toEqual(expected)
    expect(warnings).toHaveLength(1)
    expect(warnings[0].message).toContain('softplus runs in its fallback, written in TypeScript')
    const { thrown } = withoutAddon.run(file, { flags, forced: 'wasm' })
    expect(thrown?.message).toContain(mustBe(['js'], 'wasm'))
  })

  test.each([...native, 'nonsense'])(
    'SOFTPLUS_BACKEND=%s is an error, not another backend',
    (forced) => {
      const { thrown, warnings } = withoutAddon.run(file, { forced })
      expect(thrown?.code).toBe('ERR_SOFTPLUS_BACKEND')
      expect(thrown?.message).toContain(mustBe(['wasm', 'js'], forced))
      for (const path of withoutAddon.candidates) expect(thrown?.message).toContain(path)
      expect(warnings).toEqual([])
    },
  )
})

test('import and require in one process give the same', () => {
  expect(withAddon.run('both.mjs').results).toEqual(expected)
  const { results, warnings } = withoutAddon.run('both.mjs')
  expect(results).toEqual(expected)
  expect(warnings).toHaveLength(1)
})

test('a worker thread gets the same as the main one', () => {
  const { backend, results } = withAddon.run('worker.cjs')
  expect(backend?.name).toBe(native[0])
  expect(results).toEqual(expected)
})

test.each(modules)('a file that is no addon: the warning gives its reason, %s', (file) => {
  const broken = new Installed(`broken-${file}`)
  const [built, prebuilt] = broken.candidates
  broken.add(built, 'this is no addon')
  const { backend, results, warnings } = broken.run(file)
  expect(backend).toMatchObject({ name: 'wasm', addon: null })
  expect(results).toEqual(expected)
  expect(warnings).toHaveLength(1)
  const [{ code, message }] = warnings
  expect(code).toBe('SOFTPLUS_FALLBACK')
  expect(message).toContain(`${prebuilt}: not there`)
  expect(message).toContain(`${built}: `)
  expect(message).not.toContain(`${built}: not there`)

  const quiet = broken.run(file, { forced: 'js' })
  expect(quiet.backend).toEqual({
    name: 'js',
    available: ['wasm', 'js'],
    addon: null,
    error: null,
  })
  expect(quiet.stderr).toBe('')

  const { thrown } = broken.run(file, { forced: native[0] })
  expect(thrown?.code).toBe('ERR_SOFTPLUS_BACKEND')
  expect(thrown?.message).toContain(`${built}: `)
})

test('an addon built here comes first; where it is broken, the prebuilt one stands in, silently', () => {
  const addon = readFileSync(loaded.path)
  const twofold = new Installed('twofold')
  const [built, prebuilt] = twofold.candidates
  twofold.add(prebuilt, addon)
  twofold.add(built, addon)
  expect(twofold.run('use.mjs').backend?.addon).toBe(built)
  twofold.add(built, 'this is no addon')
  const { backend, results, stderr } = twofold.run('use.mjs')
  expect(backend).toMatchObject({ name: native[0], addon: prebuilt, error: null })
  expect(results).toEqual(expected)
  expect(stderr).toBe('')
})

test('addons are named after platform and processor', () => {
  expect(candidates('/p', 'linux-arm64').map((path) => relative('/p', path))).toEqual([
    join('build', 'Release', 'softplus.node'),
    join('prebuilds', 'linux-arm64.node'),
  ])
  expect(basename(candidates()[1])).toBe(`${process.platform}-${process.arch}.node`)
})

// What a bundle for another place than Node finds there. `process` may be there too.
const warnedOf: unknown[] = []
const emitWarning = (...args: unknown[]) => warnedOf.push(args)
const dlopen = () => {
  throw Object.assign(new Error(), { code: 'ERR_MISSING_ARGS' })
}
const runtime = (userAgent: string) => ({
  process: { env: {}, versions: { node: '24.0.0' }, dlopen, emitWarning },
  navigator: { userAgent },
})
const hosts: [name: string, warnings: number, globals: object][] = [
  ['a browser', 0, {}],
  [
    'a browser whose bundler brings a process',
    0,
    { process: { env: {}, versions: {}, emitWarning } },
  ],
  ['Cloudflare', 0, runtime('Cloudflare-Workers')],
  ['jsdom', 0, runtime('Mozilla/5.0 jsdom/26.0.0')],
  ['Deno', 1, runtime('Deno/2.9.0')],
  ['Bun', 1, runtime('Bun/1.4.0')],
]
test.each(hosts)('a bundle in %s warns %i times', (_, warnings, globals) => {
  warnedOf.length = 0
  const module = { exports: {} as typeof import('../src/bundled') }
  const [source, modules] = ['bundled', 'modules'].map((name) =>
    readFileSync(join(root, 'dist', `${name}.cjs`), 'utf8'),
  )
  const load = (code: string, context: object) => {
    runInNewContext(code, {
      module,
      get exports() {
        return module.exports
      },
      atob,
      ...context,
    })
    return module.exports
  }
  const own = load(modules, {})
  load(source, { require: () => own, ...globals })
  expect(warnedOf).toHaveLength(warnings)
  const { backend, softplus } = module.exports
  expect(backend).toMatchObject({ name: 'wasm', available: ['wasm', 'js'], addon: null })
  expect(backend.error === null).toBe(warnings === 0)
  expect([...softplus(Float32Array.of(0))]).toEqual([Math.fround(Math.LN2)])
})
