// examples/shards: each recipe is run as far as its engine exists here. `npm run tool -- recipes` checks schemas.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { softplus } from '../src/index'
import { command, onWindows, root, samples } from './command'
import { floatBytes, headerDict, npyFile } from './npy-writer'

const examples = join(root, 'examples')
const read = (...path: string[]) =>
  parse(readFileSync(join(examples, ...path), 'utf8'), { merge: true })
const x = samples(3 * 2 ** 18)
const isInstalled = (program: string) => spawnSync(program, ['--version']).status === 0

interface Service {
  entrypoint?: string
  command?: string
  depends_on?: object
  volumes: string[]
}

let folder: string
let input: string
let output: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'softplus recipes '))
  input = join(folder, 'x.f32')
  output = join(folder, 'y.f32')
  writeFileSync(input, floatBytes(x))
  mkdirSync(join(folder, 'bin'))
  const program = join(folder, 'bin', 'softplus')
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${command}" "$@"\n`)
  chmodSync(program, 0o755)
})

afterEach(() => rmSync(folder, { recursive: true }))

/** Runs a recipe with the command on the PATH. */
function run([program, ...args]: string[], env: object = {}): void {
  const PATH = `${join(folder, 'bin')}${delimiter}${process.env.PATH}`
  const { status, stderr } = spawnSync(program, args, {
    env: { ...process.env, PATH, ...env },
    encoding: 'utf8',
  })
  expect(status, stderr).toBe(0)
}

function expectDone(options = {}): void {
  expect(readFileSync(output).equals(floatBytes(softplus(x, options)))).toBe(true)
}

describe.skipIf(onWindows)('examples/shards', () => {
  // .ci/run installs it, so it cannot be missing there unnoticed.
  test.skipIf(!process.env.CI && !isInstalled('parallel'))('parallel.sh', () => {
    const log = join(folder, 'log')
    const env = { PARALLEL: `--joblog '${log}'` }
    run(['sh', join(examples, 'shards', 'parallel.sh'), input, output, '4', '--beta=-2'], env)
    expectDone({ beta: -2 })
    expect(readFileSync(log, 'utf8').trimEnd().split('\n')).toHaveLength(5)
  })

  test('xargs.sh', () => {
    run(['sh', join(examples, 'shards', 'xargs.sh'), input, output, '4', '--beta=-2'])
    expectDone({ beta: -2 })
  })

  test('slurm.sh', () => {
    for (const SLURM_ARRAY_TASK_ID of ['1', '0', '2']) {
      expect(existsSync(output)).toBe(false)
      const env = { SLURM_ARRAY_TASK_ID, SLURM_ARRAY_TASK_COUNT: '3' }
      run(['bash', join(examples, 'shards', 'slurm.sh'), input, output, '--beta=-2'], env)
    }
    expectDone({ beta: -2 })
    // Slurm counts one task when one is done again.
    const env = { SLURM_ARRAY_TASK_ID: '2', SLURM_ARRAY_TASK_COUNT: '1', SHARDS: '3' }
    run(['bash', join(examples, 'shards', 'slurm.sh'), input, output, '--beta=-2'], env)
  })

  test('kubernetes.yaml', () => {
    const { spec } = read('shards', 'kubernetes.yaml')
    const [{ command }] = spec.template.spec.containers
    input = join(folder, 'x.npy')
    const file = (data: Float32Array) =>
      npyFile({ header: headerDict({ shape: [x.length] }), data: floatBytes(data) })
    writeFileSync(input, file(x))
    output = join(folder, 'y.npy')
    for (let index = 0; index < spec.completions; index++) {
      expect(existsSync(output)).toBe(false)
      run(
        command.map((word: string) =>
          word.replace('$(JOB_COMPLETION_INDEX)', `${index}`).replace('/data', folder),
        ),
      )
    }
    expect(readFileSync(output).equals(file(softplus(x)))).toBe(true)
  })
})

describe('examples/queue/compose.yaml', () => {
  test('names files and services that exist', () => {
    const { services, volumes } = read('queue', 'compose.yaml')
    expect(Object.keys(services)).toEqual(['redis', 'worker', 'producer'])
    for (const { entrypoint, command, depends_on = {}, volumes: mounts } of Object.values<Service>(
      services,
    )) {
      for (const name of Object.keys(depends_on)) expect(services).toHaveProperty(name)
      for (const [source] of mounts.map((mount) => mount.split(':')))
        if (!source.startsWith('.')) expect(volumes).toHaveProperty(source)
      const [, path] = /^node \/project\/(.+)$/.exec(entrypoint ?? command ?? '') ?? []
      if (path) expect(existsSync(join(root, path)), path).toBe(true)
    }
  })
})
