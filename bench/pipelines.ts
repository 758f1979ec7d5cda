// npm run bench -- pipelines: softplus where the data is: in DuckDB, from Parquet to Parquet, over Arrow vectors, and in a
// column of an Arrow file. About three minutes, 4 GiB of memory and 4 GB of disk.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { Float32, makeData, RecordBatch, RecordBatchStreamWriter, Vector } from 'apache-arrow'
import { activate } from '../dist/arrow.js'
import { register } from '../dist/duckdb.js'
import { softplus } from '../dist/index.js'
import { uniform } from './inputs'
import { race, spreadOf } from './measure'
import { command, peakOf, run } from './process'
import { machine, machineLine } from './results'
import { figure, markdown } from './table'
import { atLeast, atMost, report, type Target } from './targets'

/** Runs each step in turns, `rounds` times, and returns the median milliseconds of each. */
async function inTurns<Name extends string>(
  steps: Record<Name, () => unknown>,
  rounds: number,
): Promise<Record<Name, number>> {
  const names = Object.keys(steps) as Name[]
  const readings = names.map((): number[] => [])
  for (let round = 0; round < rounds; round++)
    for (const [i, name] of names.entries()) {
      const started = performance.now()
      await steps[name]()
      readings[i].push(performance.now() - started)
    }
  const medians = names.map((name, i) => [name, spreadOf(readings[i]).median])
  return Object.fromEntries(medians) as Record<Name, number>
}

const rows = 100_000_000

const queries = {
  'read only: sum(x)': 'sum(x)',
  'extension: sum(softplus(x))': 'sum(softplus(x))',
  'sum(ln(1 + exp(x))), wrong below -17 and above 88': 'sum(ln(1 + exp(x)))',
  'sum(greatest(x, 0) + ln(1 + exp(-abs(x)))), wrong below -17':
    'sum(greatest(x, 0) + ln(1 + exp(-abs(x))))',
}
const [read, extension, naive, stable] = Object.keys(queries) as (keyof typeof queries)[]
const javascript = 'JavaScript: sum(softplus(x))'

async function connectionWith(kind: 'extension' | 'javascript'): Promise<DuckDBConnection> {
  const unsigned = kind === 'extension' ? { allow_unsigned_extensions: 'true' } : undefined
  const connection = await (await DuckDBInstance.create(':memory:', unsigned)).connect()
  await register(connection, { kind })
  await connection.run('SELECT setseed(0.5)')
  await connection.run(
    `CREATE TABLE t AS SELECT (random() * 16 - 8)::FLOAT AS x FROM range(${rows})`,
  )
  return connection
}

async function duckdb(): Promise<Target[]> {
  const native = await connectionWith('extension')
  const fallback = await connectionWith('javascript')
  const steps = {
    ...Object.fromEntries(
      Object.entries(queries).map(([name, sum]) => [
        name,
        () => native.run(`SELECT ${sum} FROM t`),
      ]),
    ),
    [javascript]: () => fallback.run('SELECT sum(softplus(x)) FROM t'),
  }
  const byThreads: Record<string, number>[] = []
  for (const threads of [1, 2]) {
    for (const connection of [native, fallback])
      await connection.run(`SET threads = ${threads}; SET external_threads = 1`)
    byThreads.push(await inTurns(steps, 3))
  }
  native.closeSync()
  fallback.closeSync()
  const [one, two] = byThreads
  const rate = (ms: number) => figure(rows / 1e3 / ms)
  console.log(
    `\n${markdown({
      title: `DuckDB, ${rows / 1e6}M rows of FLOAT, million rows per second`,
      head: ['', '1 thread', '2 threads'],
      rows: Object.keys(steps).map((name) => [name, rate(one[name]), rate(two[name])]),
    })}`,
  )
  return [
    ...byThreads.flatMap((ms, i) => {
      const on = `DuckDB, ${i + 1} ${i === 0 ? 'thread' : 'threads'}: softplus over`
      return [
        atLeast(`${on} reading only`, 0.75, ms[read] / ms[extension]),
        atLeast(`${on} ln(1 + exp(x))`, 6, ms[naive] / ms[extension]),
        atLeast(`${on} the formula that does not overflow`, 30, ms[stable] / ms[extension]),
        atLeast(`${on} the JavaScript function`, 4, ms[javascript] / ms[extension]),
      ]
    }),
    atLeast('DuckDB, 2 threads over 1', 1.7, one[extension] / two[extension]),
  ]
}

