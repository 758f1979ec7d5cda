// node examples/duckdb/activate.mjs INPUT.parquet OUTPUT.parquet COLUMN
//
// Activates a FLOAT column of a Parquet file of any size. All other columns and the NULLs stay. Prints what it did.
import { DuckDBInstance } from '@duckdb/node-api'
import { register } from 'softplus/duckdb'

const [input, output, column] = process.argv.slice(2)
if (column === undefined) {
  console.error('Usage: node activate.mjs INPUT.parquet OUTPUT.parquet COLUMN')
  process.exit(2)
}
const text = (value) => `'${value.replaceAll("'", "''")}'`
const name = `"${column.replaceAll('"', '""')}"`

const instance = await DuckDBInstance.create(':memory:', { allow_unsigned_extensions: 'true' })
const connection = await instance.connect()
try {
  const { kind, backend } = await register(connection)
  const { rowsChanged } = await connection.run(`
    COPY (SELECT * REPLACE (softplus(${name}) AS ${name}) FROM read_parquet(${text(input)}))
    TO ${text(output)} (FORMAT parquet)`)
  const nulls = await connection.runAndReadAll(
    `SELECT count(*) FILTER (${name} IS NULL) FROM read_parquet(${text(output)})`,
  )
  console.error(
    `${rowsChanged} rows by the ${kind} (${backend}), ${nulls.getRows()[0][0]} of them NULL`,
  )
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  connection.closeSync()
  instance.closeSync()
}
