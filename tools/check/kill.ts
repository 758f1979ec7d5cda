// Kills processes of shards by SIGKILL at random moments and runs them again, many times: no output may be incomplete or have
// other bytes than without shards. GNU parallel starts every other run where it is installed. Half of the inputs are Arrow files.
//
//   npm run tool -- kill [RUNS]      500 by default

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Killing, killedRun, prepare } from '../../test/shards-kill'
import { missingOf, root } from '../build/run.mjs'

export async function main([text = '500']: string[]): Promise<boolean> {
  const runs = Number(text)
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`RUNS must be an integer above 0; got ${text}`)
  const hasParallel = missingOf(['parallel']).length === 0
  const folder = mkdtempSync(join(tmpdir(), 'softplus-kill-'))
  const inputs = (['f32', 'arrow'] as const).map((format) => {
    const own = join(folder, format)
    mkdirSync(own)
    const killing: Killing = {
      command: join(root, 'dist/cli.cjs'),
      folder: own,
      random: Math.random,
      engine: 'node',
      format,
    }
    return { killing, files: prepare(killing) }
  })
  const counts = { node: 0, parallel: 0, kills: 0, looks: 0 }
  try {
    for (let run = 0; run < runs; run++) {
      const engine = hasParallel && run % 2 === 1 ? 'parallel' : 'node'
      const { killing, files } = inputs[(run >> 1) % 2]
      const { kills, looks } = await killedRun({ ...killing, engine }, files)
      counts[engine]++
      counts.kills += kills
      counts.looks += looks
      if ((run + 1) % 25 === 0 || run + 1 === runs) process.stderr.write(`${lineOf(counts)}\n`)
    }
    return true
  } catch (error) {
    process.stderr.write(`${lineOf(counts)}\nkill: FAILED: ${(error as Error).message}\n`)
    return false
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const lineOf = ({ node, parallel, kills, looks }: Record<string, number>) =>
  `kill: ${node} runs by Node, ${parallel} by GNU parallel, ${kills} processes killed; ` +
  `${looks} looks at outputs, all absent or complete`
