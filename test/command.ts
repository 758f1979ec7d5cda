// What the tests of the command share: an empty folder for each test, and the command, run as a process or in this process.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, vi } from 'vitest'
import { softplus } from '../src/index'
import { floats } from './floats'
import { floatBytes } from './npy-writer'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const command = join(root, 'dist/cli.cjs')
export const onLinux = process.platform === 'linux'
export const onWindows = process.platform === 'win32'
export const isRoot = process.getuid?.() === 0

/** The bytes that the command reads, activates and writes at once. */
export const piece = 1 << 22

/** A process that should end at once has this many milliseconds, for busy machines. */
export const deadline = 15_000

/** Values of every kind. The bits of NaN may differ between backends, so it is not among them. */
export function samples(count: number): Float32Array {
  const special = [0, -0, Infinity, -Infinity, 1e-40, -1e-40, 88, -88, -103.9, 3e38]
  const x = floats(count)
  x.set(special.slice(0, count))
  return x
}

export const x = samples(60)
export const xBytes = floatBytes(x)
export const yBytes = floatBytes(softplus(x))

let folder = ''
let children: ChildProcess[] = []
let held: number[] = []

/** Gives each test of the calling file an empty folder, and ends the processes that it started. */
export function useFolder(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'softplus-cli-'))
  })
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL')
    for (const fd of held) closeSync(fd)
    children = []
    held = []
    rmSync(folder, { recursive: true })
  })
}

/** A path in the test's folder. */
export const at = (name = '') => join(folder, name)
export const read = (name: string) => readFileSync(at(name))
export const write = (name: string, bytes: string | Uint8Array = xBytes) =>
  writeFileSync(at(name), bytes)
export const names = (under = '') => readdirSync(at(under)).sort()
export const sizeOf = (name: string) => statSync(at(name), { throwIfNoEntry: false })?.size ?? 0
export const temporaries = () => names().filter((name) => /^\.softplus-.*\.tmp$/.test(name))

export function makeFifo(name: string): void {
  expect(spawnSync('mkfifo', [at(name)]).status).toBe(0)
}

/** Makes a FIFO and keeps it open to read and write: whoever opens it need not wait, and its reader sees no end. */
export function heldFifo(name: string): number {
  makeFifo(name)
  const fd = openSync(at(name), constants.O_RDWR | constants.O_NONBLOCK)
  held.push(fd)
  return fd
}

export function holdForReading(name: string): void {
  held.push(openSync(at(name), constants.O_RDONLY | constants.O_NONBLOCK))
}

/** Closes a FIFO that was held. */
export function letGo(fd: number): void {
  held = held.filter((other) => other !== fd)
  closeSync(fd)
}

export interface Result {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: Buffer
  stderr: string
}

export interface Surroundings {
  input?: Uint8Array
  env?: Record<string, string>
  /** Descriptors to use for the standard streams instead of pipes. */
  stdin?: number
  stdout?: number
  stderr?: number
}

/** Runs the command as a process, and waits for its end. */
export function runProcess(args: string[], surroundings: Surroundings = {}): Result {
  const { input, env, stdin, stdout, stderr } = surroundings
  return resultOf(process.execPath, [command, ...args], {
    ...(input && { input }),
    env: { ...process.env, ...env },
    stdio: [stdin ?? 'pipe', stdout ?? 'pipe', stderr ?? 'pipe'],
  })
}

/** Runs a line in a shell. "$1" "$0" is the command. */
export const runShell = (line: string): Result =>
  resultOf('sh', ['-c', line, command, process.execPath])

/** Runs a program in the test's folder, and waits for its end. */
export function resultOf(
  file: string,
  args: string[],
  options: Parameters<typeof spawnSync>[2] = {},
): Result {
  const { status, signal, stdout, stderr } = spawnSync(file, args, {
    cwd: folder,
    timeout: 2 * deadline,
    maxBuffer: 1 << 28,
    ...options,
  })
  return { code: status, signal, stdout: stdout as Buffer, stderr: stderr?.toString() ?? '' }
}

/** Runs the command in this process: a process of its own takes a tenth of a second to start. */
export async function runHere(args: string[], input?: Buffer): Promise<Result> {
  const { run } = await import('../src/cli/run')
  return captured(() => run(args), input)
}

/** Runs code of the command in the test's folder; returns its exit code and what it writes to the standard streams. */
export async function captured(act: () => Promise<number>, input?: Buffer): Promise<Result> {
  const stdout: Buffer[] = []
  let stderr = ''
  const mocks = [
    vi.spyOn(process.stdout, 'write').mockImplementation(((part: Uint8Array, done?: () => void) => {
      stdout.push(Buffer.from(part))
      done?.()
      return true
    }) as never),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      stderr += text
      return true
    }),
    vi.spyOn(process, 'stdin', 'get').mockImplementation(() => Readable.from(cut(input)) as never),
  ]
  const before = process.cwd()
  process.chdir(folder)
  try {
    const code = await act()
    return { code, signal: null, stdout: Buffer.concat(stdout), stderr }
  } finally {
    process.chdir(before)
    for (const mock of mocks) mock.mockRestore()
  }
}

// Three chunks, whose lengths are not multiples of 4.
function cut(bytes: Buffer = Buffer.alloc(0)): Buffer[] {
  const third = (bytes.length / 3) | 1
  return [
    bytes.subarray(0, third),
    bytes.subarray(third, 2 * third),
    bytes.subarray(2 * third),
  ].filter((part) => part.length > 0)
}

/** Starts the command as a process. */
export function start(
  args: string[],
  { stdin, umask = '022', env }: { stdin?: 'ignore'; umask?: string; env?: object } = {},
): ChildProcess {
  const line = `umask ${umask}; exec "$@"`
  const child = spawn('sh', ['-c', line, 'sh', process.execPath, command, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: [stdin ?? 'pipe', 'pipe', 'pipe'],
  })
  // It may end before it has read everything.
  child.stdin?.on('error', () => {})
  return endWithTest(child)
}

/** Ends the process with the test. */
export function endWithTest<Child extends ChildProcess>(child: Child): Child {
  children.push(child)
  return child
}

/** How the process ends, or that it still runs at the deadline, and what it writes to stderr. */
export async function endOf(child: ChildProcess) {
  let stderr = ''
  child.stderr?.on('data', (part) => {
    stderr += part
  })
  if (child.stdout?.listenerCount('data') === 0) child.stdout.resume()
  const closed = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  const late = new AbortController()
  const end = await Promise.race([
    closed,
    setTimeout(deadline, { code: 'still running', signal: null } as const, late),
  ])
  late.abort()
  return { ...end, stderr }
}

/** Waits until something is there, while the process runs. */
export async function whileRunning<Found>(
  child: ChildProcess,
  find: () => Found | undefined,
): Promise<Found> {
  const late = Date.now() + deadline
  while (child.exitCode === null && Date.now() < late) {
    const found = find()
    if (found !== undefined) return found
    await setTimeout(5)
  }
  throw new Error(`the process did not come to ${find}`)
}

/** Waits until the process has created its temporary file. */
export const untilTemporary = (child: ChildProcess) =>
  whileRunning(child, () => temporaries().find((name) => name.includes(`-${child.pid}-`)))
