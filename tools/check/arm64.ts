// Tests the package on arm64, under qemu: builds linux-arm64's addon and runs arm64-core.mjs with a
// Node for it. Vitest is not made for that: its parts in machine code are this machine's.
//
//   tsx tools/check/arm64.ts     needs aarch64-linux-gnu-g++ and qemu-aarch64-static
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { arm64Node, prebuildArm64 } from '../build/prebuild'

try {
  prebuildArm64()
  const [command, ...args] = arm64Node()
  const core = fileURLToPath(new URL('arm64-core.mjs', import.meta.url))
  const { status, error } = spawnSync(command, [...args, '--test-reporter=spec', core], {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, SOFTPLUS_BACKEND: '', NODE_OPTIONS: '' },
  })
  if (error) throw error
  console.error(`arm64: ${status === 0 ? 'passed' : 'FAILED'}`)
  process.exitCode = status === 0 ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
