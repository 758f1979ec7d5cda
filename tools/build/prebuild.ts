// Builds the addons that are published, into prebuilds/, and checks each: what it asks of the machine
// it will run on, what it shows, and that Node loads it.
//
//   tsx tools/build/prebuild.ts          on Linux: linux-x64 and, cross-compiled, linux-arm64
//   tsx tools/build/prebuild.ts here     for this platform, of what `npm run build` built: macOS, Windows,
//                                  Linux with musl
//
// linux-arm64 needs aarch64-linux-gnu-g++ and qemu-aarch64-static, as native.ts does.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { candidates } from '../../src/backend/addon'
import { build, host, missingFor, neon } from './native'
import { nodeFor } from '../check/nodes'

const root = fileURLToPath(new URL('../..', import.meta.url))
// 2.28 is what Node 20 itself asks for.
const newestGlibc = 28
const entries = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']
// Called only where they are: profilers, transactional memory.
const optional = ['_ITM_deregisterTMCloneTable', '_ITM_registerTMCloneTable', '__gmon_start__']

/** The command of a Node for arm64 Linux on this machine. */
export function arm64Node(): string[] {
  const libraries = ['-L', '/usr/aarch64-linux-gnu']
  return [...neon.runner, ...libraries, nodeFor('arm64', '20')]
}

export const arm64Addon = candidates(root, 'linux-arm64')[1]

const readelf = (...args: string[]): string =>
  execFileSync('readelf', ['--wide', ...args], { encoding: 'utf8' })

/** @throws {Error} if the file asks for or shows what it should not. Returns the glibc it needs. */
function checkFile(path: string): string {
  // "… FUNC GLOBAL DEFAULT UND free@GLIBC_2.2.5 (2)"
  const symbols = [
    ...readelf('--dyn-syms', path).matchAll(/ (?:GLOBAL|WEAK) +DEFAULT +(\w+) (\S+)/g),
  ]
  const defined = symbols.filter(([, index]) => index !== 'UND').map(([, , name]) => name)
  const wanted = symbols.filter(([, index]) => index === 'UND').map(([, , name]) => name)
  const versions = wanted.flatMap((name) => /@GLIBC_2\.(\d+)/.exec(name)?.[1] ?? []).map(Number)
  const glibc = Math.max(...versions)
  const unknown = wanted.filter(
    (name) => !/^napi_|@GLIBC_2\./.test(name) && !optional.includes(name),
  )
  const libraries = [...readelf('--dynamic', path).matchAll(/NEEDED.*\[(.*)\]/g)].map(
    ([, name]) => name,
  )
  const problems = [
    !(glibc <= newestGlibc) && `needs glibc 2.${glibc}`,
    libraries.join() !== 'libc.so.6' && `needs ${libraries.join(', ')}`,
    unknown.length > 0 && `asks for ${unknown.join(', ')}`,
    defined.sort().join() !== entries.join() && `shows ${defined.join(', ')}`,
  ].filter((problem) => problem !== false)
  if (problems.length > 0) throw new Error(`${path}: ${problems.join('; ')}`)
  return `glibc 2.${glibc}`
}

/** Has a Node load an addon, then puts it where it is published. */
function publish(built: string, path: string, node: string[], needs = ''): void {
  const script = 'require(process.argv[1]).available.join(", ")'
  const [command, ...args] = [...node, '-p', script, built]
  const backends = execFileSync(command, args, { encoding: 'utf8' }).trim()
  mkdirSync(dirname(path), { recursive: true })
  copyFileSync(built, path)
  const file = readFileSync(path)
  console.error(
    `${basename(path)}: ${file.length} bytes, ${gzipSync(file, { level: 9 }).length} compressed; ` +
      `${needs ? `needs ${needs}; ` : ''}loaded: ${backends}`,
  )
}

function prebuild(target: typeof host, path: string, node: string[]): void {
  const missing = missingFor(target)
  if (missing.length > 0) throw new Error(`not installed: ${missing.join(', ')}`)
  const built = join(build(target, ['addon']), 'Release', 'softplus.node')
  publish(built, path, node, checkFile(built))
}

export const prebuildArm64 = (): void => prebuild(neon, arm64Addon, arm64Node())

function main([what, ...others]: string[]): void {
  if (others.length > 0 || (what !== undefined && what !== 'here'))
    throw new Error('usage: prebuild.ts [here]')
  const [built, published] = candidates(root)
  if (what === 'here') {
    if (process.platform === 'linux') execFileSync('strip', [built])
    publish(built, published, [process.execPath])
    return
  }
  if (process.platform !== 'linux')
    throw new Error('only Linux builds these; `prebuild.ts here` takes what was built')
  prebuild(host, published, [process.execPath])
  if (process.arch !== 'arm64') prebuildArm64()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main(process.argv.slice(2))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
