// Runs of shards whose processes are killed by SIGKILL at random moments and started again until all are done, by Node or by GNU
// parallel. The output is looked at all the while.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { arrowFile, floats } from './arrow-writer'

const shards = 5
const elements = 6 * 2 ** 20 + 77
const mostKills = 12

export interface Killing {
  /** dist/cli.cjs */
  command: string
  /** Empty; everything is written in here. */
  folder: string
  /** From 0 to below 1. */
  random: () => number
  engine: 'node' | 'parallel'
  /** An array, or an Arrow file with one column in many batches. */
  format: 'f32' | 'arrow'
}

export interface Killed {
  /** Processes that were killed. */
  kills: number
  /** How often the output was looked at, and found to be complete or not there. */
  looks: number
}

export interface Files {
  input: string
  output: string
  /** Further arguments. */
  options: string[]
  expected: Buffer
}

/** Writes the input, and what the command makes of it without shards. */
export function prepare({ command, folder, format }: Omit<Killing, 'random' | 'engine'>): Files {
  const x = new Float32Array(elements).map((_, i) => ((i * 7919) % 4001) / 100 - 20)
  const input = join(folder, `x.${format}`)
  const whole = join(folder, `whole.${format}`)
  writeFileSync(input, format === 'f32' ? Buffer.from(x.buffer) : tableOf(x))
  const options = format === 'f32' ? [] : ['--column', 'x']
  spawnSync(process.execPath, [command, 'apply', '-q', input, '-o', whole, ...options])
  const expected = readFileSync(whole)
  rmSync(whole)
  return { input, output: join(folder, `y.${format}`), options, expected }
}

function tableOf(x: Float32Array): Buffer {
  const rows = 100_003
  const starts = Array.from({ length: Math.ceil(x.length / rows) }, (_, i) => i * rows)
  return arrowFile(...starts.map((start) => ({ x: floats(x.subarray(start, start + rows)) })))
}

/** One run, from no output to the complete one. Throws if anything is wrong. */
export async function killedRun(killing: Killing, files: Files): Promise<Killed> {
  const { folder, engine } = killing
  for (const name of readdirSync(folder))
    if (name !== basename(files.input)) rmSync(join(folder, name), { recursive: true })
  const look = lookout(files)
  const watcher = watch(folder, () => look.now())
  const interval = setInterval(look.now, 2)
  try {
    const kills = await (engine === 'node' ? byNode : byParallel)(killing, files)
    look.now()
    if (look.failure) throw new Error(look.failure)
    if (!existsSync(files.output)) throw new Error('all shards ended well, but there is no output')
    const left = readdirSync(folder).filter((name) => /\.shards$|\.shards-/.test(name))
    if (left.length > 0) throw new Error(`left behind: ${left}`)
    return { kills, looks: look.count }
  } finally {
    clearInterval(interval)
    watcher.close()
  }
}

export function lookout({ output, expected }: Pick<Files, 'output' | 'expected'>) {
  let seen = ''
  const look = {
    count: 0,
    failure: '',
    now() {
      const found = statSync(output, { throwIfNoEntry: false })
      look.count++
      const version = `${found?.ino} ${found?.mtimeMs}`
      if (!found || version === seen) return
      seen = version
      if (!readFileSync(output).equals(expected))
        look.failure = 'the output was there with other bytes than without shards'
    },
  }
  return look
}

const shardArgs = ({ command }: Killing, { input, output, options }: Files, shard: string) => [
  command,
  'apply',
  '-q',
  input,
  '-o',
  output,
  ...options,
  '--shard',
  shard,
]

/** Two processes at a time, some shards twice, in any order. */
async function byNode(killing: Killing, files: Files): Promise<number> {
  const { random } = killing
  let kills = 0
  const whole = Array.from({ length: shards }, (_, i) => `${i + 1}/${shards}`)
  const queue = [...whole, ...whole.filter(() => random() < 0.3)].sort(() => random() - 0.5)

  async function work(): Promise<void> {
    for (let shard = queue.shift(); shard; shard = queue.shift()) {
      const child = spawn(process.execPath, shardArgs(killing, files, shard))
      if (kills < mostKills && random() < 0.7) killAfter(child, delay(random))
      const { signal, code, stderr } = await endOf(child)
      if (signal === 'SIGKILL') {
        kills++
        queue.push(shard)
      } else if (code !== 0)
        throw new Error(`shard ${shard} ended with exit code ${code}: ${stderr}`)
    }
  }

  await Promise.all([work(), work()])
  return kills
}

// A process needs 60 ms or more to start, and is the more interesting after that.
const delay = (random: () => number) => (random() < 0.2 ? 60 * random() : 50 + 120 * random())

function killAfter(child: ChildProcess, milliseconds: number): void {
  const timer = globalThis.setTimeout(() => child.kill('SIGKILL'), milliseconds)
  child.once('exit', () => clearTimeout(timer))
}

function endOf(child: ChildProcess) {
  let stderr = ''
  child.stderr?.on('data', (part) => {
    stderr += part
  })
  return new Promise<{ signal: NodeJS.Signals | null; code: number | null; stderr: string }>(
    (resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve({ code, signal, stderr }))
    },
  )
}

/** GNU parallel starts killed jobs again by itself. Each job writes down its process. */
async function byParallel(killing: Killing, files: Files): Promise<number> {
  const { folder, random } = killing
  const pids = join(folder, 'pids')
  mkdirSync(pids)
  const line = `echo > ${pids}/$$; exec "${process.execPath}" ${shardArgs(killing, files, `{}/${shards}`).join(' ')}`
  const numbers = Array.from({ length: shards }, (_, i) => `${i + 1}`)
  const args = ['-j', '2', '--retries', '30', '--halt', 'never', line, ':::', ...numbers]
  const child = spawn('parallel', args, { env: { ...process.env, PARALLEL_SHELL: '/bin/sh' } })
  const ended = endOf(child)
  let kills = 0
  for (let isOver = false; !isOver && kills < mostKills; ) {
    isOver = await Promise.race([ended.then(() => true), setTimeout(delay(random), false)])
    const alive = readdirSync(pids).filter((pid) => isJob(pid, folder))
    const chosen = alive[Math.floor(random() * alive.length)]
    if (chosen) {
      process.kill(Number(chosen), 'SIGKILL')
      kills++
    }
  }
  const { code, stderr } = await ended
  if (code !== 0) throw new Error(`parallel ended with exit code ${code}: ${stderr}`)
  return kills
}

/** Whether the process still runs, and is a job of this folder: numbers of processes are used again. */
function isJob(pid: string, folder: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${folder}/`)
  } catch {
    return false
  }
}