async function parquet(folder: string): Promise<void> {
  const count = 20_000_000
  const connection = await connectionWith('extension')
  const [x, y] = ['x', 'y'].map((name) => join(folder, `${name}.parquet`))
  await connection.run(`COPY (FROM t LIMIT ${count}) TO '${x}'`)
  const copy = (expression: string) => () =>
    connection.run(`COPY (SELECT ${expression} AS x FROM '${x}') TO '${y}'`)
  const ms = await inTurns(
    {
      unchanged: copy('x'),
      softplus: copy('softplus(x)'),
      'ln(1 + exp(x))': copy('ln(1 + exp(x))::FLOAT'),
    },
    5,
  )
  connection.closeSync()
  console.log(
    `\n${markdown({
      title: `Parquet to Parquet by DuckDB, ${count / 1e6}M rows, all threads`,
      head: ['', 'ms', 'million rows/s'],
      rows: Object.entries(ms).map(([name, time]) => [
        name,
        figure(time),
        figure(count / 1e3 / time),
      ]),
    })}`,
  )
}

async function vectors(): Promise<Target> {
  const length = 2 ** 24
  const chunks = 256
  const x = uniform(length, 8)
  const each = length / chunks
  const vector = new Vector(
    Array.from({ length: chunks }, (_, i) => {
      const data = x.slice(i * each, (i + 1) * each)
      return makeData({ type: new Float32(), length: each, data })
    }),
  )
  const out = new Float32Array(length)
  const contestants = [
    { name: 'softplus(x, { out })', run: () => softplus(x, { out }) },
    { name: 'activate(vector, { out })', run: () => activate(vector, { out }) },
    { name: 'softplus(x)', run: () => softplus(x) },
    { name: 'activate(vector)', run: () => activate(vector) },
    {
      name: 'vector.get(i) in a loop, and Math.log1p',
      run: () => {
        for (let i = 0; i < length; i++) {
          const v = vector.get(i) ?? 0
          out[i] = Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)))
        }
      },
    },
  ]
  const measured = await race(contestants, new Float32Array(length), 4)
  console.log(
    `\n${markdown({
      title: 'Arrow, 2^24 rows of Float32 in 256 chunks, one thread',
      head: ['', 'ns per row'],
      rows: measured.map(({ name, ns }) => [name, figure(ns.median)]),
    })}`,
  )
  const [bare, activated] = measured
  return atMost(
    'Arrow, activate over the call, both with out',
    1.3,
    activated.ns.median / bare.ns.median,
  )
}

const columnOf = (values: Float32Array) =>
  makeData({ type: new Float32(), length: values.length, data: values })

/** Writes an Arrow stream with one column, `logit`, and the same batch again and again. */
function writeStream(path: string, batches: number, batchRows: number): void {
  const batch = new RecordBatch({ logit: columnOf(uniform(batchRows, 8)) })
  const stream = RecordBatchStreamWriter.writeAll(Array(batches).fill(batch)).toUint8Array(true)
  writeFileSync(path, stream)
}

async function columns(folder: string): Promise<Target[]> {
  const [small, large, raw] = ['small.arrows', 'large.arrows', 'raw.f32'].map((name) =>
    join(folder, name),
  )
  writeStream(small, 2 ** 12, 2 ** 16)
  writeStream(large, 2, 2 ** 27)
  writeFileSync(raw, uniform(2 ** 28, 8))
  const outputOf = (x: string) => x.replace(/(?=\.\w+$)/, '-activated')
  const apply = (x: string) => [
    ...[command, 'apply', x, '-o', outputOf(x), '-q'],
    ...(x === raw ? [] : ['--column', 'logit']),
  ]
  const applied = (x: string) => () => {
    rmSync(outputOf(x), { force: true })
    run(process.execPath, apply(x))
  }
  const ms = await inTurns(
    {
      cp: () => {
        rmSync(outputOf(small), { force: true })
        run('cp', [small, outputOf(small)])
      },
      'batches of 64Ki rows': applied(small),
      'batches of 512 MiB': applied(large),
      'raw float32 (.f32), without Arrow': applied(raw),
    },
    7,
  )
  console.log(
    `\n${markdown({
      title: '1 GiB of Arrow, one Float32 column, softplus apply --column',
      head: ['', 'ms', 'million values/s'],
      rows: Object.entries(ms).map(([name, time]) => [
        name,
        figure(time),
        figure(2 ** 28 / 1e3 / time),
      ]),
    })}`,
  )
  const empty = peakOf(['-e', ''])
  return [
    ...(['batches of 64Ki rows', 'batches of 512 MiB'] as const).map((name) =>
      atMost(`softplus apply --column, 1 GiB, ${name}, time over cp`, 1.25, ms[name] / ms.cp),
    ),
    ...[small, large].map((x, i) =>
      atMost(
        `its peak memory over an empty process, ${i === 0 ? '64Ki rows' : '512 MiB'} a batch, MiB`,
        96,
        peakOf(apply(x)) - empty,
      ),
    ),
  ]
}

export async function main(): Promise<void> {
  const here = machine()
  console.log(machineLine(here))
  const folder = mkdtempSync(join(tmpdir(), 'softplus-pipelines-'))
  try {
    const targets = await duckdb()
    await parquet(folder)
    targets.push(await vectors(), ...(await columns(folder)))
    report(here.cpu, targets)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
