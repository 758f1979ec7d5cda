// Tests the packed package in Bun and Deno, which npm has packages of, and in this Node:
//
// 1. runtime-core.mjs with every backend. Its results must have the hashes of this Node's scalar backend;
// 2. Workers that end in the middle of their jobs;
// 3. what each way of loading the package gives, with and without permissions, and what warning it prints;
// 4. the command.
//
//   npm run tool -- runtimes     installs Bun and Deno into build/runtimes/
import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadAddon } from '../../src/backend/addon'
import { root, run } from '../build/run.mjs'
import { programOf } from './nodes'
import { installPacked } from './packed'

const x64 = process.arch !== 'arm64'
const packages = {
  Bun: {
    name: `@oven/bun-linux-${x64 ? 'x64' : 'aarch64'}`,
    version: '1.4.5',
    program: 'bin/bun',
  },
  Deno: {
    name: `@deno/linux-${x64 ? 'x64' : 'arm64'}-glibc`,
    version: '2.9.6',
    program: 'deno',
  },
}
export type RuntimeName = keyof typeof packages

/** Returns the path of Bun or Deno for Linux. Installs it if it is missing. */
export function runtimeFor(runtime: RuntimeName): string {
  const { name, version, program } = packages[runtime]
  const folder = join(root, 'build', 'runtimes', `${runtime.toLowerCase()}-${version}`)
  return programOf(name, version, program, folder)
}

/** Deno with these permissions, and without a question for others. */
export const deno = (...permissions: string[]): string[] => [
  ...[runtimeFor('Deno'), 'run', '--no-prompt'],
  ...permissions,
]

// All that the package needs, and the tests: they are in the project, and set SOFTPLUS_BACKEND.
const packageOnly = ['--allow-ffi=node_modules/softplus', '--allow-read=node_modules/softplus']
const permissions = ['--allow-ffi', '--allow-read', '--allow-env=SOFTPLUS_BACKEND']

const native = loadAddon().addon.available
const best = native[0]

// Nothing that this process was started with decides what they load.
const environment = { SOFTPLUS_BACKEND: '', NODE_OPTIONS: '', NODE_NO_WARNINGS: '', NO_COLOR: '1' }

let folder: string
let project: string

function report(what: string, problems: string[]): boolean {
  console.error(`  ${what}: ${problems.length === 0 ? 'passed' : 'FAILED'}`)
  for (const problem of problems) console.error(`    ${problem}`)
  return problems.length === 0
}

function start(command: string[], env: Record<string, string> = {}) {
  const started = run(command, { cwd: project, env: { ...environment, ...env }, timeout: 300_000 })
  return { ...started, output: `${started.signal ?? ''}${started.stdout}${started.stderr}` }
}

/** The hashes that the core prints. */
function runCore(command: string[], backend: string): { hashes?: object; problems: string[] } {
  const file = join('tools', 'check', 'runtime-core.mjs')
  // Without SOFTPLUS_BACKEND the best one must be chosen.
  const { status, stdout, stderr, output } = start([...command, file], {
    SOFTPLUS_BACKEND: backend === best ? '' : backend,
  })
  if (status !== 0 || stderr !== '') return { problems: [`exit code ${status}: ${output}`] }
  const { name, hashes } = JSON.parse(stdout)
  return { hashes, problems: name === backend ? [] : [`the backend is ${name}`] }
}

function testCore(command: string[], wanted: object): boolean {
  const outcomes = [...native, 'wasm', 'js'].map((backend) => {
    const { hashes, problems } = runCore(command, backend)
    const differing = Object.entries(hashes ?? {})
      .filter(([key, hash]) => hash !== wanted[key as keyof typeof wanted])
      .map(([key]) => `differs from Node's scalar backend: ${key}`)
    return report(`core, ${backend}`, [...problems, ...differing])
  })
  return outcomes.every(Boolean)
}

function testWorkers(command: string[]): boolean {
  const { status, stdout, stderr } = run([...command, 'test/hostile/workers.mjs', '200'], {
    env: environment,
    timeout: 300_000,
  })
  const survived = status === 0 && stdout.includes('survived')
  return report('200 Workers that end', survived ? [] : [`exit code ${status}: ${stdout}${stderr}`])
}

interface Loading {
  what: string
  command: string[]
  file: string
  env?: Record<string, string>
  name: string
  /** What the one warning says; none if it is left out. */
  warning?: RegExp
}

function testLoading({ what, command, file, env, name, warning }: Loading): boolean {
  const { status, stdout, stderr, output } = start([...command, file], env)
  if (status !== 0) return report(what, [`exit code ${status}: ${output}`])
  const found = JSON.parse(stdout)
  const warnings = stderr.split('SOFTPLUS_FALLBACK').length - 1
  const problems = [
    found.name !== name && `the backend is ${found.name}, not ${name}`,
    found.y !== Math.fround(Math.LN2) && `softplus(0) is ${found.y}`,
    warnings !== (warning ? 1 : 0) && `${warnings} warnings: ${stderr}`,
    warning && !warning.test(stderr) && `the warning is not ${warning}: ${stderr}`,
    !warning && found.code !== null && `backend.error.code is ${found.code}`,
    warning && found.code !== 'ERR_SOFTPLUS_ADDON' && `backend.error.code is ${found.code}`,
  ]
  return report(
    `${file}, ${what}: ${name}${warning ? ', one warning' : ''}`,
    problems.filter((problem) => typeof problem === 'string'),
  )
}

