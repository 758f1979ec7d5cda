// Does whatever set-up is missing: dependencies, the native addon, dist/. Needs nothing but Node,
// and prints to stderr.
//
//   node tools/build/setup.mjs [--force]     --force builds the addon and dist/ anew
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const force = process.argv.includes('--force')

const changedAt = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0)

function newestIn(...paths) {
  const times = paths.map((path) => {
    const entries = statSync(path).isDirectory() ? readdirSync(path) : []
    return Math.max(changedAt(path), ...entries.map((entry) => newestIn(join(path, entry))))
  })
  return Math.max(...times)
}

function run(what, command, args) {
  process.stderr.write(`softplus set-up: ${what}\n`)
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status === 0) return
  process.stderr.write(
    `softplus set-up: ${command} ${args.join(' ')} failed${error ? `: ${error}` : ''}\n`,
  )
  process.exit(1)
}

const bin = (name) => join(root, 'node_modules', '.bin', name)
const at = (path) => join(root, path)

// Headers that came with this Node spare node-gyp its download.
function headers() {
  if (process.env.npm_config_nodedir) return []
  const prefixes = [join(dirname(process.execPath), '..'), '/usr', '/usr/local']
  const prefix = prefixes.find((p) => existsSync(join(p, 'include', 'node', 'node_api.h')))
  return prefix ? [`--nodedir=${prefix}`] : []
}

// Warnings are errors where the project's CI asks for it.
const warnings = process.env.SOFTPLUS_WERROR === '1' ? ['--softplus_werror=1'] : []

// Not `npm ci`: that refuses a lock file without the optional packages of other platforms, which not
// every registry has.
const install = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund']
if (changedAt(at('node_modules/.package-lock.json')) < changedAt(at('package-lock.json')))
  run('installing dependencies', 'npm', [...install, '--loglevel=error'])

if (
  force ||
  changedAt(at('build/Release/softplus.node')) < newestIn(at('native'), at('binding.gyp'))
)
  run('building the native addon', bin('node-gyp'), [
    'rebuild',
    '--silent',
    ...warnings,
    ...headers(),
  ])

const sources = [at('src'), at('tsup.config.ts'), at('package.json')]
if (force || changedAt(at('dist/index.d.cts')) < newestIn(...sources))
  run('building dist/', bin('tsup'), ['--silent', '--clean'])
