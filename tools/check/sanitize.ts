// Builds the native tests and the addon with sanitizers and runs them: AddressSanitizer with UndefinedBehaviorSanitizer,
// then ThreadSanitizer.
//
//   npm run tool -- sanitize [CALLS]     random calls of the addon, 1,000,000 by default
//
// Each sanitizer must first report an error that is made on purpose (native/test/canary.cc). Otherwise silence would
// prove nothing. Needs g++ or clang++ with their sanitizers' libraries, CMake, and Linux. Progress goes to stderr, a
// summary to stdout.
import { join } from 'node:path'
import { build, cannotRunHere, host } from '../build/native'
import { mustRun, run } from '../build/run.mjs'

// Node does not free its memory when it exits, so leaks are not reported.
const env = {
  ASAN_OPTIONS: 'detect_leaks=0:detect_stack_use_after_return=1:abort_on_error=0:exitcode=99',
  UBSAN_OPTIONS: 'print_stacktrace=1:exitcode=99',
  TSAN_OPTIONS: 'exitcode=99',
}

interface Check {
  name: string
  command: string[]
  /** Libraries to load before the program starts. */
  preload?: string
  /** What the sanitizer must report, if the program makes an error on purpose. */
  reported?: RegExp
}

/** Builds all programs of the sanitizers, and returns their folder. */
function buildWith(sanitizers: string): string {
  console.error(`building for ${sanitizers}`)
  const name = `sanitize-${sanitizers.replace(',', '-')}`
  const cmake = [`--CDSOFTPLUS_SANITIZE=${sanitizers}`]
  return build({ ...host, name, cmake })
}

/** The sanitizers' libraries. Node is built without them, so they must be loaded before the addon is. */
function libraries(): string {
  const compiler = process.env.CXX ?? 'g++'
  const paths = ['libasan.so', 'libubsan.so'].map((name) =>
    mustRun([compiler, `-print-file-name=${name}`]).trim(),
  )
  if (!paths.every((path) => path.startsWith('/')))
    throw new Error(`${compiler} has no libasan.so and libubsan.so`)
  return paths.join(' ')
}

const lanes = process.arch === 'x64' ? ['avx512', 'avx2', 'scalar'] : ['neon', 'scalar']

function memoryChecks(calls: string): Check[] {
  const folder = buildWith('address,undefined')
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
        ...[process.execPath, 'test/hostile/random-calls.mjs'],
        ...program(join('Release', 'softplus.node'), calls),
      ],
      preload: libraries(),
    },
  ]
}

function threadChecks(): Check[] {
  const folder = buildWith('thread')
  return [
    {
      name: 'canary thread',
      command: [join(folder, 'canary'), 'thread'],
      reported: /ThreadSanitizer: data race/,
    },
    ...['parallel', 'parallel_posix'].map((name) => ({ name, command: [join(folder, name)] })),
  ]
}

function runCheck({ name, command, preload, reported }: Check): { line: string; holds: boolean } {
  console.error(`running ${name}`)
  const start = performance.now()
  const { status, signal, stdout, stderr } = run(command, {
    env: preload === undefined ? env : { ...env, LD_PRELOAD: preload },
  })
  const holds = reported ? status !== 0 && reported.test(stderr) : status === 0
  if (status === cannotRunHere) return { line: `-        ${name}: not on this CPU`, holds: true }
  if (!holds) console.error(`${stdout}${stderr}${name} ended with ${signal ?? `code ${status}`}`)
  const result = holds ? (reported ? 'reported' : 'passed') : 'FAILED'
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  return { line: `${result.padEnd(8)} ${name}, ${seconds} s`, holds }
}

export function main([calls = '1000000', ...others]: string[]): boolean {
  if (others.length > 0 || !/^[1-9][0-9]*$/.test(calls))
    throw new Error(`CALLS must be one integer above 0; got ${[calls, ...others].join(' ')}`)
  const results = [...memoryChecks(calls).map(runCheck), ...threadChecks().map(runCheck)]
  const failed = results.filter(({ holds }) => !holds).length
  for (const { line } of results) console.log(line)
  console.log(failed === 0 ? 'Nothing was reported.' : `${failed} of ${results.length} failed.`)
  return failed === 0
}
