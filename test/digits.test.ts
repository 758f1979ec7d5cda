// The digits example: with every backend, the network sees the digits that it saw under PyTorch.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exampleFile, npyLike, readFloats } from '../examples/digits-mlp/arrays'
import { bitsOf, countEqual, largestUlpDifference } from '../examples/digits-mlp/compare'
import {
  labels,
  preactivations,
  preactivationsFile,
  predict,
  torchPredictions,
  torchSigmoid,
  torchSoftplus,
} from '../examples/digits-mlp/network'
import { backend, softplus } from '../src/index'

const root = fileURLToPath(new URL('..', import.meta.url))

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'softplus-digits-'))
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** Runs Node in this package's folder with the given backend. */
function runNode(backendName: string, args: string[]) {
  const env = { ...process.env, SOFTPLUS_BACKEND: backendName }
  const result = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' })
  expect(result.status, result.stderr).toBe(0)
  return result
}

/** The preactivations activated by the command with the given backend. */
function activated(backendName: string, functionName: string): Float32Array {
  const output = join(folder, `${backendName}-${functionName}.npy`)
  const options = ['-o', output, '--function', functionName]
  runNode(backendName, ['dist/cli.cjs', 'apply', preactivationsFile, ...options])
  return readFloats(output)
}

describe.each(backend.available)('backend %s', (name) => {
  test('softplus is within 2 ULP of PyTorch, and the same digits are seen', () => {
    const hidden = activated(name, 'softplus')
    expect(hidden).toHaveLength(597 * 256)
    expect(largestUlpDifference(hidden, torchSoftplus)).toBeLessThanOrEqual(2)
    expect(predict(hidden)).toEqual(Uint8Array.from(torchPredictions))
  })

  test('the derivative is within 2 ULP of PyTorch', () => {
    const derivatives = activated(name, 'derivative')
    expect(largestUlpDifference(derivatives, torchSigmoid)).toBeLessThanOrEqual(2)
  })

  test('the same bits as the backend of this process', () => {
    const hidden = activated(name, 'softplus')
    expect(countEqual(bitsOf(hidden), bitsOf(softplus(preactivations)))).toBe(hidden.length)
  })
})

test('the network sees the right digit in 96.8 % of the images', () => {
  const correct = countEqual(predict(softplus(preactivations)), labels)
  expect(correct).toBe(578)
  expect((100 * correct) / labels.length).toBeCloseTo(96.8, 1)
})

test('ULP are counted on both sides of zero and across it', () => {
  const one = Float32Array.of(1, -1, 0)
  const next = Float32Array.of(1 + 2 ** -23, -1 - 2 ** -22, -(2 ** -149))
  expect(largestUlpDifference(one, next)).toBe(2)
  expect(largestUlpDifference(one, one)).toBe(0)
})

describe('the example', () => {
  const run = ['--import', 'tsx', 'examples/digits-mlp/run.ts']

  test('reports on the network and writes its activations', () => {
    const { stdout } = runNode(backend.name, run)
    expect(stdout).toMatch(/same digit seen +100\.0 %: 597 of 597 images/)
    expect(stdout).toMatch(/right digit seen +96\.8 %: 578 of 597 images/)
    expect(stdout).toMatch(/same 32 bits +[\d.]+ %: [\d,]+ of 152,832 activations/)
    expect(stdout).toMatch(/largest difference +[012] ULP/)
    expect(stdout).toContain(`backend ${backend.name}`)
    expect(stdout).toMatch(/softplus +[\d.]+ µs: [\d.]+ ns per element/)
    expect(stdout).toMatch(/relu +[\d.]+ µs: [\d.]+ ns per element/)
    const written = readFileSync(exampleFile('output/activations.npy'))
    expect(written.equals(npyLike(preactivationsFile, softplus(preactivations)))).toBe(true)
  })

  test("activates a user's file", () => {
    const output = join(folder, 'own.npy')
    runNode(backend.name, [...run, preactivationsFile, '-o', output])
    expect(readFloats(output)).toEqual(softplus(preactivations))
  })
})
