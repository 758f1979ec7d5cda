// Runs the core of the tests with other versions of Node. npm has packages of Node's binaries.
//
//   npm run tool -- nodes [MAJOR... | here]     20, 22, 24 and 26 by default, kept in build/nodes/; here: the Node in use
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun, root, run } from '../build/run.mjs'

const supported = ['20', '22', '24', '26']
const tests = 'same api async backward withDerivative stream validate fallback install'.split(' ')

/** Returns the path of a Node for Linux. Installs it if it is missing. */
export function nodeFor(arch: 'x64' | 'arm64', major: string): string {
  const folder = join(root, 'build', 'nodes', `${arch}-${major}`)
  const binary = join(folder, 'node_modules', `node-linux-${arch}`, 'bin', 'node')
  if (existsSync(binary)) return binary
  mkdirSync(folder, { recursive: true })
  // npm installs a package for another processor only with --force.
  mustRun([
    ...['npm', 'install', '--prefix', folder, '--force', '--ignore-scripts', '--no-audit'],
    ...['--no-fund', '--loglevel=error', `node-linux-${arch}@${major}`],
  ])
  return binary
}

/** Runs the core of the tests with a Node. `options` are those of run(). */
export function testWith(node: string, options = {}): { passed: boolean; line: string } {
  const version = mustRun([node, '--version']).trim()
  console.error(`\n== Node ${version}`)
  const start = Date.now()
  const files = tests.map((name) => `test/${name}.test.ts`)
  const command = [node, 'node_modules/vitest/vitest.mjs', 'run', ...files]
  const { status } = run(command, { show: true, ...options })
  const seconds = Math.round((Date.now() - start) / 1000)
  const passed = status === 0
  return { passed, line: `Node ${version}: ${passed ? 'passed' : 'FAILED'} in ${seconds} s` }
}

export function main(args: string[]): boolean {
  const majors = args.length > 0 ? args : supported
  const isHere = majors.join() === 'here'
  const wrong = majors.find((major) => !/^\d+$/.test(major))
  if (!isHere && wrong) throw new Error(`MAJOR must be a number such as 24; got ${wrong}`)
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64'
  const nodes = isHere ? [process.execPath] : majors.map((major) => nodeFor(arch, major))
  const results = nodes.map(testWith)
  console.error(`\n${results.map(({ line }) => line).join('\n')}`)
  return results.every(({ passed }) => passed)
}
