// node examples/pipeline/activate.mjs INPUT OUTPUT
//
// Activates a file of any size in constant memory, with streams. Both files are raw little-endian float32 (.f32). Prints on
// stderr how much memory it used. The exit code is 0 if all is done, 1 for a failure, which leaves OUTPUT as it was, 2 for wrong
// arguments.
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { softplus } from 'softplus'

const [input, output] = process.argv.slice(2)
if (output === undefined) {
  console.error('Usage: node activate.mjs INPUT OUTPUT')
  process.exit(2)
}
const [from, to] = await Promise.all([input, output].map((path) => stat(path).catch(() => {})))
if (from && to && from.dev === to.dev && from.ino === to.ino) {
  console.error('OUTPUT must be another file than INPUT; got the same')
  process.exit(2)
}
// Beside OUTPUT, and renamed once it is complete.
const part = `${output}.${process.pid}.part`
// Chunks of 1 MiB: with the default of 64 KiB most of the time is spent between the chunks.
const highWaterMark = 1 << 20
let peak = 0
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 5)
try {
  await pipeline(
    createReadStream(input, { highWaterMark }),
    softplus.stream({ highWaterMark }),
    createWriteStream(part, { highWaterMark }),
  )
  const { size } = await stat(part)
  await rename(part, output)
  console.error(
    `${(size / 2 ** 20).toFixed(0)} MiB activated, at most ${(peak / 2 ** 20).toFixed(0)} MiB of memory used`,
  )
} catch (error) {
  await rm(part, { force: true })
  console.error(error.message)
  process.exitCode = 1
} finally {
  clearInterval(watch)
}
