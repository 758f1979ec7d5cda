// The facts about accuracy that stand in native/: the bounds in the entries of functions.h, and the largest errors that the proof
// and the search found, in a comment above each description.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type FunctionName, functionNames, functions } from '../../src/math/functions'

const fileOf = (name: string): string =>
  fileURLToPath(new URL(`../../native/${name}.h`, import.meta.url))

export interface Entry {
  name: FunctionName
  /** What users call. */
  publicName: string
  summary: string
  /** The largest errors allowed, in ULP; 0 where results are exact. */
  bound: number
  boundWithBeta: number
}

/** @throws {Error} If the lists of functions in C++ and in TypeScript differ. */
function readEntries(): Entry[] {
  const list = readFileSync(fileOf('functions'), 'utf8')
  const found = [...list.matchAll(/^ *each\((\w+), "([\w.]+)", ([\d.]+), ([\d.]+)\)/gm)]
  const listed = found.map(([, name, publicName]) => `${name} as ${publicName}`).join(', ')
  const wanted = functionNames.map((name) => `${name} as ${functions[name].publicName}`).join(', ')
  if (listed !== wanted)
    throw new Error(
      `native/functions.h must list the functions of src/math/functions.ts, ${wanted}; got ${listed}`,
    )
  return functionNames.map((name, i) => ({
    name,
    publicName: functions[name].publicName,
    summary: functions[name].summary,
    bound: Number(found[i][3]),
    boundWithBeta: Number(found[i][4]),
  }))
}

export const entries: Entry[] = readEntries()

export function entryOf(name: string): Entry {
  const entry = entries.find((entry) => entry.name === name)
  if (entry === undefined) throw new Error(`name must be a function of the list; got ${name}`)
  return entry
}

/** A result with a large error: what C++ prints for it. Numbers are in hexadecimal, except for maxUlp. */
export interface Witness {
  maxUlp: number
  beta: string
  x: string
  got: string
  want: string
}

const hex = '(-?0x[\\da-f.]+p[+-]\\d+)'
const withoutBeta = new RegExp(
  `^// Largest error with beta 1: ([\\d.]+) ULP at ${hex}: got ${hex}, want ${hex} \\(npm run prove\\)$`,
  'm',
)
const withBeta = new RegExp(
  `^// Largest error found with a beta: ([\\d.]+) ULP at beta ${hex}, x ${hex}: got ${hex}, want ${hex} \\(docs/accuracy\\.md\\)$`,
  'm',
)

/** The witnesses above the description of a function: with beta 1, and with another beta. */
export function readWitnesses(name: FunctionName): Witness[] {
  const text = readFileSync(fileOf(`functions/${name}`), 'utf8')
  const first = withoutBeta.exec(text)?.toSpliced(2, 0, '0x1p+0')
  return [first, withBeta.exec(text)]
    .filter((match) => match != null)
    .map(([, ulp, beta, x, got, want]) => ({ maxUlp: Number(ulp), beta, x, got, want }))
}

/** Writes what was found for a function over the witnesses above its description. */
export function writeWitnesses(name: string, plain: Witness, found: Witness): void {
  const path = fileOf(`functions/${name}`)
  const text = readFileSync(path, 'utf8')
  const results = ({ got, want }: Witness) => `got ${got}, want ${want}`
  const lines = [
    `// Largest error with beta 1: ${plain.maxUlp.toFixed(4)} ULP at ${plain.x}: ${results(plain)} (npm run prove)`,
    `// Largest error found with a beta: ${found.maxUlp.toFixed(4)} ULP at beta ${found.beta}, x ${found.x}: ` +
      `${results(found)} (docs/accuracy.md)`,
  ]
  if (!withoutBeta.test(text)) throw new Error(`${path} must have a line like "${lines[0]}"`)
  const withFirst = text.replace(withoutBeta, lines[0])
  const written = withBeta.test(text)
    ? withFirst.replace(withBeta, lines[1])
    : withFirst.replace(lines[0], lines.join('\n'))
  writeFileSync(path, written)
}

/** The value of a number in hexadecimal, as C++ prints it by %a. */
export function numberOf(text: string): number {
  const [, sign, whole, fraction = '', exponent] =
    /^(-?)0x([\da-f])(?:\.([\da-f]+))?p([+-]\d+)$/.exec(text) ?? []
  if (whole === undefined) throw new Error(`text must be like -0x1.8p+2; got ${text}`)
  const digits = Number(`0x${whole}${fraction}`)
  return (sign ? -1 : 1) * digits * 2 ** (Number(exponent) - 4 * fraction.length)
}
