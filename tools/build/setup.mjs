// Sets the project up: installs the dependencies, builds the addon, dist/ and, on Linux with cmake, the DuckDB extension. Does only
// what is missing or older than its sources.
// Needs nothing but Node and npm, and prints to stderr.
//
//   node tools/build/setup.mjs [--force]     --force builds all of it anew
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { missingOf, root, run } from './run.mjs'

const force = process.argv.includes('--force')

function step(what, command) {
  console.error(`set-up: ${what}`)
  const { status } = run(command, { show: true })
  if (status === 0) return
  console.error(`set-up: failed: ${command.join(' ')}`)
  process.exit(1)
}

/** When a file of the project was changed, in milliseconds; 0 if it does not exist. */
function changedAt(path) {
  const file = join(root, path)
  return existsSync(file) ? statSync(file).mtimeMs : 0
}

/** When any of these files, or any file in these folders, was changed last. */
const lastChange = (...paths) =>
  Math.max(
    ...paths.flatMap((path) => [
      changedAt(path),
      ...(statSync(join(root, path)).isDirectory()
        ? readdirSync(join(root, path), { recursive: true }).map((name) =>
            changedAt(join(path, name)),
          )
        : []),
    ]),
  )

// node-gyp downloads Node's headers unless it is told where they are. Many installations of Node bring them.
function headers() {
  if (process.env.npm_config_nodedir) return []
  const prefixes = [join(dirname(process.execPath), '..'), '/usr', '/usr/local']
  const prefix = prefixes.find((p) => existsSync(join(p, 'include', 'node', 'node_api.h')))
  return prefix ? [`--nodedir=${prefix}`] : []
}

// `npm ci` refuses a lock file without the optional packages of other platforms, and not every registry has all of those.
if (changedAt('node_modules/.package-lock.json') < changedAt('package-lock.json'))
  step('installing the dependencies', [
    ...['npm', 'install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'],
    '--loglevel=error',
  ])

const addon = 'build/Release/softplus.node'
if (force || changedAt(addon) < lastChange('native', 'binding.gyp')) {
  // The project's CI turns warnings into errors. A user's build never does.
  const warnings = process.env.SOFTPLUS_WERROR === '1' ? ['--softplus_werror=1'] : []
  // `rebuild` empties build/, where the tools keep programs.
  const commands = force ? ['rebuild'] : ['configure', 'build']
  step('building the addon', ['node-gyp', ...commands, '--silent', ...warnings, ...headers()])
  // make leaves it alone if what has changed is not a part of it.
  utimesSync(join(root, addon), new Date(), new Date())
}

const extension = 'build/Release/softplus.duckdb_extension'
if (
  process.platform === 'linux' &&
  (force || changedAt(extension) < lastChange('native', 'tools/build/extension.ts'))
) {
  if (missingOf(['cmake']).length > 0)
    console.error('set-up: left out the DuckDB extension: cmake is not installed')
  else
    step('building the DuckDB extension', [
      ...['tsx', '--eval', "import('./tools/build/extension.ts').then(({ main }) => main([]))"],
    ])
}

if (force || changedAt('dist/index.d.cts') < lastChange('src', 'tsup.config.ts', 'package.json'))
  step('building dist/', ['tsup', '--silent', '--clean'])
