// Builds the native tests and the addon with sanitizers and runs them: AddressSanitizer with UndefinedBehaviorSanitizer,
// then ThreadSanitizer.
//
//   tsx tools/check/sanitize.ts [calls]     calls: how many random ones the addon gets, 1,000,000 by default
//
// First of all every sanitizer has to report what a canary does wrong, so that silence means something. Needs g++ or
// clang++ with their sanitizers' libraries, CMake, and Linux. Progress goes to stderr, a summary to stdout.
// Exit code 0 if nothing was reported, 1 if something was, 2 if it could not be built or the usage is wrong.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from '../build/native'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cannotRunHere = 77
// What these programs find is an error of theirs. Node frees nothing at its exit.
const environment = {
  ...process.env,
  ASAN_OPTIONS: 'detect_leaks=0:detect_stack_use_after_return=1:abort_on_error=0:exitcode=99',
  UBSAN_OPTIONS: 'print_stacktrace=1:exitcode=99',
  TSAN_OPTIONS: 'exitcode=99',
}

interface Check {
  name: string
  command: string[]
  preload?: string
  /** A canary: it has to be reported, by these words. */
  reported?: RegExp
}

/** Builds what is run with `sanitizers`, and returns its folder. */
function buildFor(sanitizers: string): string {
  console.error(`building for ${sanitizers}`)
  const name = `sanitize-${sanitizers.replace(',', '-')}`
  return build({ name, cmake: [`--CDSOFTPLUS_SANITIZE=${sanitizers}`], runner: [] })
}

// The libraries that have to be in the process before the addon is. Clang links the addon without.
function runtimes(): string {
  const compiler = process.env.CXX ?? 'g++'
  const paths = ['libasan.so', 'libubsan.so'].map((name) => {
    const { stdout } = spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' })
    return stdout?.trim() ?? ''
  })
  if (!paths.every((path) => path.startsWith('/')))
    throw new Error(`${compiler} has no libasan.so and libubsan.so`)
  return paths.join(' ')
}

const lanes = process.arch === 'x64' ? ['avx512', 'avx2', 'scalar'] : ['neon', 'scalar']

function memoryChecks(calls: string): Check[] {
  const folder = buildFor('address,undefined')
  const program = (name: string, ...args: string[]) => [join(folder, name), ...args]
  return [
    { name: 'canary address', command: program('canary', 'address'), reported: /heap-buffer-over/ },
    { name: 'canary undefined', command: program('canary', 'undefined'), reported: /overflow: / },
    ...lanes.map((name) => ({ name: `lanes ${name}`, command: program(`lanes_${name}`) })),
    { name: 'bounds', command: program('bounds') },
    { name: 'environment', command: program('environment') },
    { name: 'prove', command: program('prove', '--stride', '10007') },
    {
      name: `${Number(calls).toLocaleString('en')} random calls of the addon`,
      command: [
        process.execPath,
        join(root, 'test', 'hostile', 'random-calls.mjs'),
        ...program(join('Release', 'softplus.node'), calls),
      ],
      preload: runtimes(),
    },
  ]
}

function threadChecks(): Check[] {
  const folder = buildFor('thread')
  return [
    {
      name: 'canary thread',
      command: [join(folder, 'canary'), 'thread'],
      reported: /ThreadSanitizer: data race/,
    },
    { name: 'parallel', command: [join(folder, 'parallel')] },
  ]
}

/** What came of it, and whether that is what should. */
function run({ name, command, preload, reported }: Check): { line: string; holds: boolean } {
  console.error(`running ${name}`)
  const start = performance.now()
  const { status, signal, stdout, stderr, error } = spawnSync(command[0], command.slice(1), {
    encoding: 'utf8',
    env: preload === undefined ? environment : { ...environment, LD_PRELOAD: preload },
    maxBuffer: 1 << 28,
  })
  if (error) throw error
  const holds = reported ? status !== 0 && reported.test(stderr) : status === 0
  if (status === cannotRunHere) return { line: `-        ${name}: not on this CPU`, holds: true }
  if (!holds) console.error(`${stdout}${stderr}${name} ended with ${signal ?? `code ${status}`}`)
  const result = holds ? (reported ? 'reported' : 'passed') : 'FAILED'
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  return { line: `${result.padEnd(8)} ${name}, ${seconds} s`, holds }
}

function main(args: string[]): boolean {
  const [calls = '1000000'] = args
  if (args.length > 1 || !/^[1-9][0-9]*$/.test(calls)) throw new Error('usage: sanitize.ts [calls]')
  const results = [...memoryChecks(calls).map(run), ...threadChecks().map(run)]
  const failed = results.filter(({ holds }) => !holds).length
  for (const { line } of results) console.log(line)
  console.log(failed === 0 ? 'Nothing was reported.' : `${failed} of ${results.length} failed.`)
  return failed === 0
}

try {
  process.exitCode = main(process.argv.slice(2)) ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
