// Another library in a process of its own with one thread, which times one task for every line on its stdin.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface Peer {
  /** The command and its arguments. bench/peers/time.mjs describes what it reads and writes. */
  command: string[]
  env?: Record<string, string>
  /** What to install if it cannot run. */
  needs?: string
}

export interface Task {
  input: string
  length: number
  /** The input. */
  file: string
  /** Where the result is to be written. */
  out: string
}

interface Answer {
  about: string
  /** Readings in nanoseconds: per call in what the process prints, per element in what ask() returns. */
  ns: number[]
}

// One thread each. XLA, which computes for JAX, knows only the last two.
const oneThread = {
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  XLA_FLAGS: '--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1',
  NPROC: '1',
}

const timeoutSeconds = 120

export type StartedPeer = ReturnType<typeof startPeer>

export function startPeer({ command: [program, ...args], env }: Peer) {
  const child = spawn(program, args, {
    env: { ...process.env, ...oneThread, TF_CPP_MIN_LOG_LEVEL: '2', ...env },
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  let hasTimedOut = false
  const failure = new Promise<string>((resolve) => {
    child.on('error', ({ message }) => resolve(message))
    child.on('close', (code, signal) => {
      // Warnings of libraries may have the word in them, too. The last line that has it tells why the process ended.
      const line = stderr.split('\n').findLast((line) => /error/i.test(line))
      if (hasTimedOut) resolve(`no answer within ${timeoutSeconds} s`)
      else resolve(line?.trim() || (signal ? `signal ${signal}` : `exit code ${code}`))
    })
  })
  // `failure` says why nothing can be written.
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()

  return {
    /** @throws {Error} if the program fails, or does not answer within two minutes. It has ended then. */
    async ask({ length, file, out }: Task): Promise<Answer> {
      // Reading the clock takes as long as hundreds of elements, so several short arrays are timed at a time.
      const copies = Math.max(1, Math.floor(2 ** 17 / length))
      stderr = ''
      child.stdin.write(`${file}\t${copies}\t${out}\n`)
      const timer = setTimeout(() => {
        hasTimedOut = true
        child.kill('SIGKILL')
      }, timeoutSeconds * 1000)
      try {
        const { done, value } = await lines.next()
        if (done) throw new Error(await failure)
        const { about, ns } = JSON.parse(value) as Answer
        return { about, ns: ns.map((call) => call / length) }
      } catch (error) {
        child.kill('SIGKILL')
        throw error
      } finally {
        clearTimeout(timer)
      }
    },
    end(): void {
      child.kill()
    },
  }
}
