// Tests the package on arm64, under qemu: builds linux-arm64's addon and DuckDB extension, runs core.mjs with a Node for arm64, and
// compares what the extension computes in a DuckDB for arm64 with what this machine's computes.
// Vitest cannot run there: it depends on programs of this machine's processor.
//
//   npm run tool -- arm64     needs aarch64-linux-gnu-g++ and qemu-aarch64-static
import { functions } from '../../src/math/functions'
import { extensionCandidates } from '../../src/sql/extension'
import { sqlName } from '../../src/sql/functions'
import { arm64Node, askDuckdb, duckdbForArm64, prebuildArm64 } from '../build/prebuild'
import { run } from '../build/run.mjs'

// Half of the values are NULL, for their validity.
function checkExtension(): boolean {
  const columns = Object.values(functions).map(
    (entry) => `bit_xor(hash(row, ${sqlName(entry)}(x${entry.takesScaling ? ', beta' : ''})))`,
  )
  const query = `SELECT [${columns}]::VARCHAR FROM (
    SELECT row, (CASE WHEN hash(row) % 2 = 0 THEN row / 400 - 125 END)::FLOAT AS x, 1 + row // 5000 AS beta
    FROM range(100000) AS r(row))`
  const here = askDuckdb(extensionCandidates()[0], query)
  const there = askDuckdb(
    extensionCandidates(undefined, 'linux-arm64')[1],
    query,
    arm64Node(),
    duckdbForArm64(),
  )
  console.error(`arm64, DuckDB: ${here === there ? 'passed' : 'FAILED'}, ${there}`)
  return here === there
}

export function main(): boolean {
  prebuildArm64()
  const expected = ['.', 'linux-arm64', 'neon', 'neon,scalar']
  const command = [...arm64Node(), '--test-reporter=spec', 'tools/check/core.mjs', ...expected]
  const { status } = run(command, { show: true, env: { SOFTPLUS_BACKEND: '', NODE_OPTIONS: '' } })
  console.error(`arm64: ${status === 0 ? 'passed' : 'FAILED'}`)
  return checkExtension() && status === 0
}
