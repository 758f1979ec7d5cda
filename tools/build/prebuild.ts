// Builds the addons that are published, into prebuilds/. Checks the symbols of each, and that Node loads it.
//
//   npm run tool -- prebuilds          on Linux: linux-x64 and, cross-compiled, linux-arm64 and win32-x64
//   npm run tool -- prebuilds here     on macOS, Windows and Linux with musl: takes the addon that `npm run build` built
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { candidates } from '../../src/backend/addon'
import { nodeFor } from '../check/nodes'
import { runInWine, windowsNode } from '../check/wine'
import { build, host, neon, type Target } from './native'
import { mustRun, root } from './run.mjs'
import { buildWindows, checkWindowsFile } from './windows'

// Node 20 itself needs glibc 2.28.
const newestGlibc = 28
const exported = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']
// For profilers and transactional memory. They may be absent when the addon is loaded.
const optional = ['_ITM_deregisterTMCloneTable', '_ITM_registerTMCloneTable', '__gmon_start__']

/** The command of Node 20 for arm64 Linux on this machine. */
export const arm64Node = (): string[] => [
  ...[...neon.runner, '-L', '/usr/aarch64-linux-gnu'],
  nodeFor('linux', 'arm64', '20'),
]

/**
 * Checks what a Linux addon needs and exports. Returns the glibc it needs.
 * @throws {Error} If it needs a newer glibc than Node 20, another library, or exports more than its entries.
 */
function checkFile(path: string): string {
  // "... FUNC GLOBAL DEFAULT UND free@GLIBC_2.2.5 (2)"
  const table = mustRun(['readelf', '--wide', '--dyn-syms', path])
  const symbols = [...table.matchAll(/ (?:GLOBAL|WEAK) +DEFAULT +(\w+) (\S+)/g)]
  const defined = symbols.filter(([, index]) => index !== 'UND').map(([, , name]) => name)
  const needed = symbols.filter(([, index]) => index === 'UND').map(([, , name]) => name)
  const glibc = Math.max(
    ...needed.flatMap((name) => /@GLIBC_2\.(\d+)/.exec(name)?.[1] ?? []).map(Number),
  )
  const unknown = needed.filter(
    (name) => !/^napi_|@GLIBC_2\./.test(name) && !optional.includes(name),
  )
  const dynamic = mustRun(['readelf', '--wide', '--dynamic', path])
  const libraries = [...dynamic.matchAll(/NEEDED.*\[(.*)\]/g)].map(([, name]) => name)
  const problems = [
    !(glibc <= newestGlibc) && `needs glibc 2.${glibc}`,
    libraries.join() !== 'libc.so.6' && `needs ${libraries.join(', ')}`,
    unknown.length > 0 && `needs ${unknown.join(', ')}`,
    defined.sort().join() !== exported.join() && `exports ${defined.join(', ')}`,
  ].filter((problem) => problem !== false)
  if (problems.length > 0) throw new Error(`${path}: ${problems.join('; ')}`)
  return `needs glibc 2.${glibc}; `
}

const printBackends = ['-p', 'require(process.argv[1]).available.join(", ")']

/** Has Node load an addon, and returns the backends it found there. */
export const loaded = (addon: string, node = [process.execPath]): string =>
  mustRun([...node, ...printBackends, addon]).trim()

// node.exe with another name, because programs with Node inside have other names.
function loadedInWine(addon: string): string {
  const node = join(dirname(addon), 'renamed.exe')
  copyFileSync(windowsNode('20'), node)
  const { status, stdout, stderr } = runInWine([node, ...printBackends, addon])
  if (status !== 0) throw new Error(`${addon} cannot be loaded:\n${stdout}\n${stderr}`)
  return stdout.trim()
}

function publish(built: string, published: string, backends: string, needs = ''): void {
  mkdirSync(dirname(published), { recursive: true })
  copyFileSync(built, published)
  const file = readFileSync(published)
  console.error(
    `${basename(published)}: ${file.length} bytes, ${gzipSync(file, { level: 9 }).length} compressed; ` +
      `${needs}loaded: ${backends}`,
  )
}

function prebuild(target: Target, published: string, node?: string[]): void {
  const built = join(build(target, ['addon']), 'Release', 'softplus.node')
  publish(built, published, loaded(built, node), checkFile(built))
}

export const prebuildArm64 = (): void =>
  prebuild(neon, candidates(root, 'linux-arm64')[1], arm64Node())

export function prebuildWindows(): void {
  const built = buildWindows()
  const needs = `needs ${checkWindowsFile(built, exported)}; `
  publish(built, candidates(root, 'win32-x64')[1], loadedInWine(built), needs)
}

export function main(args: string[]): void {
  const [built, published] = candidates(root)
  if (args.join() === 'here') {
    if (process.platform === 'linux') mustRun(['strip', built])
    publish(built, published, loaded(built))
    return
  }
  if (args.length > 0) throw new Error(`prebuilds takes 'here' or nothing; got ${args.join(' ')}`)
  if (process.platform !== 'linux')
    throw new Error("only Linux builds these; use 'prebuilds here' after npm run build")
  prebuild(host, published)
  if (process.arch === 'arm64') return
  prebuildArm64()
  prebuildWindows()
}
