// Processes: how long they take, and how much memory at most.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The command `softplus`. */
export const command = fileURLToPath(new URL('../dist/cli.cjs', import.meta.url))

// Node reads these certificates at each start, which can take longer than the rest of it. That is the machine's, not ours.
const { NODE_EXTRA_CA_CERTS: _, ...rest } = process.env

/** The environment of the processes whose time is taken. */
export const env: NodeJS.ProcessEnv = rest

/** Runs a program. Returns the milliseconds it took, and what it wrote to stderr. */
export function run(program: string, args: string[]): { ms: number; stderr: string } {
  const started = performance.now()
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', env })
  if (status !== 0) throw new Error(`${program} must exit with 0; got ${status}: ${stderr}`)
  return { ms: performance.now() - started, stderr }
}

// Peak memory is VmHWM. process.resourceUsage().maxRSS of a child starts at its parent's.
const printPeak = `import { readFileSync } from 'node:fs'
process.on('exit', () => console.error(readFileSync('/proc/self/status', 'utf8')))`

/** The peak memory in MiB of a Node process with these arguments, on Linux. */
export function peakOf(args: string[]): number {
  const atExit = `data:text/javascript,${encodeURIComponent(printPeak)}`
  const { stderr } = run(process.execPath, ['--import', atExit, ...args])
  return Number(/VmHWM:\s*(\d+)/.exec(stderr)?.[1]) / 1024
}
