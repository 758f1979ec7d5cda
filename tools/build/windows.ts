// Builds the addon for Windows x64 on Linux, by Debian's clang and lld, with the headers of libc++ and MinGW.
//
// clang, because GCC aligns the stack to 16 bytes on Windows, while vectors of AVX need 32 or 64 (its bug 54412).
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { checkInstalled, mustRun, root } from './run.mjs'

const compiler = 'clang++-19'
const linker = 'ld.lld-19'
const librarian = 'lld-link-19'
const libcxxHeaders = '/usr/lib/llvm-19/include/c++/v1'
const mingw = '/usr/x86_64-w64-mingw32'

// What MinGW brings is linked statically or not at all. Every Windows that runs Node 20 has these libraries.
const allowed = /^(KERNEL32|api-ms-win-crt-[a-z]+-l1-1-0)\.dll$/

const { variables } = JSON.parse(readFileSync(join(root, 'native/backends.json'), 'utf8'))

function compile(source: string, folder: string, flags: string[] = []): string {
  const object = join(folder, `${basename(source, '.cc')}.o`)
  mustRun([
    ...[compiler, '--target=x86_64-w64-windows-gnu', '-c', source, '-o', object],
    ...[...variables.common_flags, ...variables.warnings, ...flags],
    ...(process.env.SOFTPLUS_WERROR === '1' ? ['-Werror'] : []),
    ...['-ffunction-sections', '-fdata-sections'],
    // Without these, the headers take Windows' old C library, and a DLL of libc++.
    ...['-D_UCRT', '-D_LIBCPP_DISABLE_VISIBILITY_ANNOTATIONS'],
    ...['-nostdinc++', '-nostdlibinc', '-isystem', libcxxHeaders, '-isystem', `${mingw}/include`],
    ...['node-addon-api', 'node-api-headers/include'].flatMap((name) => [
      '-isystem',
      join(root, 'node_modules', name),
    ]),
  ])
  return object
}

/** Makes the library that tells the linker which functions node.exe has. */
function importLibrary(folder: string): string {
  // Both lists begin with "NAME NODE.EXE" and "EXPORTS".
  const names = ['js_native_api', 'node_api'].flatMap((list) =>
    readFileSync(join(root, `node_modules/node-api-headers/def/${list}.def`), 'utf8')
      .split(/\r?\n/)
      .filter((line) => /^\w+$/.test(line) && line !== 'EXPORTS'),
  )
  const definition = join(folder, 'node.def')
  const library = join(folder, 'node.lib')
  writeFileSync(definition, ['NAME NODE.EXE', 'EXPORTS', ...names, ''].join('\n'))
  mustRun([librarian, '-lib', `-def:${definition}`, '-machine:x64', `-out:${library}`])
  return library
}

/** Builds the addon and returns its path. */
export function buildWindows(): string {
  checkInstalled([compiler, linker, librarian, libcxxHeaders, `${mingw}/lib/libucrt.a`])
  const folder = join(root, 'build', 'native', 'win32-x64')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const prebuild = 'native/prebuild'
  const sources = [...variables.addon_sources, `${prebuild}/runtime.cc`, `${prebuild}/delayload.cc`]
  const defines = variables.addon_defines.map((define: string) => `-D${define}`)
  const objects = [
    ...sources.map((source: string) => compile(source, folder, defines)),
    ...variables.x64_backends.map((name: string) =>
      compile(`native/backends/${name}.cc`, folder, variables[`${name}_flags`]),
    ),
  ]
  checkNoConstructors(objects)
  const addon = join(folder, 'softplus.node')
  mustRun([
    ...[linker, '-m', 'i386pep', '--shared', '-o', addon, ...objects, importLibrary(folder)],
    ...[`-L${mingw}/lib`, '-lkernel32', '-lucrt', '--delayload=node.exe', '--Xlink=-noentry'],
    ...['--gc-sections', '-s', '--no-insert-timestamp'],
  ])
  return addon
}

/** The addon has no entry point, so nothing would run global constructors. */
function checkNoConstructors(objects: string[]): void {
  const found = objects.filter((object) =>
    /\.(ctors|init_array|CRT|tls)/.test(mustRun(['objdump', '--section-headers', object])),
  )
  if (found.length > 0)
    throw new Error(`must have no global constructors and no thread-local data: ${found.join()}`)
}

/**
 * Checks that an addon needs only libraries of Windows and exports only what it must. Returns the libraries. node.exe is
 * not among them: delayload.cc finds it under any name.
 * @throws {Error} If it needs another library, or exports something else.
 */
export function checkWindowsFile(path: string, exported: string[]): string {
  const headers = mustRun(['objdump', '--private-headers', path])
  const libraries = [...headers.matchAll(/DLL Name: (\S+)/g)].map(([, name]) => name)
  // "[   0] napi_register_module_v1"
  const [, table = ''] = headers.split('[Ordinal/Name Pointer] Table')
  const defined = [...table.matchAll(/^\s+\[ *\d+\] (\w+)$/gm)].map(([, name]) => name)
  const unknown = libraries.filter((name) => !allowed.test(name))
  const problems = [
    libraries.length === 0 && 'has no table of imports',
    unknown.length > 0 && `needs ${unknown.join(', ')}`,
    defined.sort().join() !== exported.join() && `exports ${defined.join(', ')}`,
  ].filter((problem) => problem !== false)
  if (problems.length > 0) throw new Error(`${path}: ${problems.join('; ')}`)
  return libraries.join(', ')
}
