// Tests the package on Windows x64, under Wine: builds win32-x64's addon, installs it in a folder, and runs there, with node.exe:
//
// 1. core.mjs with every backend;
// 2. 1 in 257 of all inputs through every function on every backend. The hashes of the results must be those of
//    native/test/prove.cc on this machine;
// 3. the command line. Windows does not replace files that are open.
//
//   npm run tool -- windows [MAJOR...]     Node 20 and 22 by default; needs clang-19, lld-19, MinGW's headers and wine64
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { candidates } from '../../src/backend/addon'
import { floatBytes, npyFile } from '../../test/npy-writer'
import { build, host, runOn } from '../build/native'
import { loaded, prebuildWindows } from '../build/prebuild'
import { mustRun, root } from '../build/run.mjs'
import { entries } from '../prove/facts'
import { runInWine, windowsNode } from './wine'

const platform = 'win32-x64'
const stride = 257
const folder = join(root, 'build', 'windows')
const installed = join(folder, 'node_modules', 'softplus')
const files = join(folder, 'files')

/** Puts what npm would install into a folder. */
function install(): void {
  rmSync(folder, { recursive: true, force: true })
  for (const entry of ['dist', 'package.json', `prebuilds/${platform}.node`])
    cpSync(join(root, entry), join(installed, entry), { recursive: true })
}

/** The hashes of all functions, by a backend's program for this machine that compares all backends. */
function provenHashes(): string[] {
  const args = ['--stride', String(stride), '--json']
  const { status, stdout } = runOn(host, build(host, ['prove']), 'prove', args)
  const proofs = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const names = entries.map(({ name }) => name).join()
  if (status !== 0 || proofs.map((proof) => proof.function).join() !== names)
    throw new Error(`prove must succeed with ${names}; got exit code ${status} and ${stdout}`)
  return proofs.map(({ hash }) => hash)
}

function report(what: string, passed: boolean, details = ''): boolean {
  console.error(`${what}: ${passed ? 'passed' : 'FAILED'}`)
  if (!passed) console.error(details)
  return passed
}

function testBackend(node: string, backend: string, native: string[], hashes: string[]): boolean {
  // Without SOFTPLUS_BACKEND the best one must be chosen.
  const env = { SOFTPLUS_BACKEND: backend === native[0] ? '' : backend }
  const core = runInWine(
    [
      node,
      '--test-reporter=spec',
      'tools/check/core.mjs',
      installed,
      platform,
      backend,
      native.join(),
    ],
    { env },
  )
  const [passes] = /(?<=^\S+ pass )\d+$/m.exec(core.stdout) ?? ['0']
  const publicNames = entries.map(({ publicName }) => publicName).join()
  const entry = pathToFileURL(join(installed, 'dist/index.js')).href.replace(
    'file://',
    'file:///Z:',
  )
  const hash = runInWine([node, 'tools/check/bits-host.mjs', entry, String(stride), publicNames], {
    env,
  })
  const found: string[] = hash.status === 0 ? JSON.parse(hash.stdout).hashes : []
  return [
    report(
      `  ${backend}, core, ${passes} tests`,
      core.status === 0 && Number(passes) > 0,
      `${core.stdout}${core.stderr}`,
    ),
    report(
      `  ${backend}, 1 in ${stride} inputs, ${entries.length} functions: the hashes of this machine`,
      found.join() === hashes.join(),
      `wanted ${hashes.join()}; got ${found.join()}\n${hash.stderr}`,
    ),
  ].every(Boolean)
}

const command = join(installed, 'dist', 'cli.cjs')
// Opens a file, runs the command, and closes the file after some milliseconds. Returns the command's exit code.
const hold = `
const { spawn } = require('node:child_process')
const { closeSync, openSync } = require('node:fs')
const [file, milliseconds, ...args] = process.argv.slice(2)
const fd = openSync(file, 'r')
setTimeout(() => closeSync(fd), milliseconds)
spawn(process.execPath, args, { stdio: 'inherit' }).on('exit', (code) => process.exit(code))`

interface CommandTest {
  what: string
  args: string[]
  /** A program that runs the command, and its arguments. */
  by?: string[]
  code: number
  stderr: RegExp
  /** What files must have afterwards. */
  files: Record<string, Buffer>
}

