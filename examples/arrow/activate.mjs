// node examples/arrow/activate.mjs INPUT OUTPUT COLUMN
//
// Activates a column of an Arrow IPC file or stream of any size, batch by batch. The output is an IPC stream; its other
// columns are the same. Holds a few batches at a time, and prints on stderr how much memory it used. The exit code is 0 if
// all is done, 1 for a failure, 2 for wrong arguments.
import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { AsyncByteQueue, RecordBatchReader, RecordBatchStreamWriter } from 'apache-arrow'
import { activate } from 'softplus/arrow'

const [input, output, name] = process.argv.slice(2)
if (name === undefined) {
  console.error('Usage: node activate.mjs INPUT OUTPUT COLUMN')
  process.exit(2)
}

// What the writer writes, until it is taken. The writer's own streams do not wait for a slow disk: behind them the whole
// file would pile up in memory.
class Written extends AsyncByteQueue {
  parts = []
  write(bytes) {
    this.parts.push(bytes)
  }
  take() {
    return this.parts.splice(0)
  }
}

async function* activated(reader) {
  const names = reader.schema.fields.map((field) => field.name)
  if (!names.includes(name)) throw new Error(`No column ${name}. There are: ${names.join(', ')}`)
  const written = new Written()
  const writer = new RecordBatchStreamWriter().reset(written, reader.schema)
  for await (const batch of reader) {
    // In place: nobody else has this batch.
    const column = batch.getChild(name)
    activate(column, { out: column })
    writer.write(batch)
    yield* written.take()
  }
  writer.finish()
  yield* written.take()
}

let peak = 0
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 5)
let file
try {
  file = await open(input)
  const reader = await RecordBatchReader.from(file)
  await reader.open()
  const result = createWriteStream(output)
  await pipeline(activated(reader), result)
  console.error(
    `${(result.bytesWritten / 2 ** 20).toFixed(0)} MiB written, at most ${(peak / 2 ** 20).toFixed(0)} MiB of memory used`,
  )
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  clearInterval(watch)
  await file?.close()
}
