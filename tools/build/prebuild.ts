// Builds what is published, into prebuilds/: addons, and for Linux DuckDB extensions. Checks the symbols of each, and that Node or
// DuckDB loads it.
//
//   npm run tool -- prebuilds          on Linux: linux-x64 and, cross-compiled, linux-arm64, and the addon for win32-x64
//   npm run tool -- prebuilds here     on macOS and Windows: takes the addon that `npm run build` built
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { candidates } from '../../src/backend/addon'
import { extensionCandidates } from '../../src/sql/extension'
import { nodeFor, programOf } from '../check/nodes'
import { runInWine, windowsNode } from '../check/wine'
import { buildExtension, duckdbPlatform, type Platform } from './extension'
import { build, host, neon, type Target } from './native'
import { mustRun, root } from './run.mjs'
import { buildWindows, checkWindowsFile } from './windows'

const addonExports = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']
const extensionExports = ['softplus_init_c_api']
// The functions of the C library that a file may ask for. glibc and musl have all of them. The file asks for no version, and
// glibc then takes its oldest. So only functions whose oldest version does what the newest does may stand here. That keeps out
// pthread_cond_*, which changed on x86-64.
const fromC = [
  ...[
    '__cxa_finalize',
    '__errno_location',
    'abort',
    'free',
    'malloc',
    'memcmp',
    'memcpy',
    'memmove',
  ],
  ...['memset', 'pthread_create', 'pthread_join', 'pthread_mutex_lock', 'pthread_mutex_unlock'],
  ...['getenv', 'madvise', 'sched_yield', 'snprintf', 'strcmp', 'strlen', 'strtod', 'syscall'],
]
// For profilers and transactional memory. They may be absent when the addon is loaded.
const optional = ['_ITM_deregisterTMCloneTable', '_ITM_registerTMCloneTable', '__gmon_start__']

/** The command of Node 20 for arm64 Linux on this machine. */
export const arm64Node = (): string[] => [
  ...[...neon.runner, '-L', '/usr/aarch64-linux-gnu'],
  nodeFor('linux', 'arm64', '20'),
]

/**
 * Checks that an addon or an extension for Linux loads with glibc and with musl. Node's functions come from the process that loads
 * an addon; DuckDB hands over its own.
 * @throws {Error} If it names a library, asks for a version, for a function that is not in the lists above, or exports more
 *   than its entries.
 */
export function checkFile(path: string, exported = addonExports): void {
  // "... FUNC GLOBAL DEFAULT UND free"
  const table = mustRun(['readelf', '--wide', '--dyn-syms', path])
  const symbols = [...table.matchAll(/ (GLOBAL|WEAK) +DEFAULT +(\w+) (\S+)/g)]
  const defined = symbols.filter(([, , index]) => index !== 'UND').map(([, , , name]) => name)
  const unknown = symbols
    .filter(([, , index]) => index === 'UND')
    .filter(([, binding, , name]) => !(binding === 'WEAK' && optional.includes(name)))
    .map(([, , , name]) => name)
    .filter((name) => !name.startsWith('napi_') && !fromC.includes(name))
  const dynamic = mustRun(['readelf', '--wide', '--dynamic', path])
  const libraries = [...dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name)
  const problems = [
    !dynamic.includes('(SYMTAB)') && 'is no library',
    libraries.length > 0 && `needs ${libraries.join(', ')}`,
    dynamic.includes('(VERNEED)') && 'asks for versions of functions',
    unknown.length > 0 && `needs ${unknown.join(', ')}`,
    defined.sort().join() !== exported.join() && `exports ${defined.join(', ')}`,
  ].filter((problem) => problem !== false)
  if (problems.length > 0) throw new Error(`${path}: ${problems.join('; ')}`)
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

/** Has DuckDB load an extension, and returns what a query gives. `folder`: where npm has installed @duckdb/node-api. */
export const askDuckdb = (
  extension: string,
  query: string,
  node = [process.execPath],
  folder = root,
): string => mustRun([...node, 'tools/build/duckdb-loaded.cjs', folder, extension, query]).trim()

const whichBackend = 'SELECT softplus_backend()'

/** The folder of a DuckDB for arm64. */
export function duckdbForArm64(): string {
  const { version } = createRequire(join(root, 'package.json'))('@duckdb/node-api/package.json')
  const folder = join(root, 'build', 'duckdb-arm64')
  // npm installs the bindings of this machine's processor with node-api; those for arm64 lie beside them.
  programOf('@duckdb/node-bindings-linux-arm64', version, 'duckdb.node', folder)
  programOf('@duckdb/node-api', version, 'package.json', folder)
  return folder
}

function publish(built: string, published: string, backends: string, needs = ''): void {
  mkdirSync(dirname(published), { recursive: true })
  copyFileSync(built, published)
  report(published, backends, needs)
}

function report(published: string, backends: string, needs = ''): void {
  const file = readFileSync(published)
  console.error(
    `${relative(join(root, 'prebuilds'), published)}: ${file.length} bytes, ` +
      `${gzipSync(file, { level: 9 }).length} compressed; ${needs}loaded: ${backends}`,
  )
}

function prebuild(target: Target, published: string, node?: string[]): void {
  const built = join(build(target, ['addon']), 'Release', 'softplus.node')
  checkFile(built)
  publish(built, published, loaded(built, node))
}

function prebuildExtension(target: Target, platform: Platform, published: string): void {
  checkFile(buildExtension(target, platform, published), extensionExports)
}

export function prebuildArm64(): void {
  prebuild(neon, candidates(root, 'linux-arm64')[1], arm64Node())
  const published = extensionCandidates(root, 'linux-arm64')[1]
  prebuildExtension(neon, 'linux_arm64', published)
  report(published, askDuckdb(published, whichBackend, arm64Node(), duckdbForArm64()))
}

export function prebuildWindows(): void {
  const built = buildWindows()
  const needs = `needs ${checkWindowsFile(built, addonExports)}; `
  publish(built, candidates(root, 'win32-x64')[1], loadedInWine(built), needs)
}

export function main(args: string[]): void {
  const [built, published] = candidates(root)
  if (args.join() === 'here') {
    if (process.platform === 'linux')
      throw new Error("Linux builds other addons than node-gyp's; use 'prebuilds'")
    publish(built, published, loaded(built))
    return
  }
  if (args.length > 0) throw new Error(`prebuilds takes 'here' or nothing; got ${args.join(' ')}`)
  if (process.platform !== 'linux')
    throw new Error("only Linux builds these; use 'prebuilds here' after npm run build")
  prebuild(host, published)
  const extension = extensionCandidates(root)[1]
  prebuildExtension(host, duckdbPlatform, extension)
  report(extension, askDuckdb(extension, whichBackend))
  if (process.arch === 'arm64') return
  prebuildArm64()
  prebuildWindows()
}