/** Runs the command line in a folder of its own, and compares its files with those of this machine. */
function testCommand(node: string): boolean {
  rmSync(files, { recursive: true, force: true })
  mkdirSync(join(files, 'results'), { recursive: true })
  const file = (name: string) => join(files, name)
  const read = (name: string) => readFileSync(file(name))
  // The command reads several whole pieces of it, and a part of one.
  const x = Float32Array.from({ length: 3_000_001 }, (_, i) => Math.sin(i * 12.9898) * 20)
  writeFileSync(file('x.npy'), npyFile({ shape: [x.length], data: floatBytes(x) }))
  writeFileSync(file('short.npy'), read('x.npy').subarray(0, 1000))
  writeFileSync(file('hold.cjs'), hold)
  const derivativeOptions = ['-f', 'derivative', '--beta=2']
  for (const args of [
    ['-o', 'softplus.npy'],
    ['-o', 'derivative.npy', ...derivativeOptions],
  ])
    mustRun([process.execPath, join(root, 'dist', 'cli.cjs'), 'apply', 'x.npy', ...args], {
      cwd: files,
    })
  const [softplus, derivative] = ['softplus.npy', 'derivative.npy'].map(read)

  const inWine = (args: string[], by: string[] = []) =>
    runInWine([node, ...by, command, ...args], { cwd: files })
  function passes(test: CommandTest): boolean {
    const { status, stdout, stderr } = inWine(test.args, test.by)
    const isRight =
      status === test.code &&
      stdout === '' &&
      test.stderr.test(stderr) &&
      Object.entries(test.files).every(([name, bytes]) => read(name).equals(bytes)) &&
      !readdirSync(files, { recursive: true }).some((name) => /\.tmp$/.test(String(name)))
    const line = `  softplus ${test.args.join(' ')}: ${test.what}`
    return report(line, isRight, `exit code ${status}\n${stderr}`)
  }
  const summary = /^softplus: (\S+, )?backend \w+, \w+, 3,000,001 elements, /
  const toY = ['apply', 'x.npy', '-o', 'y.npy']
  const tests: CommandTest[] = [
    { what: 'a new file', args: toY, code: 0, stderr: summary, files: { 'y.npy': softplus } },
    {
      what: 'a file that exists',
      args: [...toY, ...derivativeOptions],
      code: 0,
      stderr: summary,
      files: { 'y.npy': derivative },
    },
    {
      what: 'worker threads',
      args: [...toY, '--threads', '2', '-q'],
      code: 0,
      stderr: /^$/,
      files: { 'y.npy': softplus },
    },
    {
      what: 'a file that another program has open for half a second',
      args: [...toY, ...derivativeOptions],
      by: ['hold.cjs', 'y.npy', '500'],
      code: 0,
      stderr: summary,
      files: { 'y.npy': derivative },
    },
    {
      what: 'a file that another program keeps open',
      args: toY,
      by: ['hold.cjs', 'y.npy', '60000'],
      code: 1,
      stderr: /^softplus: cannot write y\.npy: E\w+, .*another program has it open/,
      files: { 'y.npy': derivative },
    },
    {
      what: 'an input that is cut off',
      args: ['apply', 'short.npy', '-o', 'y.npy'],
      code: 2,
      stderr: /cut off/,
      files: { 'y.npy': derivative },
    },
    {
      what: 'a folder that does not exist',
      args: ['apply', 'x.npy', '-o', 'none\\y.npy'],
      code: 1,
      stderr: /ENOENT/,
      files: {},
    },
    {
      what: 'several files into a folder',
      args: ['apply', 'x.npy', 'y.npy', '-o', 'results\\', '-q'],
      code: 0,
      stderr: /^$/,
      files: { 'results/x.npy': softplus, 'y.npy': derivative },
    },
    {
      what: 'the input itself',
      args: ['apply', 'x.npy', '--in-place', '-q'],
      code: 0,
      stderr: /^$/,
      files: { 'x.npy': softplus },
    },
  ]
  const outcomes = tests.map(passes)
  const { status, stdout } = inWine(['info', '--json'])
  const info = status === 0 ? JSON.parse(stdout) : {}
  const isInfo = info.platform === platform && info.error === null
  return [...outcomes, report('  softplus info --json', isInfo, stdout)].every(Boolean)
}

function testWith(major: string, native: string[], hashes: string[]): boolean {
  const node = windowsNode(major)
  const { stdout } = runInWine([node, '-p', 'process.platform, process.version'])
  console.error(`\n== Node ${stdout.trim()}, Windows x64 under Wine`)
  const outcomes = [...native, 'wasm', 'js'].map((name) => testBackend(node, name, native, hashes))
  return [...outcomes, testCommand(node)].every(Boolean)
}

export function main(args: string[]): boolean {
  const majors = args.length > 0 ? args : ['20', '22']
  const wrong = majors.find((major) => !/^\d+$/.test(major))
  if (wrong) throw new Error(`MAJOR must be a number such as 22; got ${wrong}`)
  prebuildWindows()
  install()
  // The CPU is the same, so the addon for Windows must find the same backends.
  const native = loaded(candidates(root)[0]).split(', ')
  const hashes = provenHashes()
  const passed = majors.map((major) => testWith(major, native, hashes)).every(Boolean)
  console.error(`\nwindows: ${passed ? 'passed' : 'FAILED'}`)
  return passed
}
