// softplus/duckdb: the extension and the functions in JavaScript give in SQL what the call gives on arrays.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as NodeApi from '@duckdb/node-api'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { activationsOf } from '../src/api/byName'
import { extensionPath, register } from '../src/duckdb'
import { type FunctionName, functionNames, functions } from '../src/math/functions'
import { registerFunctions, sqlName } from '../src/sql/functions'
import type { SoftplusOptions } from '../src/types'
import { backends, native, reference } from './backends'
import { peer, peerPath } from './peers'

const { DuckDBConnection, DuckDBInstance, version } = peer<typeof NodeApi>('@duckdb/node-api')
type Connection = NodeApi.DuckDBConnection
type Values = (number | null)[]

const root = join(import.meta.dirname, '..')
const [major, minor] = version().match(/\d+/g)?.map(Number) ?? []
const areOverloadsTaken = major > 1 || minor >= 5

const sqlNames = Object.fromEntries(
  functionNames.map((name) => [name, sqlName(functions[name])]),
) as Record<FunctionName, string>
const scaled = functionNames.filter((name) => functions[name].takesScaling)

const unsigned = { allow_unsigned_extensions: 'true' }
const opened: { closeSync(): void }[] = []

// Before version 1.5 functions in JavaScript keep the process alive until their database is closed.
async function connect(options: Record<string, string> = {}): Promise<Connection> {
  const instance = await DuckDBInstance.create(':memory:', options)
  const connection = await instance.connect()
  opened.push(connection, instance)
  return connection
}

afterAll(() => {
  for (const each of opened) each.closeSync()
})

afterEach(() => {
  vi.unstubAllEnvs()
})

async function column<Value = number | null>(connection: Connection, sql: string) {
  return ((await connection.runAndReadAll(sql)).getColumns()[0] ?? []) as Value[]
}

/** What the call on arrays gives, each row with its own beta and threshold; null where an argument is null. */
function wanted(name: FunctionName, x: Values, beta: Values = [], threshold: Values = []): Values {
  const f = activationsOf(reference.api)[name]
  return x.map((value, row) => {
    if (value === null || beta[row] === null || threshold[row] === null) return null
    const options = { beta: beta[row] ?? undefined, threshold: threshold[row] ?? undefined }
    return f(Float32Array.of(value), options)[0]
  })
}

/** What the call gives for all of x with the same options. */
function all(name: FunctionName, options: SoftplusOptions = {}): Values {
  const f = activationsOf(reference.api)[name]
  const y = f(
    Float32Array.from(x, (value) => value ?? 0),
    options,
  )
  return x.map((value, row) => (value === null ? null : y[row]))
}

/** Quick where they are the same. */
function expectRows(got: Values, want: Values): void {
  if (got.length !== want.length || !got.every((value, row) => Object.is(value, want[row])))
    expect(got).toEqual(want)
}

const random = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}

const special = Float32Array.of(
  ...[Number.NaN, Infinity, -Infinity, 0, -0, 1e-45, -1e-45, 1e-40, -1e-40, 1e-20, 3.4e38, -3.4e38],
  ...[14.75, -14.75, -104, -88, -87.3, 17.5, 18, 20, 88.8, 1, -1, 0.5],
)

// More rows than DuckDB has in a chunk, 2,048. The first chunk has no NULL, the last is not full.
const rowCount = 5000
const next = random(1)
const bits = new Float32Array(Uint32Array.from({ length: rowCount }, () => next() * 2 ** 32).buffer)
const x: Values = Array.from(bits, (value, row) => {
  if (row < special.length) return special[row]
  if (row > 2048 && row % 7 === 0) return null
  return row % 2 === 0 ? value : Math.fround((next() - 0.5) * 60)
})
const betas = [1, 2, -0.5, 1e-3, 1e30, 0.1, 1.0000000001]
// In runs, with NULLs within and between them.
const beta: Values = x.map((_, row) => (row % 11 === 5 ? null : betas[(row >> 3) % betas.length]))
const thresholds = [Infinity, 20, 0.1, -1, 1e-50, -1e-50, 1e300, -Infinity]
const threshold: Values = x.map((_, row) => (row % 13 === 5 ? null : thresholds[row % 8]))
// The rows of a list: 0 to 6 elements, and some NULL.
const lists: (Values | null)[] = []
for (let at = 0, row = 0; at < x.length; row++) {
  lists.push(row % 9 === 4 ? null : x.slice(at, at + (row % 7)))
  at += row % 7
}
const ofLists = (values: (Values | null)[]) => values.map((list) => list && { items: list })

