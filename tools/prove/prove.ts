// The proof of the guarantees: every float32 through every function on every backend.
//
//   npm run prove [-- --stride N] [--pairs N] [--write]
//
//   --stride N     1 in N of the 2^32 inputs; default 1, all of them (about 20 minutes on 2 cores)
//   --pairs N      how many pairs of beta and x the search for the largest error tries; default 100,000,000 (a minute)
//   --write        also runs all inputs with one beta (about 8 minutes more), and writes docs/accuracy.md and the witnesses
//                  above the descriptions in native/functions/
//
// 1. native/test/prove.cc on this machine: errors in ULP, steps that decrease, and bits that differ between backends.
// 2. Both WebAssembly modules and the fallback, as they ship, against the best native backend.
// 3. NEON under qemu, 1 in 257 or the larger stride given: its results must have the hashes of this machine's.
// 4. Betas and a threshold, with the same stride.
// 5. native/test/search.cc, which searches for the largest error with any beta. The fallback and the strict
//    module compute 10,000,000 of its pairs too, and NEON 1,000,000.
// 6. The upper bounds that tools/prove/bound.ts derives.
//
// Exit code 1 if a guarantee is broken, 2 if the proof could not be run. A part is skipped if this machine lacks the tools for it.
// Where CI is set that is a failure.

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Kernels } from '../../src/backend/contract'
import { jsKernels } from '../../src/backend/js/kernels'
import { createInstance } from '../../src/backend/wasm/instance'
import { createWasmKernels } from '../../src/backend/wasm/kernels'
import { build, host, missingFor, neon, runOn, type Target } from '../build/native'
import { mustRun } from '../build/run.mjs'
import { nodeHere } from '../check/nodes'
import { accuracyPage, type Proof } from './accuracy'
import { derivedBounds } from './bound'
import { entries, entryOf, writeWitnesses } from './facts'
import { comparePairs, type Found, search, verifyOn } from './search'

const betas = [0.1, 0.5, 2, 3, 10, 1000].flatMap((beta) => [beta, -beta]).concat(-1)
// --write runs all inputs with this beta.
const wholeBeta = 2
const coarse = 257
const page = fileURLToPath(new URL('../../docs/accuracy.md', import.meta.url))

function proveNative(target: Target, folder: string, args: string[]): Proof[] {
  const { stdout } = runOn(target, folder, 'prove', [...args, '--json'])
  const proofs = stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line): Proof => JSON.parse(line))
  if (proofs.length === 0) throw new Error(`prove ${args.join(' ')} printed nothing`)
  return proofs
}

function report(title: string, prove: () => Proof[]): boolean {
  console.log(`\n${title}`)
  const proofs = prove()
  for (const p of proofs) {
    const beta = p.beta === 1 ? '' : ` beta ${Number(p.beta.toPrecision(7))}`
    console.log(
      `  ${(p.function + beta).padEnd(28)} ${String(p.inputs).padStart(10)} inputs  ` +
        `max ${p.maxUlp.toFixed(4)} ULP at ${p.x.padEnd(16)}  ` +
        `not correctly rounded ${String(p.notCorrectlyRounded).padStart(8)}  ` +
        `bits differing ${p.mismatches}  decreasing steps ${p.monotone ? p.decreasing : '-'}` +
        `${p.holds ? '' : '  BROKEN'}`,
    )
  }
  return proofs.every((p) => p.holds)
}

interface Count {
  way: string
  inputs: number
  mismatches: number
}

/** Compares a backend that is not native with the best native one, as they ship. */
function proveOther(
  title: string,
  node: string,
  kind: 'relaxed' | 'strict' | 'js',
  stride: number,
): boolean {
  console.log(`\n${title}, as it ships, against the best native backend`)
  const names = entries.map(({ publicName }) => publicName)
  const printed = mustRun([node, 'tools/prove/compare.mjs', kind, `${stride}`, ...names])
  const counts = printed
    .trim()
    .split('\n')
    .map((line): Count => JSON.parse(line))
  for (const { way, inputs, mismatches } of counts)
    console.log(
      `  ${way.padEnd(58)} ${String(inputs).padStart(10)} inputs  bits differing ${mismatches}`,
    )
  return counts.every(({ inputs, mismatches }) => inputs > 0 && mismatches === 0)
}

// Node 20 has no relaxed SIMD, so its module is the strict one. Later versions take the relaxed one.
const proveWasm = (stride: number): boolean =>
  [
    proveOther('WebAssembly, strict', nodeHere('20'), 'strict', stride),
    proveOther('WebAssembly, relaxed', nodeHere('24'), 'relaxed', stride),
  ].every(Boolean)

function reportSearch(found: Found[]): boolean {
  console.log('\nAny beta: the largest errors that the search finds')
  for (const f of found)
    console.log(
      `  ${f.function.padEnd(16)} ${String(f.pairs).padStart(10)} pairs  max ${f.maxUlp.toFixed(4)} ULP at beta ${f.beta}, ` +
        `x ${f.x}  bits differing ${f.mismatches}${f.holds ? '' : '  BROKEN'}`,
    )
  return found.every((f) => f.holds)
}

