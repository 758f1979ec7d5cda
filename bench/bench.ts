// npm run bench [-- WHAT]: how fast softplus is on this machine. Without WHAT: every table of docs/performance.md but the
// other libraries', about a minute.
//
// Prints tables and targets to stdout, progress to stderr. Exit code 0: done; 1: a target of this processor was missed, or
// something became slower; 2: wrong usage, or it could not run.
import { benchTables, questions } from './questions'
import { run } from './races'
import { keep, machine, machineLine, type Timing } from './results'
import { markdown } from './table'
import { report, type Target } from './targets'

const usage = `npm run bench [-- WHAT]
  (none)   softplus against ReLU and plain loops; kept in bench/results/
  check    [COMMIT] [--margin PERCENT] [--processes N] [--only WORD...] what became slower or faster
  peers    [--install] other libraries; kept in bench/results/
  calls    parts of a short call, and new large arrays
  bulk     files, memory and the event loop
  pipelines  DuckDB, Parquet, Arrow and the command on a column
  shards   files in shards, by processes and by a queue
  scale    a simulation: 1 PB on 1,000 workers
  server   load on examples/server
  load     the time it takes to load the package
  report   write the charts and the tables of README.md and docs/performance.md from bench/results/
  plot     draw the graphs of softplus in docs/`

async function measureAll(): Promise<void> {
  const here = machine()
  console.log(machineLine(here))
  const timings: Timing[] = []
  const targets: Target[] = []
  for (const question of questions) {
    const found: Timing[] = []
    for (const race of question.races)
      for (const size of question.sizes)
        found.push(...(await run(race, 2 ** size, question.seconds)))
    console.log(`\n${markdown(benchTables[question.name](found))}`)
    targets.push(...(question.targets?.(found) ?? []))
    timings.push(...found)
  }
  report(here.cpu, targets)
  keep('bench', { timings, about: {}, missing: {} })
}

const commands: Record<string, () => unknown> = {
  '': measureAll,
  check: async () => (await import('./check')).main(process.argv.slice(3)),
  peers: async () => (await import('./peers')).main(process.argv.includes('--install')),
  calls: async () => (await import('./calls')).main(process.argv[3]),
  bulk: async () => (await import('./bulk')).main(),
  pipelines: async () => (await import('./pipelines')).main(),
  shards: async () => (await import('./shards')).main(),
  scale: async () => (await import('./scale')).main(),
  server: async () => (await import('./server')).main(),
  load: async () => (await import('./load')).main(),
  report: async () => (await import('./report')).main(),
  plot: async () => (await import('./plot')).main(),
}

const what = process.argv[2] ?? ''
try {
  const command = commands[what]
  if (!command) throw new Error(`WHAT must be one of these; got ${what}\n${usage}`)
  await command()
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 2
}