async function fill(connection: Connection): Promise<void> {
  await connection.run('CREATE TABLE t (row INTEGER, x FLOAT, beta DOUBLE, threshold DOUBLE)')
  const appender = await connection.createAppender('t')
  for (let row = 0; row < rowCount; row++) {
    appender.appendInteger(row)
    const value = x[row]
    if (value === null) appender.appendNull()
    else appender.appendFloat(value)
    for (const number of [beta[row], threshold[row]])
      if (number === null) appender.appendNull()
      else appender.appendDouble(number)
    appender.endRow()
  }
  appender.closeSync()
  await connection.run('CREATE TABLE entries (list INTEGER, start INTEGER, length INTEGER)')
  let start = 0
  const rows = lists.map((list, row) => {
    const line = `(${row}, ${start}, ${list === null ? 'NULL' : row % 7})`
    start += row % 7
    return line
  })
  await connection.run(`INSERT INTO entries VALUES ${rows}`)
  await connection.run(`CREATE TABLE lists AS
    WITH whole AS (SELECT list(x ORDER BY row) AS w FROM t)
    SELECT list AS row, CASE WHEN length IS NOT NULL THEN w[start + 1 : start + length] END AS v FROM entries, whole`)
}

interface Case {
  kind: 'extension' | 'javascript'
  name: string
}
const cases: Case[] = [
  ...(extensionPath === null ? [] : native).map((name) => ({ kind: 'extension', name }) as const),
  ...backends.map(({ name }) => ({ kind: 'javascript', name }) as const),
]

test('the names in SQL', () => {
  const { softplus, secondDerivative, reluDerivative } = sqlNames
  expect([softplus, secondDerivative, reluDerivative]).toEqual([
    'softplus',
    'softplus_second_derivative',
    'relu_derivative',
  ])
})

test.skipIf(process.platform === 'linux' && spawnSync('cmake', ['--version']).error === undefined)(
  'without cmake, or elsewhere than on Linux, there is no extension to test',
  () => {
    expect(extensionPath).toBe(null)
  },
)

