// npm run bench -- check [--record]: did a change make something slower? Compares ratios, not times, with those in
// bench/baseline.json of the same kind of machine. About a minute.
//
// Where a ratio moved by more than 15 %, its race is run twice more, as another program may have been in the way. The ratio is
// printed if it moved each time. Exit code 0: none moved; 1: some moved; 2: no baseline for this kind of machine.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { usual } from './inputs'
import { plainLoop, run } from './races'
import { machine, machineLine, slugOf, type Timing } from './results'
import { power } from './table'

interface Baseline {
  machine: string
  date: string
  ratios: Record<string, number>
}

const tolerance = 0.15
const path = fileURLToPath(new URL('baseline.json', import.meta.url))

// 2^17 elements fill half of a second-level cache of 1 MiB. Times of arrays that fill all of it vary with their pages.
const races: (() => Promise<Timing[]>)[] = [
  ...[4, 12, 17, 24].map((n) => () => run('softplus', 2 ** n, 3)),
  ...[12, 17].flatMap((n) =>
    (['derivative', 'inverse', 'withDerivative'] as const).map(
      (name) => () => run(name, 2 ** n, 2),
    ),
  ),
  () => run('byInput', 2 ** 16, 5),
]

/** Times over the plain loop's in the same race, or over the time of the usual input. */
function ratiosOf(timings: Timing[]): [name: string, ratio: number][] {
  return timings.flatMap(({ function: name, who, way, input, length, ns }) => {
    const isByInput = way === 'by input'
    const base = timings.find((timing) =>
      isByInput ? timing.who === who && timing.input === usual : timing.who === plainLoop,
    )
    if (!base || base.ns === ns) return []
    const over = isByInput ? `${input} over usual` : `${power(length)}, over the plain loop`
    return [[`${name} ${who}, ${over}`, ns.median / base.ns.median]]
  })
}

async function compare({ date, ratios }: Baseline): Promise<void> {
  let moved = 0
  for (const race of races) {
    let moves: [name: string, ratio: number][] | undefined
    for (let times = 0; times < 3 && moves?.length !== 0; times++) {
      const before = moves?.map(([name]) => name)
      moves = ratiosOf(await race())
        .filter(([name]) => before?.includes(name) ?? true)
        .filter(([name, ratio]) => Math.abs(ratio / ratios[name] - 1) > tolerance)
    }
    for (const [name, to] of moves ?? []) {
      const percent = ((to / ratios[name] - 1) * 100).toFixed(0)
      const figures = `${ratios[name].toPrecision(3)} -> ${to.toPrecision(3)}`
      console.log(`${to > ratios[name] ? 'slower' : 'faster'} by ${percent} %: ${name}, ${figures}`)
      moved++
    }
  }
  const of = `${moved} of ${Object.keys(ratios).length} ratios`
  console.log(`${of} moved by more than ${tolerance * 100} % since ${date.slice(0, 10)}`)
  process.exitCode = moved === 0 ? 0 : 1
}

export async function main(isRecording: boolean): Promise<void> {
  const all: Record<string, Baseline> = existsSync(path)
    ? JSON.parse(readFileSync(path, 'utf8'))
    : {}
  const here = machine()
  const slug = slugOf(here)
  if (!isRecording && all[slug]) return compare(all[slug])
  if (!isRecording)
    throw new Error(
      `bench/baseline.json must have ratios of this machine; got none of ${slug}. ` +
        'To record them: npm run bench -- check --record',
    )
  const ratios: Record<string, number> = {}
  for (const race of races)
    for (const [name, ratio] of ratiosOf(await race())) ratios[name] = Number(ratio.toPrecision(4))
  all[slug] = { machine: machineLine(here), date: new Date().toISOString(), ratios }
  writeFileSync(path, `${JSON.stringify(all, null, 2)}\n`)
  console.error(`bench: wrote ${path}`)
}
