// The rows of tools/cells/cells.json, and the float32 words they are made of

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The words of a row: c0..c6, where the low 16 bits of c6 are the low part of c0 in bfloat16. */
export type Words = readonly number[]

export interface Row {
  readonly function: string
  readonly row: number
  readonly centre: number
  readonly words: Words
  readonly maxUlp: number
}

export const rowCount = 32

export const root = fileURLToPath(new URL('../..', import.meta.url))

const tablePath = fileURLToPath(new URL('cells.json', import.meta.url))

const float = new Float32Array(1)
const word = new Uint32Array(float.buffer)

export function wordOf(value: number): number {
  float[0] = value
  return word[0] as number
}

export function floatOf(bits: number): number {
  word[0] = bits
  return float[0] as number
}

export const hex = (bits: number) => bits.toString(16).padStart(8, '0')

/** The centre n of a cell; the row is 2n modulo 32: row 1 is n = -15.5, row 31 is n = -0.5. */
export const centreOf = (row: number) => (row === 0 ? 0 : (row - rowCount) / 2)

/** A float32 in exact hexadecimal, as C++17 and printf's %a write it. */
export function hexFloat(value: number): string {
  const sign = Object.is(value, -0) || value < 0 ? '-' : ''
  if (value === 0) return `${sign}0x0p+0`
  let exponent = Math.floor(Math.log2(Math.abs(value)))
  let significand = Math.abs(value) * 2 ** -exponent
  if (significand < 1) [significand, exponent] = [significand * 2, exponent - 1]
  if (significand >= 2) [significand, exponent] = [significand / 2, exponent + 1]
  const digits = ((significand - 1) * 2 ** 24).toString(16).padStart(6, '0').replace(/0+$/, '')
  return `${sign}0x1${digits && `.${digits}`}p${exponent < 0 ? '' : '+'}${exponent}`
}

export const lowWord = (c6: number) => (c6 << 16) >>> 0

/** The eight words of a row as the kernels load them: c0..c6 and the low part of c0. */
export function tableWords(words: Words): number[] {
  return [...words, lowWord(words[6] as number)]
}

export function readTable(): Row[] {
  const rows = JSON.parse(readFileSync(tablePath, 'utf8')) as (Omit<Row, 'words'> & {
    words: string[]
  })[]
  return rows.map((row) => ({ ...row, words: row.words.map((w) => Number.parseInt(w, 16)) }))
}

export function rowText(row: Row): string {
  const words = row.words.map((w) => `"${hex(w)}"`).join(', ')
  return `  {
    "function": "${row.function}",
    "row": ${row.row},
    "centre": ${row.centre},
    "words": [${words}],
    "maxUlp": ${Number(row.maxUlp.toFixed(5))}
  }`
}

export function writeTable(rows: readonly Row[]): void {
  writeFileSync(tablePath, `[\n${rows.map(rowText).join(',\n')}\n]\n`)
}
