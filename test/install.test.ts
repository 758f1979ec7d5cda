// The package as it is published: packed, installed into an empty project, and used in every supported way.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import { buildSync } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApi } from '../src/api/api'
import { candidates, loadAddon } from '../src/backend/addon'
import { jsKernels } from '../src/backend/js/kernels'
import { node as platform } from '../src/backend/node'
import { installPacked, type Tarball } from '../tools/check/packed'

const root = fileURLToPath(new URL('..', import.meta.url))
const { addon } = loadAddon()
// Node 20 knows only the second name.
const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'

// A program that runs first. The second does what a page's policy without 'wasm-unsafe-eval' does.
const withoutWasm = [
  ['missing', 'delete globalThis.WebAssembly'],
  [
    'forbidden',
    `WebAssembly.Module = function () { throw new WebAssembly.CompileError('violates a policy') }`,
  ],
]

const inputs = '[-Infinity, -104, -20, -2, -0, 1e-40, 0.5, 2, 20, 88.75, Infinity]'
const x = new Float32Array(JSON.parse(inputs.replaceAll('Infinity', '1e999')))
const hex = (y: Float32Array): string => Buffer.from(y.buffer).toString('hex')
const { softplus } = createApi(jsKernels, platform)
const expected = [softplus(x), softplus.derivative(x, { beta: 2 }), softplus.inverse(x)].map(hex)

// Prints the backend and the bits of a few calls.
const use = `
const x = Float32Array.from(${inputs})
const hex = (y) => Buffer.from(y.buffer).toString('hex')
const results = [softplus(x), softplus.derivative(x, { beta: 2 }), softplus.inverse(x)].map(hex)
const error = backend.error && backend.error.message
console.log(JSON.stringify({ name: backend.name, addon: backend.addon, error, results }))
`
const programs = {
  'use.mjs': `import { backend, softplus } from 'softplus'\n${use}`,
  'use.cjs': `const { backend, softplus } = require('softplus')\n${use}`,
  'worker.mjs': `
    import { isMainThread, Worker } from 'node:worker_threads'
    if (isMainThread) new Worker(new URL(import.meta.url))
    else {
      const { backend, softplus } = await import('softplus')
      ${use}
    }`,
  // Uses each public type.
  'types.mts': `
    import type { Transform } from 'node:stream'
    import { pipeline } from 'node:stream/promises'
    import { type Backend, type SoftplusOptions, backend, relu, softplus } from 'softplus'
    const options: SoftplusOptions = { beta: 2, threshold: 20 }
    const y: Float32Array = softplus(new Float32Array(3), { ...options, out: new Float32Array(3) })
    const { value, derivative } = softplus.withDerivative(y, options)
    const moved: Promise<Float32Array> = relu.async(value, { threads: 1 })
    const name: Backend['name'] = backend.name
    softplus.stream().pipe(process.stdout)
    const transform: Transform = softplus.stream()
    const done: Promise<void> = pipeline(process.stdin, softplus.stream(), process.stdout)
    const { signal } = new AbortController()
    const aborted = softplus.async(y, { signal, transfer: true })
    // @ts-expect-error: no string
    softplus('1')
    export { aborted, derivative, done, moved, name, transform }`,
  // Must compile without the types of Node and of browsers. `out` keeps its type, and nothing is any.
  'bare.mts': `
    import { type TransferError, relu, softplus } from 'softplus'
    import { type Activatable, activate } from 'softplus/arrow'
    type IsAny<T> = 0 extends 1 & T ? true : false
    class Weights extends Float32Array { layer = 0 }
    const x = new Float32Array(3)
    const weights: Weights = softplus(x, { out: new Weights(3) })
    const pair: { value: Weights } = softplus.withDerivative(x, { out: { value: weights } })
    const same: Weights = softplus.backward(x, x, { out: softplus.inPlace(weights) })
    const job: Promise<Weights> = relu.async(x, { out: weights })
    const moved: Promise<Float32Array> = softplus.async(x, { transfer: true, threads: 2 })
    const signal = { aborted: false, addEventListener() {}, removeEventListener() {} }
    softplus.async(x, { signal })
    const stream = softplus.stream({ highWaterMark: 64 })
    const isAny: IsAny<typeof stream> = false
    const written: boolean = stream.write(new Uint8Array(4))
    const array: Float32Array = ({} as TransferError).array
    const column = {} as Activatable & { name: string }
    const named: string = activate(column, { function: 'derivative', out: x }).name
    // @ts-expect-error: no column
    activate(x)
    // @ts-expect-error: no such option
    softplus.async(x, { betta: 2 })
    // @ts-expect-error: a transfer has no out
    softplus.async(x, { transfer: true, out: x })
    // @ts-expect-error: no stream takes strings
    stream.write('1')
    export { array, isAny, job, moved, named, pair, same, written }`,
  // TypeScript 5.7 and later.
  'buffers.mts': `
    import { softplus } from 'softplus'
    const y: Float32Array<ArrayBuffer> = softplus(new Float32Array(3))
    const z: Promise<Float32Array<ArrayBuffer>> = softplus.async(y)
    const moved: Promise<Float32Array<ArrayBuffer>> = softplus.async(y, { transfer: true })
    const { value }: { value: Float32Array<ArrayBuffer> } = softplus.withDerivative(y)
    const buffer: ArrayBuffer = softplus.backward(y, value).buffer
    export { buffer, moved, z }`,
  'types.cts': `
    import softplus = require('softplus')
    const y: Float32Array = softplus.softplus.inPlace(new Float32Array(3))
    // @ts-expect-error: relu takes no beta
    softplus.relu(y, { beta: 2 })
    export = y`,
}

