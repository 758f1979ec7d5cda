// Runs the tests with other versions of Node, from npm's packages of Node's binaries.
//
//   tsx tools/check/nodes.ts [MAJOR...]     20, 22, 24 and 26 unless named; kept in build/nodes/
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const supported = ['20', '22', '24', '26']
const tests = 'same api async backward withDerivative stream validate fallback install'.split(' ')

/** The path of a Node for Linux, which is installed where it is missing. */
export function nodeFor(arch: 'x64' | 'arm64', major: string): string {
  const prefix = join(root, 'build', 'nodes', `${arch}-${major}`)
  const binary = join(prefix, 'node_modules', `node-linux-${arch}`, 'bin', 'node')
  if (existsSync(binary)) return binary
  mkdirSync(prefix, { recursive: true })
  // By force, since one for arm64 is for another machine than this.
  const args = ['install', '--prefix', prefix, '--force', '--ignore-scripts', '--no-audit']
  const { status } = spawnSync(
    'npm',
    [...args, '--no-fund', '--loglevel=error', `node-linux-${arch}@${major}`],
    { stdio: ['ignore', 2, 2] },
  )
  if (status !== 0 || !existsSync(binary)) throw new Error(`Node ${major} could not be installed`)
  return binary
}

/** Runs the tests with a Node and returns the line that says how that went. */
function testWith(major: string): { passed: boolean; line: string } {
  if (!/^\d+$/.test(major)) throw new Error(`usage: nodes.ts [MAJOR...]; got ${major}`)
  const node = nodeFor(process.arch === 'arm64' ? 'arm64' : 'x64', major)
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()
  console.error(`\n== Node ${version}`)
  const start = Date.now()
  const { status } = spawnSync(
    node,
    ['node_modules/vitest/vitest.mjs', 'run', ...tests.map((name) => `test/${name}.test.ts`)],
    { cwd: root, stdio: ['ignore', 2, 2] },
  )
  const seconds = Math.round((Date.now() - start) / 1000)
  const passed = status === 0
  return { passed, line: `Node ${version}: ${passed ? 'passed' : 'FAILED'} in ${seconds} s` }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const named = process.argv.slice(2)
    const results = (named.length > 0 ? named : supported).map(testWith)
    console.error(`\n${results.map(({ line }) => line).join('\n')}`)
    process.exitCode = results.every(({ passed }) => passed) ? 0 : 1
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 2
  }
}
