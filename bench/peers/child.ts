// A contestant in a process of its own, as bench/peers/serve.mjs describes it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'

export interface Program {
  command: string
  args: string[]
  env?: Record<string, string>
}

const secondsToAnswer = 60

export class Child {
  #process: ChildProcess
  #lines: AsyncIterator<string>
  #complaint = ''

  private constructor({ command, args, env }: Program) {
    // One thread each, and none that waits by turning: the others are timed meanwhile.
    const threads = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', OMP_WAIT_POLICY: 'passive' }
    this.#process = spawn(command, args, { env: { ...process.env, ...threads, ...env } })
    this.#process.on('error', (error) => {
      this.#complaint = error.message
    })
    // What it was writing to may be gone; that it is shows in its answers.
    this.#process.stdin?.on('error', () => {})
    this.#process.stderr?.on('data', (data) => {
      this.#complaint = `${this.#complaint}${data}`.slice(-2000)
    })
    const output = this.#process.stdout as NodeJS.ReadableStream
    this.#lines = createInterface({ input: output })[Symbol.asyncIterator]()
  }

  /** @throws {Error} if it cannot be started. Returns it with what it says of itself. */
  static async start(program: Program): Promise<{ child: Child; about: string }> {
    const child = new Child(program)
    const { about } = (await child.#answer()) as { about: string }
    return { child, about }
  }

  /** @throws {Error} if it ends, or takes longer than a minute. */
  ask(...words: (string | number)[]): Promise<unknown> {
    this.#process.stdin?.write(`${words.join(' ')}\n`)
    return this.#answer()
  }

  end(): void {
    // One that hangs may not heed a gentler signal.
    this.#process.kill('SIGKILL')
  }

  async #answer(): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer within ${secondsToAnswer} s`))
      }, secondsToAnswer * 1000)
    })
    try {
      const { done, value } = await Promise.race([this.#lines.next(), late])
      if (done) throw new Error(await this.#lastWords())
      return JSON.parse(value)
    } catch (error) {
      this.end()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  // Its output ends before it is known how it ended; one that was never started has no end to wait for.
  async #ending(): Promise<string> {
    const { pid, exitCode, signalCode } = this.#process
    if (pid === undefined) return 'it could not be started'
    if (exitCode === null && signalCode === null)
      await Promise.race([once(this.#process, 'exit'), pause(1000)])
    const { exitCode: code, signalCode: signal } = this.#process
    return signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`
  }

  async #lastWords(): Promise<string> {
    const ending = await this.#ending()
    const lines = this.#complaint.trim().split('\n')
    return lines.find((line) => /error/i.test(line)) ?? (lines.at(-1) || ending)
  }
}