describe.each(cases)('$kind, $name', ({ kind, name }) => {
  let connection: Connection
  const hasLists = kind === 'extension' || areOverloadsTaken

  beforeAll(async () => {
    connection = await connect(unsigned)
    if (kind === 'extension') {
      vi.stubEnv('SOFTPLUS_BACKEND', name)
      expect(await register(connection, { kind })).toEqual({ kind, backend: name })
    } else {
      const { api } = backends.find((backend) => backend.name === name) ?? reference
      registerFunctions(connection, api, name)
    }
    await fill(connection)
  })

  test('softplus_backend() names what computes, in every row', async () => {
    expect(await column(connection, 'SELECT DISTINCT softplus_backend() FROM t')).toEqual([name])
  })

  test.each(functionNames)('%s', async (f) => {
    expectRows(await column(connection, `SELECT ${sqlNames[f]}(x) FROM t`), all(f))
  })

  test.each(scaled)('%s with a constant beta, and with a threshold', async (f) => {
    const sql = sqlNames[f]
    for (const b of betas)
      expectRows(
        await column(connection, `SELECT ${sql}(x, ${b}::DOUBLE) FROM t`),
        all(f, { beta: b }),
      )
    for (const b of [1, 2])
      for (const t of thresholds)
        expectRows(
          await column(connection, `SELECT ${sql}(x, ${b}, '${t}'::DOUBLE) FROM t`),
          all(f, { beta: b, threshold: t }),
        )
  })

  test.each(scaled)('%s with columns of betas and thresholds', async (f) => {
    const sql = sqlNames[f]
    expectRows(await column(connection, `SELECT ${sql}(x, beta) FROM t`), wanted(f, x, beta))
    expectRows(
      await column(connection, `SELECT ${sql}(x, beta, threshold) FROM t`),
      wanted(f, x, beta, threshold),
    )
    expectRows(
      await column(connection, `SELECT ${sql}(x, 1, threshold) FROM t`),
      wanted(f, x, [], threshold),
    )
  })

  test('rows in another order: a filter, a join, a dictionary', async () => {
    const kept = x.filter((_, row) => row % 3 === 1)
    expect(await column(connection, 'SELECT softplus(x) FROM t WHERE row % 3 = 1')).toEqual(
      wanted('softplus', kept),
    )
    await connection.run(
      "CREATE TABLE few AS SELECT row % 5 AS k FROM t; CREATE TABLE names AS SELECT * FROM (VALUES (0, 0.5::FLOAT), (1, NULL), (2, -3), (3, 'nan'), (4, 40)) AS n(k, x)",
    )
    const named = [0.5, null, -3, Number.NaN, 40]
    const joined = 'SELECT few.k AS k, softplus(names.x, 2) AS y FROM few JOIN names USING (k)'
    expect(
      await column(connection, `SELECT DISTINCT ON (k) y FROM (${joined}) ORDER BY k`),
    ).toEqual(
      wanted(
        'softplus',
        named,
        named.map(() => 2),
      ),
    )
    expect(await column(connection, `SELECT count(y) FROM (${joined})`)).toEqual([4000n])
  })

  test('constants, and a constant x with a column of betas', async () => {
    expect(await column(connection, 'SELECT softplus(1.5::FLOAT, 2, 20) FROM range(3000)')).toEqual(
      wanted('softplus', new Array(3000).fill(1.5), new Array(3000).fill(2)),
    )
    expect(await column(connection, 'SELECT softplus(1.5, beta) FROM t')).toEqual(
      wanted('softplus', new Array(rowCount).fill(1.5), beta),
    )
  })

  test.runIf(hasLists)('lists, with NULL lists and NULL elements', async () => {
    for (const f of functionNames)
      expect(await column(connection, `SELECT ${sqlNames[f]}(v) FROM lists ORDER BY row`)).toEqual(
        ofLists(lists.map((list) => list && wanted(f, list))),
      )
  })

  test.runIf(hasLists)('lists with a column of betas, also one list with all of them', async () => {
    const b = lists.map((_, row) => beta[row])
    const withBeta = (list: Values | null, row: number) =>
      b[row] === null
        ? null
        : list &&
          wanted(
            'softplus',
            list,
            list.map(() => b[row]),
          )
    const joined = 'lists JOIN t USING (row) ORDER BY row'
    expect(await column(connection, `SELECT softplus(v, beta) FROM ${joined}`)).toEqual(
      ofLists(lists.map(withBeta)),
    )
    expect(
      await column(connection, `SELECT softplus([0.5, NULL, 3]::FLOAT[], beta) FROM ${joined}`),
    ).toEqual(ofLists(lists.map((_, row) => withBeta([0.5, null, 3], row))))
  })

  test.runIf(hasLists)('arrays of a fixed length become lists; empty lists stay', async () => {
    const sql = 'SELECT softplus([-2, NULL, 2]::FLOAT[3]), softplus([]), softplus([[1]][1])'
    const [[array], [empty], [integers]] = (await connection.runAndReadAll(sql)).getColumns()
    expect(array).toEqual({ items: wanted('softplus', [-2, null, 2]) })
    expect(empty).toEqual({ items: [] })
    expect(integers).toEqual({ items: wanted('softplus', [1]) })
  })

  test.runIf(hasLists)('lists of more values than DuckDB can hold', async () => {
    const sql = `SELECT count(y) FROM (SELECT softplus(v, beta) AS y
      FROM (SELECT list(1::FLOAT) AS v FROM range(17_000_000)), range(1, 2049) AS r(beta))`
    await expect(column(connection, sql)).rejects.toThrow(
      kind === 'extension' ? 'maximum allowed vector size' : 'Invalid typed array length',
    )
    expect(await column(connection, 'SELECT softplus(1)')).toEqual(wanted('softplus', [1]))
  })

  test('list_transform', async () => {
    // The arrow of lambdas is going away, and the word came with 1.3.
    const sql = 'SELECT list_transform(v, lambda e: softplus(e, 2)) FROM lists ORDER BY row'
    expect(await column(connection, sql)).toEqual(
      ofLists(
        lists.map(
          (list) =>
            list &&
            wanted(
              'softplus',
              list,
              list.map(() => 2),
            ),
        ),
      ),
    )
  })

  test('several threads', async () => {
    await connection.run(`CREATE OR REPLACE TABLE many AS
      SELECT t.row, softplus(x, beta) AS y, x, beta FROM t, range(30) AS r(i)`)
    await connection.run('SET threads = 4')
    const differ = 'count(*) FILTER (softplus(x, beta) IS DISTINCT FROM y)'
    const counts = await connection.runAndReadAll(
      `SELECT count(*), ${differ}, count(softplus(x)) FROM many`,
    )
    const valid = x.filter((value) => value !== null).length
    expect(counts.getRows()).toEqual([[150_000n, 0n, BigInt(30 * valid)]])
  })

  test('any rows, betas and NULLs', async () => {
    const row = fc.record({
      x: fc.option(fc.float(), { freq: 4 }),
      beta: fc.option(fc.constantFrom(...betas), { freq: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 80 }), async (rows) => {
        const literal = (value: number | null) =>
          value === null ? 'NULL' : `'${Object.is(value, -0) ? '-0.0' : value}'`
        const table = rows.map((each) => `(${literal(each.x)}, ${literal(each.beta)})`)
        const typed = `(SELECT x::FLOAT AS x, beta::DOUBLE AS beta FROM (VALUES ${table}) AS v(x, beta))`
        expect(await column(connection, `SELECT softplus(x, beta) FROM ${typed}`)).toEqual(
          wanted(
            'softplus',
            rows.map((each) => each.x),
            rows.map((each) => each.beta),
          ),
        )
      }),
      { numRuns: 20 },
    )
  })

  const betaMust = 'beta must be finite and not 0, also when rounded to float32; got'
  test.each([
    ['softplus(x, 0)', `${betaMust} 0`],
    ["softplus_derivative(x, '-0.0'::DOUBLE)", `${betaMust} 0`],
    ["softplus(x, 'nan'::DOUBLE)", `${betaMust} NaN`],
    ["softplus_inverse(x, '-inf'::DOUBLE, 3)", `${betaMust} -Infinity`],
    ['softplus(x, -1e-50)', `${betaMust} -1e-50`],
    ['softplus(x, 1.23e39)', `${betaMust} 1.23e+39`],
    ["softplus(x, 1, 'nan'::DOUBLE)", 'threshold must be any number but NaN; got NaN'],
    ['softplus(x, CASE WHEN row < 4000 THEN 1 ELSE 0 END)', `${betaMust} 0`],
  ])('%s is an error of the query', async (call, message) => {
    await expect(column(connection, `SELECT ${call} FROM t`)).rejects.toThrow(message)
  })

  test('a wrong beta is no error in rows that are NULL', async () => {
    const sql = 'SELECT softplus(x, CASE WHEN x IS NULL THEN 0 ELSE 1 END) FROM t'
    expect(await column(connection, sql)).toEqual(wanted('softplus', x))
    expect(await column(connection, 'SELECT softplus(NULL::FLOAT, 0)')).toEqual([null])
    expect(
      await column(connection, 'SELECT softplus(x, 0) FROM t WHERE x IS NULL LIMIT 1'),
    ).toEqual([null])
  })

  test('types: what DuckDB casts by itself, and what needs a cast', async () => {
    const one = wanted('softplus', [1])
    for (const value of ['1', '1.0', '1::TINYINT', '1::BIGINT', '1::DECIMAL(9, 2)', '1::FLOAT'])
      expect(await column(connection, `SELECT softplus(${value})`), value).toEqual(one)
    expect(await column(connection, 'SELECT softplus(1, 1::FLOAT, 20::INTEGER)')).toEqual(one)
    expect(await column(connection, 'SELECT softplus(NULL)')).toEqual([null])
    expect(await column(connection, 'SELECT softplus(1, NULL)')).toEqual([null])
    expect(await column<string>(connection, 'SELECT typeof(softplus(1))')).toEqual(['FLOAT'])
    for (const call of [
      'softplus(1::DOUBLE)',
      "softplus('1'::VARCHAR)",
      'softplus()',
      'relu(1::FLOAT, 2)',
    ])
      await expect(column(connection, `SELECT ${call}`), call).rejects.toThrow(
        'No function matches the given name and argument types',
      )
    await expect(column(connection, 'SELECT softplus(1, 2, 3, 4)')).rejects.toThrow(/argument/)
  })

  test('prepared parameters', async () => {
    const ask = async (sql: string, ...values: NodeApi.DuckDBValue[]) =>
      (await connection.runAndReadAll(sql, values)).getColumns()[0]
    expect(await ask('SELECT softplus(?)', 1)).toEqual(wanted('softplus', [1]))
    expect(await ask('SELECT softplus(?)', null)).toEqual([null])
    expect(await ask('SELECT softplus(?::FLOAT, ?)', 1.5, 2)).toEqual(
      wanted('softplus', [1.5], [2]),
    )
    // A number that is no integer comes as DOUBLE.
    if (hasLists) await expect(ask('SELECT softplus(?)', 1.5)).rejects.toThrow('softplus(DOUBLE)')
  })
})

