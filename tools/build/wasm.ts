// Compiles native/wasm/exports.cc into src/backend/wasm/modules.ts, and tests every operation of native/simd/wasm.h.
//
//   npm run tool -- wasm [--check]     --check compares the committed modules with what is compiled, and writes nothing
//
// The modules are committed, so that nobody who only builds or uses the package needs these: Debian's clang-19, lld-19,
// libc++-19-dev-wasm32, wasi-libc and libclang-rt-19-dev-wasm32.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { nodeHere } from '../check/nodes'
import { checkInstalled, mustRun, root, run } from './run.mjs'

const compiler = 'clang++-19'
const wasiHeaders = '/usr/include/wasm32-wasi'
const folder = join(root, 'build', 'wasm')
const written = join(root, 'src/backend/wasm/modules.ts')
// The first major version of Node that compiles relaxed SIMD.
const relaxedNode = '22'

const { variables } = JSON.parse(readFileSync(join(root, 'native/backends.json'), 'utf8'))

const kinds = {
  relaxed: [...variables.wasm_flags, ...variables.wasm_relaxed_flags],
  strict: variables.wasm_flags,
} as const
type Kind = keyof typeof kinds

function compile(kind: Kind, source: string, name: string, more: string[]): string {
  const output = join(folder, `${name}-${kind}.wasm`)
  const werror = process.env.SOFTPLUS_WERROR === '1' ? ['-Werror'] : []
  mustRun([
    ...[compiler, ...variables.common_flags, ...variables.warnings, ...werror, ...kinds[kind]],
    ...[...more, source, '-o', output],
  ])
  return output
}

const compilerVersion = (): string => mustRun([compiler, '--version']).split('\n')[0]

function moduleText(): string {
  const lines = (Object.keys(kinds) as Kind[]).map((kind) => {
    const path = compile(kind, 'native/wasm/exports.cc', 'softplus', variables.wasm_link_flags)
    const bytes = readFileSync(path)
    const compressed = gzipSync(bytes, { level: 9 }).length
    console.error(`${kind}: ${bytes.length} bytes, ${compressed} compressed`)
    return `export const ${kind} =\n  '${bytes.toString('base64')}'\n`
  })
  return [
    '// native/wasm/exports.cc, compiled by `npm run tool -- wasm`, in base64. Generated: do not edit.',
    `// ${compilerVersion()}\n`,
    ...lines,
  ].join('\n')
}

// Without the version of the compiler.
const modulesIn = (text: string): string => text.replace(/^\/\/.*$/gm, '')

/** native/test/lanes.cc, with both kinds of fma. */
function testLanes(kind: Kind): boolean {
  const program = compile(kind, 'native/test/lanes.cc', 'lanes', [
    '-DSOFTPLUS_SIMD="../simd/wasm.h"',
  ])
  const node = kind === 'relaxed' ? nodeHere(relaxedNode) : process.execPath
  return run([node, '--no-warnings', 'tools/check/wasi.mjs', program], { show: true }).status === 0
}

export function main(args: string[]): boolean {
  const isCheck = args.join() === '--check'
  if (args.length > 0 && !isCheck)
    throw new Error(`wasm takes --check or nothing; got ${args.join(' ')}`)
  checkInstalled([compiler, 'wasm-ld-19', wasiHeaders])
  mkdirSync(folder, { recursive: true })
  const text = moduleText()
  const isSame = existsSync(written) && modulesIn(readFileSync(written, 'utf8')) === modulesIn(text)
  if (!isCheck) writeFileSync(written, text)
  else console.error(`${written} is ${isSame ? '' : 'NOT '}what ${compilerVersion()} compiles here`)
  return [isSame || !isCheck, testLanes('strict'), testLanes('relaxed')].every(Boolean)
}
