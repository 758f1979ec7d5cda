// What is published: the files, the manifest, and the examples in the comments of the public functions.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import { beforeAll, describe, expect, test } from 'vitest'
import { relu, softplus } from '../src/index'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const manifest = JSON.parse(read('package.json'))

/** All files in a folder and the folders in it, with forward slashes, as npm names them. */
const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder)).flatMap((name) => {
    const path = `${folder}/${name}`
    return statSync(join(root, path)).isDirectory() ? filesIn(path) : [path]
  })

/** All paths in a part of the manifest. A path there starts with './'. */
const pathsIn = (part: unknown): string[] => {
  if (typeof part === 'string') return part.startsWith('./') ? [part.slice(2)] : []
  return typeof part === 'object' && part !== null ? Object.values(part).flatMap(pathsIn) : []
}

describe('the package', () => {
  let packed: string[]

  beforeAll(() => {
    const { stdout, stderr } = spawnSync(
      'npm',
      ['pack', '--dry-run', '--json', '--ignore-scripts'],
      {
        cwd: root,
        encoding: 'utf8',
        shell: process.platform === 'win32',
      },
    )
    expect(stdout, stderr).not.toBe('')
    packed = JSON.parse(stdout)[0].files.map(({ path }: { path: string }) => path)
  })

  test.each(['README.md', 'CHANGELOG.md', 'LICENSE', 'binding.gyp', 'package.json'])(
    'has %s',
    (file) => {
      expect(packed).toContain(file)
    },
  )

  test('has all of dist/', () => {
    expect(packed).toEqual(expect.arrayContaining(filesIn('dist')))
  })

  test('has the sources that build the addon, without its tests and what only the published builds need', () => {
    const sources = filesIn('native').filter(
      (path) =>
        !/^native\/(test|duckdb|prebuild|wasm)\/|^native\/(CMakeLists\.txt|package\.json|simd\/wasm\.h)$/.test(
          path,
        ),
    )
    expect(packed.filter((path) => path.startsWith('native/')).sort()).toEqual(sources.sort())
    const built = ['binding.gyp', 'native/backends.json'].flatMap(
      (file) => read(file).match(/native\/(?!wasm)[\w/]+\.cc/g) ?? [],
    )
    expect(built).toContain('native/addon/addon.cc')
    expect(packed).toEqual(expect.arrayContaining(built))
  })

  test('has the licences of what the command is bundled with', () => {
    expect(packed).toContain('dist/LICENSES.txt')
    const licences = read('dist/LICENSES.txt')
    for (const name of ['apache-arrow', 'flatbuffers', 'cli-progress'])
      expect(licences).toMatch(new RegExp(`^${name} \\d`, 'm'))
  })

  test('has nothing else', () => {
    const expected =
      /^(dist|docs|native|prebuilds)\/|^(README\.md|CHANGELOG\.md|LICENSE|binding\.gyp|package\.json)$/
    expect(packed.filter((path) => !expected.test(path))).toEqual([])
    expect(packed.filter((path) => /test|bench|\.map$|\.o$/.test(path))).toEqual([])
  })

  test('has every file its manifest names', () => {
    const { main, module, types, bin, exports } = manifest
    const named = pathsIn({ main, module, types, bin, exports })
    expect(named.length).toBeGreaterThan(10)
    expect(packed).toEqual(expect.arrayContaining(named))
  })
})

