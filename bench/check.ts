// npm run bench:check [-- --record]: did a change make something slower? Compares ratios, not times, with those that
// bench/baseline.json has of the same kind of machine, in about a minute.
//
// A ratio that moved by more than 15 % is measured twice more, as another program may have been in the way; one that did each
// time is named on stdout. Exit code 0: none moved; 1: some did; 2: bench/baseline.json has nothing of this kind of machine, which
// --record changes.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { usual } from './inputs'
import { byInput, derivativeAt, inverseAt, softplusAt, withDerivativeAt } from './races'
import { power } from './report/tables'
import { machine, machineLine, type Row, slugOf } from './results'

interface Baseline {
  machine: string
  date: string
  ratios: Record<string, number>
}

const tolerance = 0.15
const measurements = 3
const path = fileURLToPath(new URL('baseline.json', import.meta.url))
const here = machine()
const slug = slugOf(here)

// 2^17 elements are half of a second-level cache of 1 MiB; what fills one depends on where its pages happen to be.
const races: (() => Promise<Row[]>)[] = [
  ...[2 ** 4, 2 ** 12, 2 ** 17, 2 ** 24].map((length) => () => softplusAt(length, 3)),
  ...[derivativeAt, inverseAt, withDerivativeAt].flatMap((at) =>
    [2 ** 12, 2 ** 17].map((length) => () => at(length, 2)),
  ),
  () => byInput(2 ** 16, 5),
]

/** Times over one of the same race: the plain loop's, or for other inputs that of the usual one. ReLU counts once. */
function ratiosOf(rows: Row[]): Record<string, number> {
  const ratios: Record<string, number> = {}
  for (const { function: name, who, way, input, length, ns, timesPlain } of rows) {
    if (way === 'by input') {
      const base = rows.find((row) => row.who === who && row.input === usual)
      if (base && input !== usual)
        ratios[`${name} ${who}, ${input} over usual`] = ns.median / base.ns.median
    } else if (timesPlain && timesPlain !== 1 && (name === 'softplus' || !who.startsWith('relu'))) {
      ratios[`${name} ${who}, ${power(length)}, over the plain loop`] = 1 / timesPlain
    }
  }
  return ratios
}

const readBaselines = (): Record<string, Baseline> =>
  existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}

async function record(): Promise<void> {
  const ratios: Record<string, number> = {}
  for (const race of races)
    for (const [name, ratio] of Object.entries(ratiosOf(await race())))
      ratios[name] = Number(ratio.toPrecision(4))
  const baseline = { machine: machineLine(here), date: new Date().toISOString(), ratios }
  const all: Record<string, Baseline> = { ...readBaselines(), [slug]: baseline }
  writeFileSync(path, `${JSON.stringify(all, null, 2)}\n`)
  console.error(`bench:check: ${Object.keys(ratios).length} ratios of ${slug} are in ${path} now`)
}

interface Move {
  name: string
  from: number
  to: number
}

const isMove = ({ from, to }: Move) => Math.abs(to / from - 1) > tolerance

async function movesOf(
  race: () => Promise<Row[]>,
  expected: Record<string, number>,
): Promise<Move[]> {
  const now = ratiosOf(await race())
  return Object.keys(now)
    .filter((name) => name in expected)
    .map((name) => ({ name, from: expected[name], to: now[name] }))
    .filter(isMove)
}

async function check({ date, ratios }: Baseline): Promise<number> {
  const moved: Move[] = []
  for (const race of races) {
    let moves = await movesOf(race, ratios)
    for (let again = 1; again < measurements && moves.length > 0; again++) {
      const now = await movesOf(race, ratios)
      moves = now.filter(({ name }) => moves.some((move) => move.name === name))
    }
    moved.push(...moves)
  }
  for (const { name, from, to } of moved) {
    const percent = Math.round((to / from - 1) * 100)
    console.log(
      `${percent > 0 ? 'slower' : 'faster'} ${`${percent > 0 ? '+' : ''}${percent} %`.padStart(7)}  ` +
        `${name}: ${from.toPrecision(3)} -> ${to.toPrecision(3)}`,
    )
  }
  console.log(
    `${moved.length} of ${Object.keys(ratios).length} ratios moved by more than ${tolerance * 100} % since ${date.slice(0, 10)}`,
  )
  return moved.length === 0 ? 0 : 1
}

if (process.argv.includes('--record')) {
  await record()
} else {
  const baseline = readBaselines()[slug]
  if (baseline) {
    process.exitCode = await check(baseline)
  } else {
    console.error(
      `bench:check: bench/baseline.json has nothing of ${slug}. ` +
        'To make what is measured now the baseline: npm run bench:check -- --record',
    )
    process.exitCode = 2
  }
}