describe.skipIf(extensionPath === null)('register', () => {
  test('loads the extension, for all connections, and again without harm', async () => {
    const connection = await connect(unsigned)
    const first = await register(connection)
    expect(first).toEqual({ kind: 'extension', backend: native[0] })
    expect(await Promise.all([register(connection), register(connection)])).toEqual([first, first])
    expect(await register(connection, { kind: 'javascript' })).toEqual(first)
  })

  test('registers JavaScript if that is wanted, and again without harm', async () => {
    const connection = await connect()
    const [first, second] = await Promise.all([
      register(connection, { kind: 'javascript' }),
      register(connection),
    ])
    expect(first.kind).toBe('javascript')
    expect(second).toEqual(first)
    expect(await column(connection, 'SELECT softplus_backend()')).toEqual([first.backend])
  })

  test('loads the extension over functions in JavaScript, from DuckDB 1.5 on', async () => {
    const connection = await connect(unsigned)
    const first = await register(connection, { kind: 'javascript' })
    const second = register(connection, { kind: 'extension' })
    if (areOverloadsTaken) expect(await second).toEqual({ kind: 'extension', backend: native[0] })
    else
      await expect(second).rejects.toThrow(
        expect.objectContaining({
          code: 'ERR_SOFTPLUS_DUCKDB',
          message: expect.stringContaining('softplus could not register its functions'),
        }),
      )
    expect(await register(connection)).toEqual(areOverloadsTaken ? await second : first)
    expect(await column(connection, 'SELECT softplus(2)')).toEqual(wanted('softplus', [2]))
  })

  test.each([
    ['extension', unsigned, {}],
    ['javascript', unsigned, { kind: 'javascript' as const }],
    ['javascript', {}, {}],
  ])('%s: several at once, for one instance', async (kind, config, options) => {
    const instance = await DuckDBInstance.create(':memory:', config)
    const connections = await Promise.all([1, 2, 3].map(() => instance.connect()))
    opened.push(...connections, instance)
    const calls = [...connections, ...connections].map((each) => register(each, options))
    for (const registration of await Promise.all(calls)) expect(registration.kind).toBe(kind)
    for (const each of connections)
      expect(await column(each, 'SELECT softplus(2)')).toEqual(wanted('softplus', [2]))
  })

  test('does not wait for the queries of another instance', async () => {
    const [busy, free] = [await connect(unsigned), await connect(unsigned)]
    let isDone = false
    const query = column(
      busy,
      'SELECT count(*) FROM range(1e12::BIGINT) AS r(i) WHERE i % 7 = hash(i)',
    )
      .catch(() => {})
      .finally(() => {
        isDone = true
      })
    const behind = register(busy)
    expect((await register(free)).kind).toBe('extension')
    expect(isDone).toBe(false)
    busy.interrupt()
    await query
    expect((await behind).kind).toBe('extension')
  })

  test.each([{}, { kind: 'javascript' }, { kind: 'extension' }] as const)(
    'within a transaction it refuses %o, and the transaction goes on',
    async (options) => {
      const connection = await connect()
      await connection.run('CREATE TABLE rows (x FLOAT); BEGIN; INSERT INTO rows VALUES (2)')
      await expect(register(connection, options)).rejects.toThrow(
        expect.objectContaining({
          code: 'ERR_INVALID_STATE',
          message: 'register must be called outside a transaction; got a connection within one',
        }),
      )
      await connection.run('COMMIT')
      expect(await column(connection, 'SELECT x FROM rows')).toEqual([2])
      await register(connection, { kind: 'javascript' })
      expect(await column(connection, 'SELECT softplus(x) FROM rows')).toEqual(
        wanted('softplus', [2]),
      )
    },
  )

  test('without external access it computes in JavaScript', async () => {
    const connection = await connect({ ...unsigned, enable_external_access: 'false' })
    for (let i = 0; i < 2; i++)
      expect((await register(connection, { kind: 'javascript' })).kind).toBe('javascript')
    await expect(register(connection, { kind: 'extension' })).rejects.toThrow('disabled')
    expect(await column(connection, 'SELECT softplus(2)')).toEqual(wanted('softplus', [2]))
  })

  test.each(['extension', 'javascript'] as const)('%s: a macro comes first', async (kind) => {
    const connection = await connect(unsigned)
    await connection.run(
      "CREATE MACRO softplus(x) AS 42; CREATE MACRO softplus_backend() AS 'none'",
    )
    const registered = await register(connection, { kind })
    expect(registered.kind).toBe(kind)
    expect(registered.backend).not.toBe('none')
    expect(await register(connection)).toEqual(registered)
    expect(await column(connection, 'SELECT softplus(2)')).toEqual([42])
    expect(await column(connection, 'SELECT system.main.softplus(2)')).toEqual(
      wanted('softplus', [2]),
    )
  })

  test('finds a copy of @duckdb/node-api in any folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'softplus-bundle-'))
    try {
      const modules = peerPath('@duckdb/node-api').replace(/@duckdb.*/, '')
      symlinkSync(modules, join(folder, 'node_modules'))
      cpSync(dirname(peerPath('@duckdb/node-api')), join(folder, 'lib'), { recursive: true })
      const copy: typeof NodeApi = createRequire(import.meta.url)(join(folder, 'lib', 'index.js'))
      const instance = await copy.DuckDBInstance.create()
      const connection = await instance.connect()
      opened.push(connection, instance)
      expect(connection).not.toBeInstanceOf(DuckDBConnection)
      expect((await register(connection, { kind: 'javascript' })).kind).toBe('javascript')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('a version without registerScalarFunction', async () => {
    const connection = await connect(unsigned)
    const old = Object.create(connection, { registerScalarFunction: { value: undefined } })
    await expect(register(old, { kind: 'javascript' })).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_SOFTPLUS_DUCKDB',
        message: `@duckdb/node-api must be 1.3.2-alpha.26 or later to register functions in JavaScript; got one with DuckDB ${version()}`,
      }),
    )
    expect((await register(old)).kind).toBe('extension')
  })

  test('registers the same names and overloads in both kinds', async () => {
    const sql = `SELECT function_name || '(' || parameter_types::VARCHAR || ') ' || return_type AS f
      FROM duckdb_functions() WHERE function_name SIMILAR TO '(softplus|relu).*' ORDER BY f`
    const [extension, javascript] = await Promise.all(
      (['extension', 'javascript'] as const).map(async (kind) => {
        const connection = await connect(unsigned)
        await register(connection, { kind })
        return column<string>(connection, sql)
      }),
    )
    const overloads = functionNames.map((name) => (functions[name].takesScaling ? 6 : 2))
    expect(extension).toHaveLength(overloads.reduce((sum, each) => sum + each, 1))
    expect(new Set(extension.map((f) => f.replace(/\(.*/, '')))).toEqual(
      new Set([...Object.values(sqlNames), 'softplus_backend']),
    )
    if (areOverloadsTaken) expect(javascript).toEqual(extension)
  })

  test('under kind: extension it says why the extension cannot be loaded', async () => {
    await expect(register(await connect(), { kind: 'extension' })).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_SOFTPLUS_DUCKDB',
        message: expect.stringMatching(/could not be loaded\. .*allow_unsigned_extensions/),
      }),
    )
  })

  test('a backend that cannot run in the extension', async () => {
    vi.stubEnv('SOFTPLUS_BACKEND', 'nonsense')
    const names = [native.slice(0, -1).join(', '), native.at(-1)].filter(Boolean).join(' or ')
    await expect(register(await connect(unsigned), { kind: 'extension' })).rejects.toThrow(
      `SOFTPLUS_BACKEND must be ${names} here, or empty; got "nonsense"`,
    )
  })

  test.each(['wasm', 'js'])('SOFTPLUS_BACKEND=%s leaves the extension alone', async (name) => {
    vi.stubEnv('SOFTPLUS_BACKEND', name)
    expect((await register(await connect(unsigned))).kind).toBe('javascript')
  })

  test('wrong arguments', async () => {
    const connection = await connect()
    const wrong = (...args: unknown[]) => expect(register(...(args as [never, never]))).rejects
    await wrong(undefined).toThrow(
      'connection must be a DuckDBConnection of @duckdb/node-api; got undefined',
    )
    await wrong(
      { registerScalarFunction() {}, runAndReadAll: connection.runAndReadAll.bind(connection) },
      { kind: 'javascript' },
    ).toThrow(
      'connection must be a DuckDBConnection of @duckdb/node-api; got an instance of Object. Its class was not found among the loaded modules',
    )
    await wrong(connection, 'extension').toThrow(
      "options must be an object such as { kind: 'extension' }; got the string",
    )
    await wrong(connection, { kind: 'native' }).toThrow(
      "kind must be 'extension' or 'javascript'; got the string \"native\"",
    )
    await wrong(connection, []).toThrow('options must be an object')
    await wrong(connection, { type: 'javascript' }).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_ARG_VALUE',
        message: 'options must have only kind; got type',
      }),
    )
  })
})

