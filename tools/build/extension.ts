// Builds the DuckDB extension for this machine, where `register` and the tests find it.
//
//   npm run tool -- extension     needs cmake; fetches DuckDB's headers by npm where they are missing
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { extensionCandidates } from '../../src/sql/extension'
import { build, host, type Target } from './native'
import { mustRun, root } from './run.mjs'

// npm's package `duckdb` brings DuckDB's sources. It has 70 MB and installs a hundred others, so it is no dependency.
const source = 'duckdb@1.4.4'
const headers = {
  'duckdb.h': 'cbe6a827284375c5a646b8f27dbd3a00808ce8738b5bbb49c190cb1e08540281',
  'duckdb_extension.h': '514a5b639cd800e90f1556e8e039cff7f0b4a256e461754dd55caf79dc16db00',
}

/** Fetches DuckDB's headers into the folder where native/CMakeLists.txt expects them. */
function fetchHeaders(): void {
  const folder = join(root, 'build', 'duckdb-headers')
  const isThere = ([name, sha256]: string[]) =>
    existsSync(join(folder, name)) &&
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex') === sha256
  const wanted = Object.entries(headers)
  if (wanted.every(isThere)) return
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const packed = mustRun(['npm', 'pack', '--silent', '--pack-destination', folder, source]).trim()
  const inside = 'package/src/duckdb/src/include'
  mustRun([
    ...['tar', '-xzf', join(folder, packed), '-C', folder],
    ...[
      `--strip-components=${inside.split('/').length}`,
      ...wanted.map(([name]) => `${inside}/${name}`),
    ],
  ])
  rmSync(join(folder, packed))
  const wrong = wanted.filter((header) => !isThere(header)).map(([name]) => name)
  if (wrong.length > 0)
    throw new Error(`${source} has another ${wrong.join(' and ')} than expected`)
}

// What DuckDB expects at the end of an extension: 8 fields of 32 bytes, and room for a signature of 256, which stays empty.
function footer(platform: string): Buffer {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const fields = ['', '', '', 'C_STRUCT', version, 'v1.2.0', platform, '4']
  return Buffer.concat([
    ...fields.map((text) => Buffer.concat([Buffer.from(text)], 32)),
    Buffer.alloc(256),
  ])
}

export type Platform = 'linux_amd64' | 'linux_arm64'

/** Builds the extension for a target of Linux, writes it with its footer to `path`, and returns what was linked. */
export function buildExtension(target: Target, platform: Platform, path: string): string {
  fetchHeaders()
  const linked = join(build(target, ['duckdb_extension']), 'Release', 'duckdb_extension.so')
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, Buffer.concat([readFileSync(linked), footer(platform)]))
  return linked
}

/** As DuckDB names this machine. */
export const duckdbPlatform: Platform = process.arch === 'arm64' ? 'linux_arm64' : 'linux_amd64'

export function main(args: string[]): void {
  if (args.length > 0) throw new Error(`extension takes no arguments; got ${args.join(' ')}`)
  if (process.platform !== 'linux') throw new Error('the extension is built on Linux only')
  buildExtension(host, duckdbPlatform, extensionCandidates(root)[0])
}