test.each([
  ['cli.cjs', ['./arrow-ipc.cjs', './index.cjs']],
  ['arrow-ipc.cjs', []],
])('the command, dist/%s, loads nothing but %j and what Node has', (file, loaded) => {
  const names = [...read(`dist/${file}`).matchAll(/\b(?:require|import)\("([^"]+)"\)/g)]
  const others = names.map(([, name]) => name).filter((name) => !isBuiltin(name))
  expect([...new Set(others)].sort()).toEqual(loaded)
})

describe('the manifest', () => {
  test('runs nothing on installation', () => {
    for (const script of ['preinstall', 'install', 'postinstall', 'prepare'])
      expect(manifest.scripts).not.toHaveProperty(script)
    // Without this npm runs node-gyp because there is a binding.gyp.
    expect(manifest.gypfile).toBe(false)
  })

  test('depends on nothing', () => {
    for (const kind of ['dependencies', 'optionalDependencies', 'bundleDependencies'])
      expect(manifest).not.toHaveProperty(kind)
    // npm installs no peer that is optional.
    for (const peer of Object.keys(manifest.peerDependencies))
      expect(manifest.peerDependenciesMeta[peer]).toEqual({ optional: true })
  })

  test('takes every version of @duckdb/node-api: all are prereleases, which npm takes by * alone', () => {
    expect(manifest.devDependencies['@duckdb/node-api']).toContain('-')
    expect(manifest.peerDependencies['@duckdb/node-api']).toBe('*')
  })

  test('names types before code in every condition', () => {
    const { '.': main } = manifest.exports
    // The first that a bundler or runtime knows is taken. Bun's bundler sets "node-addons" for browsers, too.
    expect(Object.keys(main)).toEqual(['browser', 'node-addons', 'deno', 'import', 'require'])
    const { browser, deno, 'node-addons': addons } = main
    for (const entry of [browser, addons, deno, main, manifest.exports['./js']])
      for (const code of [entry.import, entry.require])
        expect(Object.keys(code)).toEqual(['types', 'default'])
  })

  test('has a command that starts with #!/usr/bin/env node', () => {
    expect(read(manifest.bin.softplus)).toMatch(/^#!\/usr\/bin\/env node\n/)
  })

  test('has a version that is in CHANGELOG.md', () => {
    expect(read('CHANGELOG.md')).toContain(manifest.version)
  })
})

// An example is a line such as `relu(x) // Float32Array [0, 0.693147…]`. The sign … stands for further digits.
const sources = filesIn('src').filter((path) => path.endsWith('.ts'))
const examples = sources.flatMap((file) =>
  [...read(file).matchAll(/^ *\* (\S.*?) +\/\/ Float32Array \[(.*)\]$/gm)].map(
    ([, expression, values]) => ({ file, expression, values: values.split(', ') }),
  ),
)

describe('the examples', () => {
  test('are found', () => {
    expect(examples.length).toBeGreaterThanOrEqual(5)
  })

  test.each(examples)('$file: $expression', async ({ expression, values }) => {
    const x = Float32Array.of(-2, 0, 2)
    const program = `(async () => ${expression.replace(/^const \w+ = /, '')})()`
    const y: Float32Array = await runInNewContext(program, { softplus, relu, Float32Array, x })
    expect(y).toHaveLength(values.length)
    values.forEach((value, i) => {
      if (value.endsWith('…'))
        expect(`${y[i]}`.startsWith(value.slice(0, -1)), `${y[i]}`).toBe(true)
      else expect(`${y[i]}`).toBe(value)
    })
  })

  test('softplus(x, { beta: 2, out: x }) is ln(1 + e^(2 x)) / 2, over x', () => {
    const example = 'softplus(x, { beta: 2, out: x })    // ln(1 + e^(2 x)) / 2, over x'
    expect(sources.some((file) => read(file).includes(example))).toBe(true)
    const x = Float32Array.of(-2, 0, 2)
    expect(softplus(x, { beta: 2, out: x })).toBe(x)
    for (const [i, v] of [-2, 0, 2].entries())
      expect(x[i]).toBeCloseTo(Math.log(1 + Math.exp(2 * v)) / 2, 6)
  })

  test('special values have the results that the comments state', () => {
    const x = Float32Array.of(Number.NaN, -Infinity, Infinity, -0)
    expect([...softplus(x)]).toEqual([Number.NaN, 0, Infinity, Math.fround(Math.LN2)])
    expect([...softplus.derivative(x)]).toEqual([Number.NaN, 0, 1, 0.5])
    expect([...relu(x)]).toEqual([Number.NaN, 0, Infinity, 0])
    expect([...relu.derivative(x)]).toEqual([Number.NaN, 0, 1, 0])
  })
})
