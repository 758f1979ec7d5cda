// One other library, in a process and one thread of its own, which waits for what it is asked to time.
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
  /** Where the input lies, and where the result is to be written. */
  file: string
  out: string
}

export interface Answer {
  about: string
  /** Readings in nanoseconds per element. */
  ns: number[]
}

// One thread each. XLA, which computes for JAX, knows only the last two.
const oneThread = {
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  XLA_FLAGS: '--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1',
  NPROC: '1',
}

const patience = 120_000

/** Starts a peer's process. */
export function start({ command: [program, ...args], env }: Peer) {
  const child = spawn(program, args, {
    env: { ...process.env, ...oneThread, TF_CPP_MIN_LOG_LEVEL: '2', ...env },
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  const failure = new Promise<string>((resolve) => {
    child.on('error', ({ message }) => resolve(message))
    child.on('close', (code, signal) => {
      const line = said.split('\n').find((line) => /error/i.test(line))
      resolve(line?.trim() || `exit code ${code ?? signal}`)
    })
  })
  // `failure` says why nothing can be written.
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()

  return {
    /** @throws {Error} if the program fails, or takes minutes. */
    async ask({ length, file, out }: Task): Promise<Answer> {
      // Reading the clock takes as long as hundreds of elements, so several short arrays are timed at a time.
      const copies = Math.max(1, Math.floor(2 ** 17 / length))
      child.stdin.write(`${file}\t${copies}\t${out}\n`)
      const timer = setTimeout(() => child.kill('SIGKILL'), patience)
      const { done, value } = await lines.next()
      clearTimeout(timer)
      if (done) throw new Error(await failure)
      const { about, ns } = JSON.parse(value) as Answer
      return { about, ns: ns.map((call) => call / length) }
    },
    end(): void {
      child.stdin.end()
    },
  }
}