async function searchOther(
  title: string,
  kernels: Kernels,
  folder: string,
  pairs: number,
): Promise<boolean> {
  const found = await comparePairs(kernels, folder, pairs)
  console.log(`  ${title.padEnd(16)} ${found.pairs} pairs  bits differing ${found.mismatches}`)
  return found.pairs > 0 && found.mismatches === 0
}

function searchNeon(folder: string, pairs: number): boolean {
  if (missingFor(neon).length > 0) return !process.env.CI
  verifyOn(neon, build(neon), folder, pairs)
  console.log(`  NEON             ${pairs} pairs of each function  bits differing 0`)
  return true
}

function reportBounds(): boolean {
  console.log('\nAny beta: upper bounds derived from the tables (tools/prove/bound.ts)')
  const bounds = derivedBounds()
  for (const { name, place, ulp } of bounds)
    console.log(`  ${name.padEnd(16)} ${place.padEnd(18)} ${ulp.toFixed(4)} ULP`)
  return bounds.every(({ name, ulp }) => ulp <= entryOf(name).boundWithBeta)
}

function proveNeon(here: Proof[], args: string[]): boolean {
  const missing = missingFor(neon)
  if (missing.length > 0) {
    console.log(`\nNEON: skipped, because this machine lacks ${missing.join(', ')}`)
    return !process.env.CI
  }
  const there = proveNative(neon, build(neon), args)
  const same = there.every((p, i) => p.hash === here[i].hash)
  console.log(
    `\nNEON, arm64 under qemu: its results are ${same ? '' : 'NOT '}the same as on this machine`,
  )
  return report('NEON and scalar on arm64', () => there) && same
}

/** Writes docs/accuracy.md, and the witnesses above the descriptions. */
function writeFacts(proofs: Proof[], found: Found[]): void {
  writeFileSync(page, accuracyPage(proofs, found, derivedBounds()))
  mustRun(['biome', 'format', '--write', page])
  console.error(`prove: wrote ${page}`)
  for (const searched of found) {
    const plain = proofs.find((proof) => proof.function === searched.function && proof.beta === 1)
    if (plain) writeWitnesses(searched.function, { ...plain, beta: '0x1p+0' }, searched)
  }
}

export async function main(args: string[]): Promise<boolean> {
  const { values } = parseArgs({
    args,
    options: {
      stride: { type: 'string', default: '1' },
      pairs: { type: 'string', default: '100000000' },
      write: { type: 'boolean', default: false },
    },
  })
  const pairs = Number(values.pairs)
  if (!Number.isSafeInteger(pairs) || pairs < 1)
    throw new Error(`--pairs must be an integer above 0; got ${values.pairs}`)
  const stride = Number(values.stride)
  if (!Number.isInteger(stride) || stride < 1 || stride > 2 ** 31)
    throw new Error(`--stride must be an integer from 1 to 2^31; got ${values.stride}`)
  const all = ['--stride', String(stride)]
  const strided = ['--stride', String(Math.max(stride, coarse))]

  const folder = build(host)
  const proofs: Proof[] = []
  const proveHere = (title: string, argumentLists: string[][]): boolean =>
    report(title, () => {
      const found = argumentLists.flatMap((args) => proveNative(host, folder, args))
      proofs.push(...found)
      return found
    })
  const withBeta = (args: string[], beta: number) => [...args, '--beta', String(beta)]
  const outcomes = [
    proveHere('This machine, beta 1', [all]),
    proveWasm(stride),
    proveOther('The fallback', process.execPath, 'js', stride),
    proveNeon(proveNative(host, folder, strided), strided),
    proveHere(
      'This machine, with a beta',
      betas
        .filter((beta) => !(values.write && beta === wholeBeta))
        .map((beta) => withBeta(strided, beta)),
    ),
    report('This machine, threshold 3', () =>
      proveNative(host, folder, [...strided, '--threshold', '3']),
    ),
  ]
  const found = search(host, folder, pairs)
  outcomes.push(
    reportSearch(found),
    await searchOther('fallback', jsKernels, folder, Math.min(pairs, 1e7)),
    await searchOther(
      'wasm, strict',
      createWasmKernels(createInstance('strict')),
      folder,
      Math.min(pairs, 1e7),
    ),
    searchNeon(folder, Math.min(pairs, 1e6)),
    reportBounds(),
  )
  if (values.write) {
    outcomes.push(proveHere(`This machine, beta ${wholeBeta}`, [withBeta(all, wholeBeta)]))
    writeFacts(proofs, found)
  }
  const holds = outcomes.every(Boolean)
  console.log(`\n${holds ? 'Every guarantee holds.' : 'A guarantee is BROKEN.'}`)
  return holds
}
