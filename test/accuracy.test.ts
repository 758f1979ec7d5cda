// How far results are from the true values, in ULP, on every backend. The true values stand in native/test/reference.h:
// native/test/search.cc measures the errors of the results that it is given.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FunctionName, functionNames } from '../src/math/functions'
import { entries, entryOf, numberOf, readWitnesses, type Witness } from '../tools/prove/facts'
import { backends, reference, type TestedBackend } from './backends'
import { expectSame, stridedFloats } from './floats'
import { buildProgram, canBuild } from './native-program'

const { abs, fround } = Math
const measured = entries.filter(({ bound }) => bound > 0)

// Numbers from 0 to 1, the same in every run (mulberry32).
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Runs a function of a backend; a beta of 1 is left out. */
function results(
  { kernels }: TestedBackend,
  name: FunctionName,
  beta: number,
  x: Float32Array,
): Float32Array {
  const y = new Float32Array(x.length)
  if (beta === 1) kernels[name](x, y)
  else kernels[name](x, y, Infinity, beta)
  return y
}

// From -119 up to -0, then from 0 to 32, in even steps of the bit pattern.
const ascending = new Float32Array(1 << 20)
const patterns = new Uint32Array(ascending.buffer)
for (let i = 0; i < patterns.length / 2; i++) {
  patterns[i] = 0xc2ee0000 - i * 2141
  patterns[patterns.length / 2 + i] = i * 2112
}

describe.each(backends)('$name: known values', ({ api }) => {
  test('the values that are known exactly', () => {
    const x = Float32Array.of(
      0,
      -0,
      Infinity,
      -Infinity,
      Number.NaN,
      20,
      1e30,
      -200,
      -1e30,
      1e-45,
      -1e-45,
    )
    const ln2 = Math.fround(Math.LN2)
    expect([...api.softplus(x)]).toEqual([
      ln2,
      ln2,
      Infinity,
      0,
      Number.NaN,
      20,
      Math.fround(1e30),
      0,
      0,
      ln2,
      ln2,
    ])
    expect([...api.softplus.derivative(x)]).toEqual([
      0.5,
      0.5,
      1,
      0,
      Number.NaN,
      1,
      1,
      0,
      0,
      0.5,
      0.5,
    ])
    expect([...api.relu(x)]).toEqual([
      0,
      0,
      Infinity,
      0,
      Number.NaN,
      20,
      Math.fround(1e30),
      0,
      0,
      2 ** -149,
      0,
    ])
    expect([...api.relu.derivative(x)]).toEqual([0, 0, 1, 0, Number.NaN, 1, 1, 0, 0, 1, 0])
  })

  test('the second derivative is even, and right where the derivative has rounded to 1', () => {
    const x = Float32Array.from({ length: 2000 }, (_, i) => i / 16 + 1 / 64)
    const y = api.softplus.secondDerivative(x)
    expect(api.softplus.secondDerivative(x.map((v) => -v))).toEqual(y)
    const s = api.softplus.derivative(Float32Array.of(30))[0]
    expect(s).toBe(1)
    expect(api.softplus.secondDerivative(Float32Array.of(30))[0]).toBeCloseTo(Math.exp(-30), 18)
    const ends = Float32Array.of(0, -0, Infinity, -Infinity, Number.NaN, 1e9, -1e9)
    expect([...api.softplus.secondDerivative(ends)]).toEqual([0.25, 0.25, 0, 0, Number.NaN, 0, 0])
    const above = api.softplus.secondDerivative(Float32Array.of(1, 3, 4), { threshold: 3 })
    expect([...above.map(Math.sign)]).toEqual([1, 1, 0])
  })

  test('the inverse: its ends, its zero, and there and back', () => {
    const ends = Float32Array.of(0, -0, -1, -1e-45, Infinity, -Infinity, Number.NaN, 17.5, 1e30)
    const want = [-Infinity, -Infinity, NaN, NaN, Infinity, NaN, NaN, 17.5, fround(1e30)]
    expect([...api.softplus.inverse(ends)]).toEqual(want)
    // With beta < 0 softplus is negative.
    expect([...api.softplus.inverse(Float32Array.of(0, 1, -1), { beta: -1 })]).toEqual([
      Infinity,
      NaN,
      fround(-Math.log(Math.expm1(1))),
    ])
    const x = Float32Array.from({ length: 12000 }, (_, i) => -86.9 + i / 50)
    const back = api.softplus.inverse(api.softplus(x))
    expect(Math.max(...back.map((v, i) => abs(v - x[i])))).toBeLessThan(1e-4)
  })

  test('neither function ever decreases', () => {
    for (const f of [api.softplus, api.softplus.derivative]) {
      const sorted = f(ascending)
      for (let i = 1; i < sorted.length; i++)
        if (sorted[i] < sorted[i - 1]) expect.fail(`decreases at ${i}`)
    }
  })
})

