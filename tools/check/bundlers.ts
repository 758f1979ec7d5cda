// Bundles the packed package by esbuild, Rollup, Vite and webpack, for Node and for browsers, and runs the bundles. Without any
// setting they must compute in WebAssembly, and a bundle for Node must say once that it lost the addon.
//
//   npm run tool -- bundlers     installs the bundlers into tools/check/bundlers/
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createApi } from '../../src/api/api'
import { candidates, loadAddon } from '../../src/backend/addon'
import { jsKernels } from '../../src/backend/js/kernels'
import { node as platform } from '../../src/backend/node'
import { mustRun, root, run } from '../build/run.mjs'
import { installPacked } from './packed'

const here = join(root, 'tools', 'check', 'bundlers')

interface Bundle {
  bundler: string
  host: 'node' | 'browser'
  format: 'esm' | 'cjs' | 'iife'
  /** A setting that the bundle was made with. */
  about?: 'node-addons' | 'noExternal'
  title: string
  file: string
}

const inputs = [-104, -20, -2, 0, 0.5, 2, 20, 88.75]
const use = `
const x = Float32Array.from(${JSON.stringify(inputs)})
const stream = softplus.stream().constructor.name
softplus.async(x).then((y) => {
  const results = [y, softplus(x), softplus.derivative(x, { beta: 2 }), softplus.inverse(x)]
  const bits = results.map((each) => [...new Uint32Array(each.buffer)].join())
  const { name, error } = backend
  console.log(JSON.stringify({ name, stream, bits, error: error && error.message }))
})`
const programs = {
  'use.mjs': `import { backend, softplus } from 'softplus'${use}`,
  'use.cjs': `const { backend, softplus } = require('softplus')${use}`,
}

function wantedBits(): string[] {
  const { softplus } = createApi(jsKernels, platform)
  const x = Float32Array.from(inputs)
  const y = softplus(x)
  const results = [y, y, softplus.derivative(x, { beta: 2 }), softplus.inverse(x)]
  return results.map((each) => new Uint32Array(each.buffer).join())
}

interface Wanted {
  name: string
  stream: string
  /** What the one warning says; none if it is left out. */
  warning?: RegExp
}

const best = loadAddon().addon.available[0]
const native = { name: best, stream: 'Transform' }

function wantedOf({ bundler, host, about }: Bundle, hasPrebuilds: boolean): Wanted {
  if (host === 'browser') return { name: 'wasm', stream: 'TransformStream' }
  // Vite leaves dependencies external in what it builds for servers.
  if (bundler === 'vite' && about === undefined) return native
  if (about === 'node-addons') {
    // webpack replaces the call that loads the addon.
    if (bundler === 'webpack') return { ...native, name: 'wasm', warning: /No native addon could/ }
    if (hasPrebuilds) return native
    return { ...native, name: 'wasm', warning: /prebuilds\/\S+\.node: not there/ }
  }
  return { ...native, name: 'wasm', warning: /left out the native addon: mark softplus as ext/ }
}

const environment = { SOFTPLUS_BACKEND: '', NODE_OPTIONS: '', NODE_NO_WARNINGS: '' }

/** Runs a bundle and returns what is wrong with it. */
function problemsOf(bundle: Bundle, wanted: Wanted): string[] {
  const { host, format, file } = bundle
  const command =
    host === 'node'
      ? [process.execPath, file]
      : [process.execPath, join(here, 'browser.mjs'), file, format === 'iife' ? 'script' : 'module']
  const { status, signal, stdout, stderr } = run(command, { env: environment, timeout: 60_000 })
  if (status !== 0) return [`exit code ${status ?? signal}: ${stdout}${stderr}`]
  const { name, stream, bits, error } = JSON.parse(stdout)
  const warnings = stderr.split('[SOFTPLUS_FALLBACK]').length - 1
  const { warning } = wanted
  const problems = [
    name !== wanted.name && `the backend is ${name}, not ${wanted.name}`,
    stream !== wanted.stream && `the stream is a ${stream}, not a ${wanted.stream}`,
    bits.join() !== wantedBits().join() && `the bits are ${bits.join()}`,
    warnings !== (warning ? 1 : 0) && `${warnings} warnings: ${stderr}`,
    !warning && (stderr || error) && `it prints ${stderr}, and backend.error is ${error}`,
    warning && !(warning.test(stderr) && warning.test(error)) && `not ${warning}: ${stderr}`,
    host === 'browser' &&
      /\b(require|import)\(\s*["'`]|\bfrom\s*["']|createRequire/.test(readFileSync(file, 'utf8')) &&
      'it imports a module',
  ]
  return problems.filter((problem) => typeof problem === 'string')
}

function test(bundle: Bundle, hasPrebuilds: boolean): boolean {
  const wanted = wantedOf(bundle, hasPrebuilds)
  const problems = problemsOf(bundle, wanted)
  const where = `${bundle.host}, ${bundle.title}${hasPrebuilds ? ' and prebuilds/' : ''}`
  const found = `${wanted.name}${wanted.warning ? ', one warning' : ''}`
  console.error(`${where}: ${found}: ${problems.length === 0 ? 'passed' : 'FAILED'}`)
  for (const problem of problems) console.error(`  ${problem}`)
  return problems.length === 0
}

export function main(args: string[]): boolean {
  if (args.length > 0) throw new Error(`bundlers takes no arguments; got ${args.join(' ')}`)
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'softplus-bundlers-')))
  try {
    installPacked(folder, 'project')
    const project = join(folder, 'project')
    for (const [file, source] of Object.entries(programs))
      writeFileSync(join(project, file), source)
    mustRun(
      [
        ...['npm', 'install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'],
        '--loglevel=error',
      ],
      { cwd: here },
    )
    const printed = mustRun([process.execPath, join(here, 'bundle.mjs'), project])
    const bundles: Bundle[] = JSON.parse(printed.slice(printed.lastIndexOf('\n[') + 1))
    const outcomes = bundles.map((bundle) => test(bundle, false))
    const prebuilds = dirname(candidates(join(project, 'node_modules', 'softplus'))[1])
    for (const bundle of bundles.filter(({ about }) => about === 'node-addons')) {
      cpSync(prebuilds, join(dirname(bundle.file), '..', 'prebuilds'), { recursive: true })
      outcomes.push(test(bundle, true))
    }
    const passed = outcomes.every(Boolean)
    console.error(`\n${outcomes.length} bundles: ${passed ? 'passed' : 'FAILED'}`)
    return passed
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
