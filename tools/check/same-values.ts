// Millions of values in DuckDB, in Arrow vectors and by the command, against the call on arrays: every function, several betas, a
// tenth of the rows NULL.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { Float32, makeData, Table, tableFromIPC, tableToIPC, Vector } from 'apache-arrow'
import { activationsOf } from '../../src/api/byName'
import { activate } from '../../src/arrow'
import { kebabCase } from '../../src/cli/functions'
import { extensionPath, register } from '../../src/duckdb'
import { relu, softplus } from '../../src/index'
import { type FunctionName, functionNames, functions } from '../../src/math/functions'
import { registerFunctions, sqlName } from '../../src/sql/functions'
import type { SoftplusOptions } from '../../src/types'
import { mustRun, root } from '../build/run.mjs'

const betas = [undefined, 2, -0.37, 1e-6]

interface Way {
  name: FunctionName
  options: SoftplusOptions
}

const ways: Way[] = functionNames.flatMap((name) =>
  (functions[name].takesScaling ? betas : [undefined]).map((beta) => ({
    name,
    options: beta === undefined ? {} : { beta },
  })),
)

const call = ({ name, options }: Way, x: Float32Array): Float32Array =>
  activationsOf({ softplus, relu })[name](x, options)

interface Compared {
  compared: number
  different: number
}

/** How many results are not those of the call: NULL where x is NULL. NaN is one value. */
function differences(x: (number | null)[], y: Float32Array, results: Iterable<number | null>) {
  let different = 0
  let row = 0
  for (const result of results) {
    if (!Object.is(result, x[row] === null ? null : y[row])) different++
    row++
  }
  return different + Math.abs(x.length - row)
}

async function inDuckDB(kind: 'extension' | 'javascript', count: number): Promise<Compared> {
  const unsigned = { allow_unsigned_extensions: 'true' }
  const connection = await (await DuckDBInstance.create(':memory:', unsigned)).connect()
  if (kind === 'extension') await register(connection, { kind })
  else registerFunctions(connection, { softplus, relu }, 'javascript')
  await connection.run(`CREATE TABLE many AS SELECT CASE WHEN i % 10 = 3 THEN NULL
    WHEN i % 2 = 0 THEN (i / ${count / 240} - 120)::FLOAT
    ELSE ((CASE WHEN i % 4 = 1 THEN -1 ELSE 1 END) * pow(2::DOUBLE, i / ${count / 250} - 130))::FLOAT END AS x
    FROM range(${count}) AS r(i)`)
  const columns = ways.map(
    ({ name, options: { beta } }) =>
      `${sqlName(functions[name])}(x${beta === undefined ? '' : `, ${beta}`})`,
  )
  const total = { compared: 0, different: 0 }
  const result = await connection.stream(`SELECT x, ${columns} FROM many`)
  for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk()) {
    const [x, ...found] = chunk.getColumns() as (number | null)[][]
    const values = Float32Array.from(x, (value) => value ?? 0)
    for (const [i, way] of ways.entries())
      total.different += differences(x, call(way, values), found[i])
    total.compared += x.length * ways.length
  }
  return total
}

// Chunks of different lengths, none of which ends where a byte of the bitmap does.
const rowsOfChunk = 99_991

/** The same values as in DuckDB's table, in chunks; every tenth row is null. */
function manyVector(count: number): Vector<Float32> {
  const chunks = []
  for (let start = 0; start < count; start += rowsOfChunk) {
    const length = Math.min(rowsOfChunk, count - start)
    const data = Float32Array.from({ length }, (_, row) => valueAt(start + row, count))
    const nullBitmap = new Uint8Array(Math.ceil(length / 8))
    for (let row = 0; row < length; row++)
      if ((start + row) % 10 !== 3) nullBitmap[row >> 3] |= 1 << (row & 7)
    chunks.push(makeData({ type: new Float32(), length, data, nullBitmap }))
  }
  return new Vector(chunks)
}

const valueAt = (i: number, count: number): number =>
  i % 2 === 0 ? i / (count / 240) - 120 : (i % 4 === 1 ? -1 : 1) * 2 ** (i / (count / 250) - 130)

function compareVector(x: Vector<Float32>, found: (way: Way) => Vector<Float32>): Compared {
  const total = { compared: 0, different: 0 }
  const rows = x.data.map((chunk) => [...new Vector([chunk])])
  for (const way of ways) {
    const y = found(way)
    for (const [i, chunk] of x.data.entries()) {
      total.different += differences(rows[i], call(way, chunk.values), new Vector([y.data[i]]))
      total.compared += chunk.length
    }
  }
  return total
}

function byCommand(x: Vector<Float32>): Compared {
  const folder = join(root, 'build', 'many')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const [input, output] = ['x', 'y'].map((name) => join(folder, `${name}.arrows`))
  writeFileSync(input, tableToIPC(new Table({ x }), 'stream'))
  const result = compareVector(x, ({ name, options: { beta } }) => {
    mustRun([
      ...[process.execPath, join(root, 'dist', 'cli.cjs'), 'apply', input, '-o', output, '-q'],
      ...['--column', 'x', '--function', kebabCase(name)],
      ...(beta === undefined ? [] : [`--beta=${beta}`]),
    ])
    return tableFromIPC(readFileSync(output)).getChild('x') as Vector<Float32>
  })
  rmSync(folder, { recursive: true })
  return result
}

/** Compares `count` values in every place. Returns a line for each, which begins with FAILED if a result differs. */
export async function compareMany(count: number): Promise<[name: string, result: string][]> {
  const x = manyVector(count)
  const places: Record<string, (() => Promise<Compared> | Compared) | undefined> = {
    'DuckDB, extension': extensionPath === null ? undefined : () => inDuckDB('extension', count),
    'DuckDB, javascript': () => inDuckDB('javascript', count),
    'Arrow, activate': () =>
      compareVector(x, ({ name, options }) => activate(x, { function: name, ...options } as never)),
    'Arrow, the command': () => byCommand(x),
  }
  const results: [string, string][] = []
  for (const [name, compare] of Object.entries(places)) {
    const { compared, different } = (await compare?.()) ?? { compared: 0, different: 0 }
    const isSame = different === 0 && compared === ways.length * count
    const counted = `${different} of ${compared} results differ`
    results.push([name, compare ? `${isSame ? 'passed' : 'FAILED'}, ${counted}` : 'skipped'])
  }
  return results
}