const folder = mkdtempSync(join(tmpdir(), 'softplus-accuracy-'))
let program = ''
beforeAll(() => {
  if (canBuild) program = buildProgram('search', folder)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe.runIf(canBuild)('errors', () => {
  const others = backends.filter((backend) => backend !== reference)

  /** A block of pairs and their results, as native/test/search.cc reads them. The backends in `compared` must give the same. */
  function blockOf(
    name: FunctionName,
    beta: number,
    x: Float32Array,
    compared = others,
  ): Uint8Array[] {
    const y = results(reference, name, beta, x)
    for (const backend of compared)
      expectSame(results(backend, name, beta, x), y, `${backend.name}, ${name}, beta ${beta}`)
    const numbers = Uint32Array.of(functionNames.indexOf(name), x.length)
    return [numbers, Float32Array.of(beta), x, y].map(
      (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    )
  }
  /** The largest error in blocks of one function. */
  function measure(blocks: Uint8Array[]): Witness {
    const input = Buffer.concat(blocks)
    const { stdout, stderr } = spawnSync(program, ['--measure'], { input, encoding: 'utf8' })
    expect(stdout, stderr).toMatch(/^\{[^\n]*\}\n$/)
    return JSON.parse(stdout)
  }
  function measureAll(
    name: FunctionName,
    beta: number,
    stride: number,
    compared = others,
  ): Witness {
    const found = [...stridedFloats(stride)].map((x) => measure(blockOf(name, beta, x, compared)))
    return found.reduce((worst, each) => (each.maxUlp > worst.maxUlp ? each : worst))
  }

  test.each(measured)('$name is within $bound ULP on 1 in 257 of all floats', ({ name, bound }) => {
    // test/same.test.ts compares the results of every backend on these very floats.
    const { maxUlp, x } = measureAll(name, 1, 257, [])
    expect(maxUlp, `at ${x}`).toBeLessThanOrEqual(bound)
    // Measured against its own results a function would have no error at all.
    expect(maxUlp).toBeGreaterThan(0.49)
  })

  test.each([0.1, 0.5, 2, 3, 10, 1000, -1, -0.1])(
    'with beta %d errors are within bounds',
    (beta) => {
      for (const { name, boundWithBeta } of measured) {
        const { maxUlp, x } = measureAll(name, fround(beta), 7919)
        expect(maxUlp, `${name} at ${x}`).toBeLessThanOrEqual(boundWithBeta)
      }
    },
  )

  // The largest errors that the proof and the search found.
  test.each(measured)('the witnesses above the description of $name hold', ({ name }) => {
    const witnesses = readWitnesses(name)
    expect(witnesses).toHaveLength(2)
    for (const witness of witnesses) {
      const [beta, x] = [numberOf(witness.beta), numberOf(witness.x)]
      const [got] = results(reference, name, beta, Float32Array.of(x))
      expect(got).toBe(numberOf(witness.got))
      expect(measure(blockOf(name, beta, Float32Array.of(x)))).toEqual({
        function: name,
        ...witness,
      })
    }
  })

  test('subnormal results', () => {
    const x = Float32Array.from({ length: 1700 }, (_, i) => -87 - i / 100)
    for (const name of ['softplus', 'derivative'] as const) {
      expect(measure(blockOf(name, 1, x)).maxUlp).toBeLessThanOrEqual(entryOf(name).bound)
      expect(results(reference, name, 1, x).some((v) => v > 0 && v < 2 ** -126)).toBe(true)
    }
  })

  test('the inverse near ln 2, where it crosses zero', () => {
    const y = Float32Array.from(
      { length: 2001 },
      (_, i) => fround(Math.LN2) + (i - 1000) * 2 ** -24,
    )
    expect(measure(blockOf('inverse', 1, y)).maxUlp).toBeLessThanOrEqual(entryOf('inverse').bound)
  })

  test('the inverse with any beta, also where beta y comes near ln 2', () => {
    const float = new Float32Array(1)
    const bits = new Uint32Array(float.buffer)
    const random = randomFrom(7)
    const anyBeta = (): number => {
      bits[0] = random() * 2 ** 32
      // A third as people use them, the others of any exponent.
      if (random() < 0.33) bits[0] = (bits[0] & 0x807fffff) | 0x3f800000
      return Number.isFinite(float[0]) && float[0] !== 0 ? float[0] : 1.5
    }
    const blocks = blockOf(
      'inverse',
      fround(0.9600946307182312),
      Float32Array.of(0.7219571471214294),
    )
    for (let i = 0; i < 20_000; i++) {
      const beta = anyBeta()
      float[0] = Math.LN2 / beta
      const nearest = bits[0]
      const y = new Float32Array(8)
      for (let step = 0; step < 4; step++) {
        bits[0] = nearest + step - 2
        y[step] = float[0]
        y[step + 4] = (20 * random()) / beta
      }
      blocks.push(...blockOf('inverse', beta, y))
    }
    const { maxUlp, beta, x } = measure(blocks)
    expect(maxUlp, `inverse of ${x} with beta ${beta}`).toBeLessThanOrEqual(
      entryOf('inverse').boundWithBeta,
    )
  })

  // A subnormal result, which is rounded twice.
  test('an error above that of beta 1 is found', () => {
    const { maxUlp } = measure(
      blockOf('secondDerivative', -0.34765031933784485, Float32Array.of(248.3379669189453)),
    )
    expect(maxUlp).toBeGreaterThan(0.87)
    expect(maxUlp).toBeLessThanOrEqual(entryOf('secondDerivative').boundWithBeta)
  })
})

// The documents state the bounds of the list.
test.each(['README.md', 'package.json', 'docs/accuracy.md'])(
  '%s states the guaranteed bounds',
  (file) => {
    const text = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
    const stated = [...text.matchAll(/within ([\d.]+) ULP/gi)].map(([, ulp]) => Number(ulp))
    const guaranteed = measured.flatMap(({ bound, boundWithBeta }) => [bound, boundWithBeta])
    expect(stated.length).toBeGreaterThan(0)
    for (const ulp of stated) expect(guaranteed).toContain(ulp)
  },
)