const isRefused = /Deno 2\.9\.6\. Tried .*Deno must be given --allow-ffi and --allow-read\. Set/
const inBun = (flags: string[] = []) => [runtimeFor('Bun'), ...flags]
const loadings: Record<RuntimeName, Loading[]> = {
  Bun: ['use.mjs', 'use.cjs'].flatMap((file) => [
    { what: 'no flag', file, command: inBun(), name: best },
    { what: '--no-addons', file, command: inBun(['--no-addons']), name: 'wasm' },
  ]),
  Deno: [
    {
      what: packageOnly.join(' '),
      file: 'use.mjs',
      command: deno(...packageOnly),
      name: best,
    },
    ...[[], ['--allow-read'], ['--allow-ffi']].map((given) => ({
      what: given.join() || 'no permission',
      file: 'use.mjs',
      command: deno(...given),
      name: 'wasm',
      warning: isRefused,
    })),
    {
      what: 'SOFTPLUS_BACKEND=wasm that may be read',
      file: 'use.mjs',
      command: deno('--allow-env=SOFTPLUS_BACKEND'),
      env: { SOFTPLUS_BACKEND: 'wasm' },
      name: 'wasm',
    },
    {
      what: 'every permission',
      file: 'use.cjs',
      command: deno('-A'),
      name: 'wasm',
      warning: /left out the native addon: use import in place of require\(\)/,
    },
    {
      what: '--conditions=deno',
      file: 'use.cjs',
      command: deno('-A', '--conditions=deno'),
      name: best,
    },
    { what: 'no permission', file: 'js.mjs', command: deno(), name: 'wasm' },
  ],
}

const use = `
  const error = backend.error && backend.error.code
  console.log(JSON.stringify({ name: backend.name, y: softplus(Float32Array.of(0))[0], code: error }))`
const programs = {
  'use.mjs': `import { backend, softplus } from 'softplus'${use}`,
  'js.mjs': `import { backend, softplus } from 'softplus/js'${use}`,
  'use.cjs': `const { backend, softplus } = require('softplus')${use}`,
}

function testCommand(command: string[], runtime: string): boolean {
  const cli = join('node_modules', 'softplus', 'dist', 'cli.cjs')
  const info = start([...command, cli, 'info'])
  const names = [`^backend +${best}$`, `^runtime +${runtime}$`]
  const missing = names.filter((line) => !new RegExp(line, 'm').test(info.stdout))
  writeFileSync(join(project, 'x.f32'), new Uint8Array(Float32Array.of(0, 1).buffer))
  const apply = start([...command, cli, 'apply', 'x.f32', '-o', '-'])
  return [
    report('softplus info', missing.length === 0 ? [] : [info.output]),
    report(
      'softplus apply',
      apply.status === 0 && /, 2 elements, /.test(apply.stderr) ? [] : [apply.output],
    ),
  ].every(Boolean)
}

function testIn(runtime: RuntimeName | 'Node', wanted: object): boolean {
  const version = runtime === 'Node' ? process.versions.node : packages[runtime].version
  console.error(`\n== ${runtime} ${version}`)
  const command = {
    Node: () => [process.execPath],
    Bun: () => inBun(),
    Deno: () => deno(...permissions),
  }[runtime]()
  // The command may do all that its user may.
  const trusted = runtime === 'Deno' ? deno('-A') : command
  const outcomes = [testCore(command, wanted), testCommand(trusted, `${runtime} ${version}`)]
  if (runtime !== 'Node') outcomes.push(testWorkers(command), ...loadings[runtime].map(testLoading))
  return outcomes.every(Boolean)
}

export function main(args: string[]): boolean {
  if (args.length > 0) throw new Error(`runtimes takes no arguments; got ${args.join(' ')}`)
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'softplus-runtimes-')))
  project = join(folder, 'project')
  try {
    installPacked(folder, 'project')
    const cores = ['tools/check/runtime-core.mjs', 'tools/check/cases.mjs']
    for (const file of [...cores, 'examples/browser/hash.js'])
      cpSync(join(root, file), join(project, file), { recursive: true })
    writeFileSync(join(project, 'examples', 'package.json'), '{ "type": "module" }')
    for (const [file, source] of Object.entries(programs))
      writeFileSync(join(project, file), source)
    const { hashes, problems } = runCore([process.execPath], 'scalar')
    if (!hashes || problems.length > 0) throw new Error(problems.join('\n'))
    const passed = (['Node', 'Bun', 'Deno'] as const).map((runtime) => testIn(runtime, hashes))
    const all = passed.every(Boolean)
    console.error(`\nruntimes: ${all ? 'passed' : 'FAILED'}`)
    return all
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
