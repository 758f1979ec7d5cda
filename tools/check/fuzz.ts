// Fuzzes the readers of .npy and Arrow IPC and the streams: mutants of the corpus, and of whatever showed a new outcome.
// What fails is made small and kept in test/fuzz/corpus/, where `npm test` finds it.
//
//   npm run tool -- fuzz [SECONDS]      two minutes by default

import fc from 'fast-check'
import { backends } from '../../test/backends'
import { checkArrow, columnNames } from '../../test/fuzz/arrow'
import { corpus, keep } from '../../test/fuzz/corpus'
import { checkHeader } from '../../test/fuzz/header'
import { arrowMutants, mutants } from '../../test/fuzz/mutations'
import { checkStream, plans } from '../../test/fuzz/streams'

let seconds = 120
const files = corpus('.npy').map(({ bytes }) => bytes)
const kinds = new Set(files.map(checkHeader))
const tables = corpus('.arrow').map(({ bytes }) => bytes)
const tableKinds = new Set<string>()
const done = { headers: 0, tables: 0, streams: 0, failures: 0 }

const round = () => ({
  numRuns: 1e9,
  interruptAfterTimeLimit: Math.min(2000, seconds * 250),
})

// A new kind of outcome means a new path through the code. Small files that lead to one are mutated further.
function headerRound(): void {
  const news: Buffer[] = []
  const result = fc.check(
    fc.property(mutants(files), (bytes) => {
      done.headers++
      const kind = checkHeader(bytes)
      if (kinds.has(kind)) return
      kinds.add(kind)
      if (bytes.length < 4096) news.push(bytes)
    }),
    round(),
  )
  files.push(...news)
  if (result.failed && result.counterexample) {
    report(keep(result.counterexample[0], '.npy'), fc.defaultReportMessage(result))
  }
}

async function tableRound(): Promise<void> {
  const news: Buffer[] = []
  const result = await fc.check(
    fc.asyncProperty(
      arrowMutants(tables),
      fc.constantFrom(...columnNames),
      async (bytes, column) => {
        done.tables++
        const kind = await checkArrow(bytes, column)
        if (tableKinds.has(kind)) return
        tableKinds.add(kind)
        news.push(bytes)
      },
    ),
    round(),
  )
  tables.push(...news)
  if (result.failed && result.counterexample) {
    const [bytes, column] = result.counterexample
    report(keep(bytes, '.arrow'), `column ${column}: ${fc.defaultReportMessage(result)}`)
  }
}

async function streamRound(turn: number): Promise<void> {
  const { api, name } = backends[turn % backends.length]
  const result = await fc.check(
    fc.asyncProperty(plans, (plan) => {
      done.streams++
      return checkStream(plan, api)
    }),
    round(),
  )
  if (result.failed && result.counterexample) {
    const plan = Buffer.from(`${JSON.stringify(result.counterexample[0])}\n`)
    report(keep(plan, '.json'), `backend ${name}: ${fc.defaultReportMessage(result)}`)
  }
}

function report(path: string, message: string | undefined): void {
  done.failures++
  process.stderr.write(`fuzz: FAILED, added as ${path}\n${message}\n`)
}

export async function main(args: string[]): Promise<boolean> {
  seconds = Number(args[0] ?? seconds)
  if (!(seconds > 0)) throw new Error(`SECONDS must be a number above 0; got ${args[0]}`)
  const end = Date.now() + seconds * 1000
  for (let turn = 0; Date.now() < end; turn++) {
    headerRound()
    await tableRound()
    await streamRound(turn)
    const left = Math.max(0, Math.round((end - Date.now()) / 1000))
    process.stderr.write(
      `fuzz: ${done.headers} headers, ${kinds.size} kinds of outcome, ${done.tables} tables, ` +
        `${tableKinds.size} kinds, ${done.streams} streams, ` +
        `${done.failures} failures; ${left} s left\n`,
    )
  }
  return done.failures === 0
}
