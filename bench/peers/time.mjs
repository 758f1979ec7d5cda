// Times one library in a process of its own, in JavaScript. Like arrays.py and onednn.cc it reads lines FILE<TAB>COPIES<TAB>OUT
// from stdin, and answers each with a line of JSON, { about, ns: readings }. FILE holds an input, little-endian float32. Each
// reading is the mean nanoseconds of a call over COPIES arrays with it. One result is written to OUT.
import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const readings = 5
// A processor that was idle takes milliseconds until it is as fast as it can be.
const warmMs = 50

/**
 * `open(x)` prepares an input: `refresh()` restores the input where `run()` overwrites it, `run()` is timed (a promise is
 * awaited), `result()` is what the last run computed, `close()` frees memory that the garbage collector cannot free.
 */
export async function time(about, open) {
  const once = async (tasks) => {
    for (const task of tasks) task.refresh?.()
    const started = process.hrtime.bigint()
    for (const task of tasks) {
      const pending = task.run()
      if (pending !== undefined) await pending
    }
    return Number(process.hrtime.bigint() - started) / tasks.length
  }
  for await (const line of createInterface({ input: process.stdin })) {
    const [file, copies, out] = line.split('\t')
    const tasks = Array.from({ length: Number(copies) }, () =>
      open(new Float32Array(new Uint8Array(readFileSync(file)).buffer)),
    )
    const warm = performance.now() + warmMs
    do await once(tasks)
    while (performance.now() < warm)
    const ns = []
    for (let reading = 0; reading < readings; reading++) ns.push(await once(tasks))
    writeFileSync(out, tasks[0].result())
    for (const task of tasks) task.close?.()
    console.log(JSON.stringify({ about, ns }))
  }
}
