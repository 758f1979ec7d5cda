// Which libraries tools/build/prebuild.ts takes for addons that load with glibc and with musl.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkFile } from '../tools/build/prebuild'

const folder = mkdtempSync(join(tmpdir(), 'softplus-prebuild-'))
afterAll(() => rmSync(folder, { recursive: true }))

const alone = ['-nodefaultlibs']
const entries = 'extern "C" __attribute__((visibility("default"))) int'

/** Builds a library with the entries of an addon. The first of them returns `value`. */
function build(value: string, declared: string, flags: string[]): string {
  const [source, library] = ['addon.cc', 'addon.node'].map((name) => join(folder, name))
  writeFileSync(
    source,
    `extern "C" { ${declared} }
    ${entries} napi_register_module_v1() { return ${value}; }
    ${entries} node_api_module_get_api_version_v1() { return 8; }`,
  )
  const options = ['-shared', '-fPIC', '-fvisibility=hidden', '-fno-builtin']
  execFileSync(process.env.CXX ?? 'c++', [...options, '-o', library, source, ...flags], {
    stdio: 'pipe',
  })
  return library
}

const call = (name: string, more = '') =>
  [`${name}()`, `int ${name}(...); ${more}`, alone] as [string, string, string[]]

test.runIf(process.platform === 'linux').each([
  ['that needs nothing', null, '0', '', alone],
  ['with functions of both C libraries', null, ...call('pthread_create')],
  ['with functions of Node', null, ...call('napi_throw')],
  [
    'with a function that glibc has twice',
    /needs pthread_cond_timedwait$/,
    ...call('pthread_cond_timedwait'),
  ],
  ['with a function that musl lacks', /needs __getauxval$/, ...call('__getauxval')],
  [
    'with a weak function that is not known',
    /needs secure_getenv$/,
    ...call('secure_getenv', '__attribute__((weak)) int secure_getenv(...);'),
  ],
  [
    'that names a library',
    /needs libc\.so\.6; asks for versions of functions;/,
    'abort()',
    'int abort(...);',
    ['-nodefaultlibs', '-lc'],
  ],
  [
    'that exports more',
    /exports napi_register_module_v1, .*, other$/,
    '0',
    `${entries.replace('extern "C"', '')} other() { return 0; }`,
    alone,
  ],
] as [string, RegExp | null, string, string, string[]][])(
  'a library %s',
  (_, problem, ...source) => {
    const library = build(...source)
    if (problem === null) expect(() => checkFile(library)).not.toThrow()
    else expect(() => checkFile(library)).toThrow(problem)
  },
)
