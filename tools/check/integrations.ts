// Tests the integrations with several versions of the libraries that users bring.
//
//   npm run tool -- integrations [VALUES]     the versions are installed into build/peers/, once
//
// 1. The tests of each integration with each version of its library.
// 2. DuckDB's own clients, from PyPI: examples/duckdb/activate.sql in the command line and in Python. Skipped without pip,
//    except in CI.
// 3. VALUES, by default 10 million, by every integration and the command, against the call on arrays.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { extensionPath, register } from '../../src/duckdb'
import { missingOf, mustRun, root, run } from '../build/run.mjs'
import { programOf } from './nodes'
import { compareMany } from './same-values'

const table = [
  {
    library: '@duckdb/node-api',
    versions: ['1.3.2-alpha.26', '1.4.5-r.1', '1.5.6-r.1'],
    test: 'test/duckdb.test.ts',
  },
  {
    library: 'apache-arrow',
    versions: ['14.0.2', '15.0.2', '16.1.0', '17.0.0', '18.1.0', '19.0.1', '20.0.0', '21.2.0'],
    test: 'test/arrow.test.ts',
  },
]
// In CI nothing may be left out.
const skipped = process.env.CI ? 'FAILED' : 'skipped'
// The versions of PyPI's packages.
const [pythonVersion, commandVersion] = ['2.0.1', '1.5.6']

const folderOf = (name: string): string => join(root, 'build', 'peers', name.replace(/\W+/g, '-'))

function testWith(library: string, version: string, test: string): string {
  const folder = folderOf(`${library}-${version}`)
  programOf(library, version, 'package.json', folder)
  const { status } = run(['vitest', 'run', test], {
    show: true,
    env: { SOFTPLUS_TEST_PEERS: folder },
  })
  return status === 0 ? 'passed' : 'FAILED'
}

/** Installs a package of PyPI, and returns its folder. */
function fromPyPI(requirement: string): string {
  const folder = folderOf(requirement)
  if (existsSync(folder)) return folder
  // Renamed at the end: what an interrupted installation leaves behind does not count as installed.
  const begun = `${folder}.begun`
  rmSync(begun, { recursive: true, force: true })
  const pip = ['python3', '-m', 'pip', 'install', '--quiet', '--no-deps', '--target', begun]
  mustRun([...pip, requirement])
  renameSync(begun, folder)
  return folder
}

/** Activates a file by examples/duckdb/activate.sql in another client, and compares the results with those of the call. */
async function testClient(
  extension: string,
  start: (sql: string) => string[],
  folder: string,
): Promise<string> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const connection = await (await DuckDBInstance.create()).connect()
  const [input, output] = ['logits', 'activated'].map((name) => join(folder, `${name}.parquet`))
  await connection.run(
    `COPY (SELECT i AS row, CASE WHEN i % 10 > 0 THEN sin(i) * 30 END::FLOAT AS logit FROM range(100000) AS r(i)) TO '${input}'`,
  )
  const sql = readFileSync(join(root, 'examples', 'duckdb', 'activate.sql'), 'utf8')
  const script = join(folder, 'activate.sql')
  writeFileSync(script, `LOAD '${extension.replaceAll("'", "''")}';\n${sql}`)
  const printed = mustRun(start(script), { cwd: folder }).trim()
  console.error(printed)
  await register(connection, { kind: 'javascript' })
  const different = await connection.runAndReadAll(
    `SELECT count(*) FILTER (softplus(i.logit) IS DISTINCT FROM o.logit), count(*) FROM '${input}' i JOIN '${output}' o USING (row)`,
  )
  return `${different.getRows()[0]}` === '0,100000' ? 'passed' : 'FAILED'
}

async function testClients(): Promise<[string, string][]> {
  const python = `import sys, duckdb
connection = duckdb.connect(config={'allow_unsigned_extensions': True})
print(duckdb.__version__, connection.execute(open(sys.argv[1]).read()).fetchall())`
  const clients = [
    [
      `Python ${pythonVersion}`,
      () => {
        const folder = fromPyPI(`duckdb==${pythonVersion}`)
        return (sql: string) => ['env', `PYTHONPATH=${folder}`, 'python3', '-c', python, sql]
      },
    ],
    [
      `command line ${commandVersion}`,
      () => {
        const folder = fromPyPI(`duckdb-cli==${commandVersion}`)
        return (sql: string) => [
          'env',
          `PYTHONPATH=${folder}`,
          'python3',
          '-m',
          'duckdb_cli',
          '-unsigned',
          '-f',
          sql,
        ]
      },
    ],
  ] as const
  const results: [string, string][] = []
  for (const [name, install] of clients) {
    const hasPip =
      missingOf(['python3']).length === 0 && run(['python3', '-m', 'pip', '--version']).status === 0
    const result =
      extensionPath === null
        ? `${skipped}: no extension`
        : !hasPip
          ? `${skipped}: no pip`
          : await testClient(extensionPath, install(), folderOf(`client-${name}`))
    results.push([`DuckDB, ${name}`, result])
  }
  return results
}

export async function main(args: string[]): Promise<boolean> {
  const values = Number(args[0] ?? 10_000_000)
  if (!(Number.isInteger(values) && values > 0))
    throw new Error(`VALUES must be an integer above 0; got ${args[0]}`)
  const results: [string, string][] = []
  for (const { library, versions, test } of table)
    for (const version of versions)
      results.push([`${library} ${version}`, testWith(library, version, test)])
  results.push(...(await testClients()))
  results.push(...(await compareMany(values)))
  console.error(results.map(([name, result]) => `${name}: ${result}`).join('\n'))
  return results.every(([, result]) => !result.startsWith('FAILED'))
}
