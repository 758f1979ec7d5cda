// Who takes part in npm run bench:peers, and how each is started.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { backend } from '../../dist/index.js'
import type { Program } from './child'

const here = fileURLToPath(new URL('.', import.meta.url))
const script = (name: string, ...args: string[]): Program => ({
  command: process.execPath,
  args: [join(here, name), ...args],
})

/** Installs the npm packages among the peers, without their scripts. @throws {Error} if that fails. */
export function install(): void {
  const changedAt = (path: string) => {
    const file = join(here, path)
    return existsSync(file) ? statSync(file).mtimeMs : 0
  }
  const installed = changedAt('node_modules/.package-lock.json')
  if (installed > 0 && installed >= changedAt('package-lock.json')) return
  console.error('bench:peers: installing the npm packages of bench/peers/')
  const args = [
    'install',
    '--no-save',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  execFileSync('npm', args, { cwd: here, stdio: ['ignore', 2, 2] })
}

// @throws {Error} with the compiler's first complaint.
function compiled(): string {
  const program = join(here, 'build', 'onednn')
  mkdirSync(join(here, 'build'), { recursive: true })
  const args = [
    '-O2',
    '-std=c++17',
    '-Wall',
    '-Wextra',
    '-Werror',
    join(here, 'onednn.cc'),
    '-ldnnl',
  ]
  const { status, error, stderr } = spawnSync('g++', [...args, '-o', program], { encoding: 'utf8' })
  if (error) throw new Error(`g++ cannot be run: ${error.message}`)
  if (status === 0) return program
  const complaint = stderr.split('\n').find((line) => line.includes('error')) ?? stderr
  throw new Error(`${complaint.trim().replace(here, '')} (Debian: libdnnl-dev)`)
}

// Debian's packages are those of its own Python, which need not be the first on the path.
function python(module: string): string {
  const all = ['/usr/bin/python3', 'python3']
  const has = (command: string) =>
    spawnSync(command, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0
  const found = all.find(has)
  if (found) return found
  throw new Error(`no Python here has ${module} (Debian: python3-${module})`)
}

function oneDnn(isa: Record<string, string>) {
  return (anyInput: string): Program => ({ command: compiled(), args: [anyInput], env: isa })
}

const arrays = (module: string, env?: Record<string, string>) => (): Program => ({
  command: python(module),
  args: [join(here, 'arrays.py'), module],
  env,
})

/** Each makes a program, given a file of input; or throws an Error that says why it is missing. */
export const programs: Record<string, (anyInput: string) => Program> = {
  ...Object.fromEntries(
    backend.available.map((name) => [
      name,
      () => ({ ...script('softplus.mjs'), env: { SOFTPLUS_BACKEND: name } }),
    ]),
  ),
  'plain loop': () => script('plain-loop.mjs'),
  oneDNN: oneDnn({}),
  'oneDNN avx2': oneDnn({ ONEDNN_MAX_CPU_ISA: 'AVX2' }),
  PyTorch: arrays('torch'),
  'PyTorch avx2': arrays('torch', { ATEN_CPU_CAPABILITY: 'avx2' }),
  // Not PyTorch's default even where the processor has it, and the peer of avx512: the quicker one is to be seen.
  ...(backend.available.includes('avx512')
    ? { 'PyTorch avx512': arrays('torch', { ATEN_CPU_CAPABILITY: 'avx512' }) }
    : {}),
  NumPy: arrays('numpy'),
  'onnxruntime-node': () => script('onnxruntime.mjs'),
  'tfjs wasm': () => script('tfjs.mjs', 'wasm'),
  'tfjs cpu': () => script('tfjs.mjs', 'cpu'),
}

const inPlace = new Set<string>([...backend.available, 'plain loop', 'oneDNN', 'oneDNN avx2'])

/** Where a contestant's results go: onnxruntime-node and TensorFlow.js make an array for them. */
export const wayOf = (who: string): string =>
  inPlace.has(who) ? 'in place' : /^(onnxruntime|tfjs)/.test(who) ? 'new' : 'into out'
