// npx tsx examples/duckdb/digits.ts
//
// The network of examples/digits-mlp/ as a query: softplus of its hidden layer, one FLOAT[] for each image, and the second layer.
import { DuckDBInstance, FLOAT, LIST, listValue } from '@duckdb/node-api'
import { register } from 'softplus/duckdb'
import { exampleFile, readFloats } from '../digits-mlp/arrays'
import { labels, preactivations } from '../digits-mlp/network'

const instance = await DuckDBInstance.create(':memory:', { allow_unsigned_extensions: 'true' })
const connection = await instance.connect()
await register(connection)

/** Fills a table with a number and 256 floats in each row. */
async function fill(
  table: string,
  numbers: ArrayLike<number>,
  floats: Float32Array,
): Promise<void> {
  await connection.run(`CREATE TABLE ${table} (id INTEGER, number FLOAT, floats FLOAT[])`)
  const appender = await connection.createAppender(table)
  for (let id = 0; id < numbers.length; id++) {
    appender.appendInteger(id)
    appender.appendFloat(numbers[id])
    appender.appendList(listValue([...floats.subarray(256 * id, 256 * (id + 1))]), LIST(FLOAT))
    appender.endRow()
  }
  appender.closeSync()
}

await fill('images', labels, preactivations)
const layer = (name: string) => readFloats(exampleFile(`data/${name}2.npy`))
await fill('digits', layer('bias'), layer('weights'))

const result = await connection.runAndReadAll(`
  WITH seen AS (
    SELECT images.id, any_value(images.number) AS label,
           arg_max(digits.id, list_dot_product(softplus(images.floats), digits.floats) + digits.number) AS digit
    FROM images, digits
    GROUP BY images.id
  )
  SELECT count(*), count(*) FILTER (digit = label) FROM seen`)
const [images, right] = result.getRows()[0].map(Number)
console.log(`${right} of ${images} digits are right: ${((100 * right) / images).toFixed(1)} %`)
connection.closeSync()
instance.closeSync()
