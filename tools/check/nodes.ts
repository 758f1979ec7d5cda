// Runs the core of the tests with other versions of Node. npm has packages of Node's binaries.
//
//   npm run tool -- nodes [MAJOR... | here]     20, 22, 24 and 26 by default, kept in build/nodes/; here: the Node in use
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun, root, run } from '../build/run.mjs'

const supported = ['20', '22', '24', '26']
const tests = 'same api async backward withDerivative stream validate fallback install'.split(' ')

/** Returns the path of a Node. Installs it if it is missing. */
export function nodeFor(system: 'linux' | 'win', arch: 'x64' | 'arm64', major: string): string {
  const name = `node-${system}-${arch}`
  const folder = join(root, 'build', 'nodes', `${system}-${arch}-${major}`)
  const program = system === 'win' ? 'node.exe' : 'node'
  return programOf(name, major, join('bin', program), folder)
}

/** Returns the path of a program that a package of npm brings. Installs it into `folder` if it is missing. */
export function programOf(name: string, version: string, program: string, folder: string): string {
  const path = join(folder, 'node_modules', name, program)
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  // npm installs a package for another processor or system only with --force.
  mustRun([
    ...['npm', 'install', '--prefix', folder, '--force', '--ignore-scripts', '--no-audit'],
    ...['--no-fund', '--loglevel=error', `${name}@${version}`],
  ])
  return path
}

/** A Node of another version for this machine. */
export const nodeHere = (major: string): string =>
  nodeFor('linux', process.arch === 'arm64' ? 'arm64' : 'x64', major)

function testWith(node: string): { passed: boolean; line: string } {
  const version = mustRun([node, '--version']).trim()
  console.error(`\n== Node ${version}`)
  const start = Date.now()
  const files = tests.map((name) => `test/${name}.test.ts`)
  const { status } = run([node, 'node_modules/vitest/vitest.mjs', 'run', ...files], { show: true })
  const seconds = Math.round((Date.now() - start) / 1000)
  const passed = status === 0
  return { passed, line: `Node ${version}: ${passed ? 'passed' : 'FAILED'} in ${seconds} s` }
}

export function main(args: string[]): boolean {
  const majors = args.length > 0 ? args : supported
  const isHere = majors.join() === 'here'
  const wrong = majors.find((major) => !/^\d+$/.test(major))
  if (!isHere && wrong) throw new Error(`MAJOR must be a number such as 24; got ${wrong}`)
  const nodes = isHere ? [process.execPath] : majors.map(nodeHere)
  const results = nodes.map(testWith)
  console.error(`\n${results.map(({ line }) => line).join('\n')}`)
  return results.every(({ passed }) => passed)
}
