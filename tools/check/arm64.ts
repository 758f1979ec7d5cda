// Tests the package on arm64, under qemu: builds linux-arm64's addon, and runs core.mjs with a Node for arm64.
// Vitest cannot run there: it depends on programs of this machine's processor.
//
//   npm run tool -- arm64     needs aarch64-linux-gnu-g++ and qemu-aarch64-static
import { arm64Node, prebuildArm64 } from '../build/prebuild'
import { run } from '../build/run.mjs'

export function main(): boolean {
  prebuildArm64()
  const expected = ['.', 'linux-arm64', 'neon', 'neon,scalar']
  const command = [...arm64Node(), '--test-reporter=spec', 'tools/check/core.mjs', ...expected]
  const { status } = run(command, { show: true, env: { SOFTPLUS_BACKEND: '', NODE_OPTIONS: '' } })
  console.error(`arm64: ${status === 0 ? 'passed' : 'FAILED'}`)
  return status === 0
}
