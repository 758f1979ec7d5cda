// The hash of all results in JavaScript, which browsers and other runtimes compute, is that of native/test/prove.cc.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { countOf, hashOf, mixInto, sumOf, textOf } from '../examples/browser/hash.js'
import { hashes } from '../examples/browser/hashes.js'
import { functionNames, functions } from '../src/math/functions'
import { hashSection, type Proof } from '../tools/prove/accuracy'
import { backends } from './backends'
import { buildProgram, canBuild } from './native-program'

// 104,731 inputs.
const stride = 41_009

describe.runIf(canBuild)('the hash of the native program', () => {
  let proofs: Proof[]
  const folder = mkdtempSync(join(tmpdir(), 'softplus-hash-'))

  beforeAll(() => {
    const program = buildProgram('prove', folder)
    const { status, stdout } = spawnSync(program, ['--stride', `${stride}`, '--json'], {
      encoding: 'utf8',
    })
    expect(status).toBe(0)
    proofs = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(proofs.map((proof) => proof.function)).toEqual(functionNames)
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  test.each(backends)('is that of $name in JavaScript', ({ kernels }) => {
    for (const name of functionNames) {
      const hash = hashOf((x, y) => kernels[name](x, y), 0, countOf(stride), stride)
      const proof = proofs.find((each) => each.function === name)
      expect([name, countOf(stride), textOf(hash)]).toEqual([name, proof?.inputs, proof?.hash])
    }
  })
})

test('a hash is the sum of those of parts', () => {
  const { kernels } = backends[0]
  const hash = (from: number, to: number) =>
    hashOf((x, y) => kernels.softplus(x, y), from, to, stride)
  const end = countOf(stride)
  expect(sumOf(sumOf(hash(0, 1), hash(1, 70_001)), hash(70_001, end))).toBe(hash(0, end))
  expect(hash(7, 7)).toBe(0n)
})

test('pairs are mixed as in C++, whatever their bits', () => {
  const x = new Uint32Array(1 << 16)
  const y = new Uint32Array(x.length)
  const corners = [
    0, 1, 0xffff, 0x10000, 0x7f800000, 0x7f800001, 0x80000000, 0xff800000, 0xffffffff,
  ]
  for (let i = 0; i < x.length; i++) {
    x[i] = corners[i % 9] ?? 0
    y[i] = i < 81 ? corners[Math.floor(i / 9)] : Math.imul(i, 0x9e3779b1)
  }
  let want = 5n
  for (let i = 0; i < x.length; i++) {
    const isNotANumber = (y[i] & 0x7fffffff) > 0x7f800000
    let h = (BigInt(x[i]) << 32n) | BigInt(isNotANumber ? 0x7fc00000 : y[i])
    h = BigInt.asUintN(64, h * 0x9e3779b97f4a7c15n)
    h = BigInt.asUintN(64, (h ^ (h >> 32n)) * 0xd6e8feb86659fd93n)
    want = BigInt.asUintN(64, want + (h ^ (h >> 32n)))
  }
  expect(mixInto(x, new Float32Array(y.buffer), 5n)).toBe(want)
})

describe('the published hashes', () => {
  const read = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8')
  const named = Object.entries<string>(hashes)

  test('are of every function', () => {
    expect(named.map(([name]) => name)).toEqual(
      functionNames.map((name) => functions[name].publicName),
    )
  })

  test('are the same in docs/accuracy.md, as its generator writes it, and for browsers', () => {
    const proofs = functionNames.map((name, i) => {
      return { function: name, beta: 1, inputs: 2 ** 32, hash: named[i][1] }
    })
    // Of the part of a proof there is no hash.
    const part = { function: 'softplus', beta: 1, inputs: 2 ** 20, hash: '0' }
    // The formatter aligns tables.
    const plain = (text: string) => text.replace(/-+|\s+/g, (run) => (run[0] === '-' ? '-' : ' '))
    expect(plain(read('docs/accuracy.md'))).toContain(plain(hashSection([part, ...proofs])))
  })
})
