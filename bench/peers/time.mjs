// Times one library in a process of its own, in JavaScript. Its arguments, which arrays.py and onednn.cc take too:
//
//   NAME [FILE COPIES OUT]...
//
// FILE holds an input, little-endian float32. Each reading is the mean nanoseconds of a call over COPIES arrays with it. One
// result is written to OUT. Prints { about, ns: a list of readings for every FILE } as JSON.
import { readFileSync, writeFileSync } from 'node:fs'

const readings = 5

/**
 * `open(x)` prepares an input: `refresh()` restores the input where `run()` overwrites it, `run()` is timed (a promise is
 * awaited), `result()` is what the last run computed.
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
  const ns = []
  const args = process.argv.slice(3)
  for (let i = 0; i < args.length; i += 3) {
    const [file, copies, out] = args.slice(i, i + 3)
    const tasks = Array.from({ length: Number(copies) }, () =>
      open(new Float32Array(new Uint8Array(readFileSync(file)).buffer)),
    )
    await once(tasks)
    const times = []
    for (let reading = 0; reading < readings; reading++) times.push(await once(tasks))
    ns.push(times)
    writeFileSync(out, tasks[0].result())
  }
  console.log(JSON.stringify({ about, ns }))
}