describe.skipIf(extensionPath === null)('the built package', () => {
  // An apostrophe in the path of the extension must not end the string in SQL.
  const folder = mkdtempSync(join(tmpdir(), "softplus-it's-"))
  afterAll(() => rmSync(folder, { recursive: true }))

  function runBuilt(program: string, env: Record<string, string> = {}) {
    for (const path of [
      'package.json',
      'dist',
      'build/Release/softplus.node',
      'build/Release/softplus.duckdb_extension',
    ])
      cpSync(join(root, path), join(folder, path), { recursive: true })
    mkdirSync(join(folder, 'empty'), { recursive: true })
    const peers = process.env.SOFTPLUS_TEST_PEERS ?? root
    const start = `import { createRequire } from 'node:module'
      import { register } from ${JSON.stringify(pathToFileURL(join(folder, 'dist', 'duckdb.js')).href)}
      const { DuckDBInstance } = createRequire(${JSON.stringify(join(peers, 'package.json'))})('@duckdb/node-api')
      async function connect(options) {
        const instance = await DuckDBInstance.create(':memory:', options)
        const connection = await instance.connect()
        return { instance, connection }
      }`
    const { SOFTPLUS_BACKEND: _, ...inherited } = process.env
    const command = ['--input-type=module', '--eval', start + program]
    const { status, stdout, stderr } = spawnSync(process.execPath, command, {
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...inherited, ...env },
    })
    expect(status, stderr).toBe(0)
    return { result: JSON.parse(stdout), stderr }
  }

  test('loads the extension from a path with an apostrophe', () => {
    const { result, stderr } = runBuilt(`
      const { connection } = await connect({ allow_unsigned_extensions: 'true' })
      console.log(JSON.stringify(await register(connection)))`)
    expect(result).toEqual({ kind: 'extension', backend: native[0] })
    expect(stderr).toBe('')
  })

  test('warns once where unsigned extensions are refused, and goes on in JavaScript', () => {
    const { result, stderr } = runBuilt(`
      const databases = [await connect({}), await connect({})]
      const kinds = []
      for (const { connection } of databases) kinds.push((await register(connection)).kind)
      const y = await databases[1].connection.runAndReadAll('SELECT softplus(2)')
      console.log(JSON.stringify([...kinds, y.getRows()[0][0]]))
      for (const { connection, instance } of databases) {
        connection.closeSync()
        instance.closeSync()
      }`)
    expect(result).toEqual(['javascript', 'javascript', wanted('softplus', [2])[0]])
    expect(stderr.match(/\[SOFTPLUS_DUCKDB\] SoftplusWarning/g)).toHaveLength(1)
    expect(stderr).toContain("Create the instance with { allow_unsigned_extensions: 'true' }")
  })
})
