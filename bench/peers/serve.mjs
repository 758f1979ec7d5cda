// One contestant in a process of its own: it waits for a line on stdin, does as it says, and answers with a line of JSON.
//
//   (when it is ready)        { "about": "..." }
//   time FILE COPIES REPEATS  nanoseconds a call, REPEATS of them, each the mean over COPIES arrays with what is in FILE
//   save FILE OUT             writes its results for FILE to OUT; answers true
//
// Files are little-endian float32. The programs in other languages beside this one answer to the same lines.
import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const floatsIn = (path) => {
  const { buffer, byteOffset, byteLength } = readFileSync(path)
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength))
}

/**
 * `open(x)` makes a task of an input: `refresh()` brings the input back where the task overwrites it, `run()` is what is
 * timed (a promise is waited for), `result()` is what the last run computed.
 */
export async function serve(about, open) {
  const opened = new Map()
  const tasks = (path, copies) => {
    const key = `${path} ${copies}`
    if (!opened.has(key))
      opened.set(
        key,
        Array.from({ length: copies }, () => open(floatsIn(path))),
      )
    return opened.get(key)
  }
  const once = async (all) => {
    for (const task of all) task.refresh()
    const started = process.hrtime.bigint()
    for (const task of all) {
      const pending = task.run()
      if (pending !== undefined) await pending
    }
    return Number(process.hrtime.bigint() - started) / all.length
  }
  const verbs = {
    async time(path, copies, repeats) {
      const all = tasks(path, Number(copies))
      await once(all)
      const readings = []
      for (let i = 0; i < Number(repeats); i++) readings.push(await once(all))
      return readings
    },
    async save(path, out) {
      const [task] = tasks(path, 1)
      await once([task])
      writeFileSync(out, await task.result())
      return true
    },
  }
  console.log(JSON.stringify({ about }))
  for await (const line of createInterface({ input: process.stdin })) {
    const [verb, ...words] = line.split(' ')
    console.log(JSON.stringify(await verbs[verb](...words)))
  }
}

/** A task for a function that overwrites its array. */
export const inPlace = (f) => (x) => {
  const y = new Float32Array(x.length)
  return { refresh: () => y.set(x), run: () => void f(y), result: () => y }
}