// A folder may have this name. Each of these characters means something else in a URL.
const awkward = 'a project #1 100%25'
let folder: string
let project: string
let tarball: Tarball

// The programs do not inherit the settings that the tests themselves were started with.
const { SOFTPLUS_BACKEND: _, NODE_OPTIONS: __, NODE_NO_WARNINGS: ___, ...environment } = process.env
// Programs that a shell starts run with the Node of these tests.
const path = [dirname(process.execPath), process.env.PATH].join(delimiter)

function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = environment) {
  const shell = process.platform === 'win32' && command !== process.execPath
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    shell,
  })
  if (error) throw error
  expect(status, `${command} ${args.join(' ')}\n${stdout}\n${stderr}`).toBe(0)
  return { stdout, stderr }
}

/** Runs a program with the Node of these tests. */
function node(file: string, ...flags: string[]) {
  const { stdout, stderr } = run(process.execPath, [...flags, file], project)
  return { ...JSON.parse(stdout), stderr }
}

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'softplus-install-')))
  project = join(folder, awkward)
  tarball = installPacked(folder, awkward, Boolean(process.env.SOFTPLUS_TEST_PREBUILDS))
  for (const [file, source] of Object.entries(programs)) writeFileSync(join(project, file), source)
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('the tarball', () => {
  test('has what users need, and nothing else', () => {
    const paths = tarball.files.map(({ path }) => path)
    const folders = /^(dist|docs|native|prebuilds)\//
    const files = ['CHANGELOG.md', 'LICENSE', 'README.md', 'binding.gyp', 'package.json']
    expect(paths.filter((path) => !folders.test(path)).sort()).toEqual(files)
    for (const path of ['dist/index.js', 'dist/index.cjs', 'native/addon/addon.cc'])
      expect(paths).toContain(path)
    for (const path of paths.filter((path) => path.startsWith('prebuilds/')))
      expect(path).toMatch(
        /^prebuilds\/((linux|darwin|win32)-(x64|arm64)\.node|linux-(x64|arm64)\/softplus\.duckdb_extension)$/,
      )
  })

  test('is small', () => {
    const addons = tarball.files.filter(({ path }) => path.endsWith('.node'))
    expect(tarball.size).toBe(statSync(join(folder, tarball.filename)).size)
    // Linux for x64 and arm64, each with a DuckDB extension, Windows for x64, and WebAssembly are in the limit. Each further
    // platform may add one addon.
    expect(tarball.size).toBeLessThanOrEqual(1_200_000 + Math.max(0, addons.length - 3) * 200_000)
  })

  test('runs no script on installation, and has no dependency', () => {
    const manifest = JSON.parse(
      readFileSync(join(project, 'node_modules', 'softplus', 'package.json'), 'utf8'),
    )
    expect(manifest.gypfile).toBe(false)
    for (const script of ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'])
      expect(manifest.scripts).not.toHaveProperty(script)
    for (const kind of ['dependencies', 'optionalDependencies'])
      expect(manifest).not.toHaveProperty(kind)
    const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'))
    expect(Object.keys(lock.packages)).toEqual(['', 'node_modules/softplus'])
    expect(lock.packages['node_modules/softplus']).not.toHaveProperty('hasInstallScript')
  })
})

describe('installed', () => {
  test.each(['use.mjs', 'use.cjs', 'worker.mjs'])('%s has the addon', (file) => {
    const [, prebuilt] = candidates(join(project, 'node_modules', 'softplus'))
    expect(node(file)).toEqual({
      name: addon.available[0],
      addon: prebuilt,
      error: null,
      results: expected,
      stderr: '',
    })
  })

  test.each(['use.mjs', 'use.cjs'])('%s under node --no-addons: WebAssembly', (file) => {
    const found = node(file, '--no-addons')
    expect(found).toEqual({ name: 'wasm', addon: null, error: null, results: expected, stderr: '' })
  })

  // Node then chooses that build by itself. The user must be told.
  test.each(['use.mjs', 'use.cjs'])(
    '%s where addons are refused: WebAssembly, with a warning',
    (file) => {
      const found = node(file, permission, '--allow-fs-read=*')
      expect(found).toMatchObject({ name: 'wasm', addon: null, results: expected })
      expect(found.stderr.split('SOFTPLUS_FALLBACK')).toHaveLength(2)
      expect(found.stderr).toContain('softplus runs in WebAssembly')
      expect(found.stderr).toContain('--allow-addons')
    },
  )

  test.each(['use.mjs', 'use.cjs'])('%s where addons are permitted', (file) => {
    const found = node(file, permission, '--allow-fs-read=*', '--allow-addons')
    expect(found).toMatchObject({ name: addon.available[0], results: expected })
  })

  // V8 then has no WebAssembly at all, and says so.
  test.each(['use.mjs', 'use.cjs'])('%s under node --jitless', (file) => {
    const found = node(file, '--jitless')
    expect(found).toMatchObject({ name: addon.available[0], error: null, results: expected })
    const without = node(file, '--jitless', '--no-addons')
    expect(without).toMatchObject({ name: 'js', addon: null, error: null, results: expected })
    for (const { stderr } of [found, without]) expect(stderr).not.toContain('SOFTPLUS_FALLBACK')
  })

  describe.each(withoutWasm)('where WebAssembly is %s', (_, preload) => {
    const flags = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`]

    test.each(['use.mjs', 'use.cjs'])('%s has the addon, or the fallback', (file) => {
      expect(node(file, ...flags)).toMatchObject({ name: addon.available[0], stderr: '' })
      const silent = { name: 'js', addon: null, error: null, results: expected, stderr: '' }
      expect(node(file, '--no-addons', ...flags)).toEqual(silent)
    })

    test.each(['use.mjs', 'use.cjs'])('%s where addons are refused: one warning', (file) => {
      const found = node(file, permission, '--allow-fs-read=*', ...flags)
      expect(found).toMatchObject({ name: 'js', addon: null, results: expected })
      expect(found.stderr.split('SOFTPLUS_FALLBACK')).toHaveLength(2)
      expect(found.stderr).toContain('softplus runs in its fallback, written in TypeScript')
    })
  })

  test.each([[join('node_modules', '.bin', 'softplus')], ['npx', '--offline', 'softplus']])(
    'the command: %s',
    (...command) => {
      const [name, ...args] = [...command, 'info']
      const { stdout } = run(name, args, project, { ...environment, PATH: path })
      expect(stdout).toMatch(new RegExp(`^backend +${addon.available[0]}$`, 'm'))
    },
  )
})

describe('bundled by esbuild', () => {
  interface Bundle {
    platform: 'node' | 'browser'
    format: 'esm' | 'cjs' | 'iife'
    conditions?: string[]
  }

  function bundle(to: string, { platform, format, conditions }: Bundle): string {
    const extension = { esm: '.mjs', cjs: '.cjs', iife: '.js' }[format]
    const outfile = join(project, to, 'out', `bundle-${format}${extension}`)
    buildSync({
      entryPoints: [join(project, 'use.mjs')],
      bundle: true,
      platform,
      format,
      conditions,
      outfile,
      logLevel: 'error',
    })
    return outfile
  }

  test.each(['esm', 'cjs'] as const)(
    'for Node as %s: WebAssembly, and one warning says how to include the addon',
    (format) => {
      const file = bundle('plain', { platform: 'node', format })
      const found = node(file)
      expect(found).toMatchObject({ name: 'wasm', addon: null, results: expected })
      expect(found.error).toContain('A bundler or loader left out the native addon')
      expect(found.error).toContain('mark softplus as external')
      expect(found.error).toContain('set the condition "node-addons" and copy prebuilds/ next to')
      expect(found.stderr.split('SOFTPLUS_FALLBACK')).toHaveLength(2)
      expect(found.stderr).toContain(found.error)
      expect(found.stderr).not.toContain('Reinstall')

      // Whoever asked for less gets no warning.
      const silent = { name: 'wasm', addon: null, error: null, results: expected, stderr: '' }
      expect(node(file, '--no-addons')).toEqual(silent)
      const environments = [
        [{ NODE_OPTIONS: '--no-addons' }, 'wasm'],
        [{ SOFTPLUS_BACKEND: 'wasm' }, 'wasm'],
        [{ SOFTPLUS_BACKEND: 'js' }, 'js'],
      ] as const
      for (const [variables, name] of environments) {
        const { stdout, stderr } = run(process.execPath, [file], project, {
          ...environment,
          ...variables,
        })
        expect({ ...JSON.parse(stdout), stderr }).toEqual({ ...silent, name })
      }
    },
  )

  test('for Node, twice in one process: one warning', () => {
    const [esm, cjs] = (['esm', 'cjs'] as const).map((format) =>
      bundle('twice', { platform: 'node', format }),
    )
    writeFileSync(
      join(project, 'twice', 'both.cjs'),
      `require(${JSON.stringify(cjs)})
      import(require('node:url').pathToFileURL(${JSON.stringify(esm)}))`,
    )
    const { stdout, stderr } = run(process.execPath, [join('twice', 'both.cjs')], project)
    expect(stdout.trim().split('\n')).toHaveLength(2)
    expect(stderr.split('SOFTPLUS_FALLBACK')).toHaveLength(2)
  })

  describe.each(['esm', 'cjs'] as const)('for Node with addons as %s', (format) => {
    const conditions = ['node-addons']

    test('has the addon where prebuilds/ is beside its folder', () => {
      const prebuilds = join(project, 'node_modules', 'softplus', 'prebuilds')
      cpSync(prebuilds, join(project, 'beside', 'prebuilds'), { recursive: true })
      const found = node(bundle('beside', { platform: 'node', format, conditions }))
      expect(found).toMatchObject({ name: addon.available[0], results: expected, stderr: '' })
      expect(found.addon).toBe(candidates(join(project, 'beside'))[1])
    })

    test('falls back with a warning where prebuilds/ is missing', () => {
      const found = node(bundle('alone', { platform: 'node', format, conditions }))
      expect(found).toMatchObject({ name: 'wasm', addon: null, results: expected })
      for (const candidate of candidates(join(project, 'alone')))
        expect(found.stderr).toContain(`${candidate}: not there`)
      expect(found.stderr.split('SOFTPLUS_FALLBACK')).toHaveLength(2)
    })
  })

  // bundlers.ts runs bundles by other bundlers, and async and streams in them.
  test.each([
    ['wasm', {}],
    ['js', { WebAssembly: undefined }],
  ])('for browsers: %s, without any module of Node', (name, globals) => {
    const source = readFileSync(bundle('web', { platform: 'browser', format: 'iife' }), 'utf8')
    expect(source).not.toMatch(/\b(require|import)\(["'`]|from ?["']/)
    const printed: string[] = []
    const log = (line: string) => printed.push(line)
    runInNewContext(source, { Buffer, atob, console: { log }, ...globals })
    expect(printed).toHaveLength(1)
    expect(JSON.parse(printed[0])).toEqual({ name, addon: null, error: null, results: expected })
  })
})

// The programs above, compiled with each kind of module resolution.
interface TypeProject {
  files: string[]
  compilerOptions: Record<string, unknown>
}
const nodenext = { module: 'nodenext' }
const bundler = { module: 'esnext', moduleResolution: 'bundler' }

function typeProjects(compiler: string): Record<string, TypeProject> {
  const types = { typeRoots: [join(root, 'node_modules', '@types')], types: ['node'] }
  const projects: Record<string, TypeProject> = {
    'node, nodenext': {
      files: ['types.mts', 'types.cts'],
      compilerOptions: { lib: ['es2023'], ...types, ...nodenext },
    },
    'node, bundler': {
      files: ['types.mts'],
      // Node's own declarations take a second to check, and the others are checked in the projects above and below.
      compilerOptions: { lib: ['es2023'], ...types, ...bundler, skipLibCheck: true },
    },
  }
  const language = compiler === 'typescript' ? ['bare.mts', 'buffers.mts'] : ['bare.mts']
  for (const module of [nodenext, bundler])
    for (const customConditions of [['node-addons'], []])
      for (const [lib, files] of [
        [['es2022'], language],
        [['es2022', 'dom'], ['bare.mts']],
      ]) {
        // No folder has this name, so the compiler finds no @types/node.
        const options = { lib, ...module, customConditions, typeRoots: ['none'] }
        projects[[...lib, module.module, ...customConditions].join(', ')] = {
          files,
          compilerOptions: options,
        }
      }
  return projects
}

test.each(['typescript', 'typescript-5.4'])(
  'the types compile with %s, strict, every declaration checked: with and without @types/node, the DOM and addons',
  (compiler) => {
    const tsc = createRequire(import.meta.url).resolve(`${compiler}/bin/tsc`)
    const configs = Object.entries(typeProjects(compiler)).map(
      ([name, { files, compilerOptions }]) => {
        const config = join(project, `${compiler}, ${name}.json`)
        // To check the compiler's own libraries would take longer than all the rest.
        const checked = { strict: true, skipLibCheck: false, skipDefaultLibCheck: true }
        const options = { ...checked, target: 'es2022', noEmit: true, ...compilerOptions }
        writeFileSync(config, JSON.stringify({ files, compilerOptions: options }))
        return config
      },
    )
    // One process compiles all projects, because it parses the libraries once. Each error names its project.
    const { stdout } = run(process.execPath, [tsc, '-b', '--verbose', ...configs], project)
    expect(stdout.match(/Building project/g)).toHaveLength(configs.length)
  },
)
