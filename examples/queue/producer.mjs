// node producer.mjs INPUT OUTPUT [OPTIONS]: adds a flow and waits for it, with a progress bar.
//
// Exit codes: 0 the output is complete; 1 the flow failed, or could not be added; 2 wrong arguments; 130 ended by Ctrl-C: the
// flow goes on. The same command again finds it.
import { pathToFileURL } from 'node:url'
import cliProgress from 'cli-progress'
import { exitCodeOf, readArguments, usage } from './arguments.mjs'
import { addFlow, storeOf, waitForFlow } from './flow.mjs'
import { connect } from './settings.mjs'

/** Adds the flow of a plan and waits for it. Says on stderr what became of it. */
export async function produce(plan) {
  const started = performance.now()
  const { output, shards } = plan
  const redis = connect()
  try {
    const id = await addFlow(redis, plan)
    if (id === undefined) return console.error(`${output}: was complete already`)
    console.error(`flow ${id}: ${shards} shards`)
    await showProgress(shards, (onProgress) => waitForFlow(redis, id, onProgress))
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.error(`${output}: complete, ${shards} shards in ${seconds} s`)
  } finally {
    redis.disconnect()
  }
}

async function showProgress(shards, wait) {
  const format = '{bar} {value}/{total} shards, {failed} failed, {eta_formatted} left'
  const bar = new cliProgress.SingleBar({ format }, cliProgress.Presets.shades_classic)
  bar.start(shards, 0, { failed: 0 })
  try {
    await wait((done, failed) => bar.update(done, { failed }))
  } finally {
    bar.stop()
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  let request
  try {
    request = readArguments()
  } catch (error) {
    console.error(`${error.message}\nUsage: node producer.mjs ${usage}`)
    process.exit(2)
  }
  const { input, output, options } = request
  try {
    await produce(await storeOf(input).plan(input, output, options))
  } catch (error) {
    console.error(error.message)
    process.exitCode = exitCodeOf(error)
  }
}
