// Has DuckDB load an extension, and prints the first value that a query gives:
//
//   node duckdb-loaded.cjs FOLDER_OF_NODE_MODULES EXTENSION QUERY
const { createRequire } = require('node:module')
const { join } = require('node:path')

const [, , folder, extension, query] = process.argv
const { DuckDBInstance } = createRequire(join(folder, 'package.json'))('@duckdb/node-api')

async function main() {
  const instance = await DuckDBInstance.create(':memory:', { allow_unsigned_extensions: 'true' })
  const connection = await instance.connect()
  await connection.run(`LOAD '${extension.replaceAll("'", "''")}'`)
  const result = await connection.runAndReadAll(query)
  console.log(`${result.getRows()[0][0]}`)
}
main()
