// activation.async: the bits of the synchronous call, off the main thread, and no memory that anyone else can free.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { loadAddon } from '../src/backend/addon'
import type { TransferError } from '../src/index'
import { bufferOf } from '../src/intrinsics'
import { backends, names, native } from './backends'
import { expectSame, floats } from './floats'

const root = join(import.meta.dirname, '..')
const block = 65536
const lengths = [0, 1, 15, 1000, block - 1, block, block + 1, 3 * block + 7]
const optionsOfAll = [{}, { threshold: 3 }, { beta: 2 }, { beta: -0.3, threshold: 1 }]

// Newer than the types this project is compiled with.
type Resizable = ArrayBuffer & { resize(length: number): void }
const resizable = (length: number, maxByteLength: number): Resizable =>
  Reflect.construct(ArrayBuffer, [length, { maxByteLength }])
const growable = (length: number, maxByteLength: number) =>
  Reflect.construct(SharedArrayBuffer, [length, { maxByteLength }]) as SharedArrayBuffer & {
    grow(length: number): void
  }
/** Properties of `own` in place of those of `base`, getters as such. */
const descriptorsOf = (base: object, own: object): PropertyDescriptorMap =>
  Object.fromEntries(
    Object.entries({ ...base, ...own }).map(([name, value]) => [
      name,
      typeof value === 'object' ? (value as PropertyDescriptor) : { value },
    ]),
  )
const wasmMemory = (): ArrayBuffer => {
  const { Memory } = Reflect.get(globalThis, 'WebAssembly')
  return new Memory({ initial: 1 }).buffer
}

describe.each(backends)('$name', ({ name, api: { softplus, relu } }) => {
  const activations = {
    softplus,
    derivative: softplus.derivative,
    secondDerivative: softplus.secondDerivative,
    inverse: softplus.inverse,
    relu,
    reluDerivative: relu.derivative,
  }

  test.each(Object.entries(activations))('%s: the bits of the call, any threads', async (_, f) => {
    for (const length of lengths) {
      const x = floats(length)
      const want = f(x)
      for (const threads of [undefined, 1, 2, 7]) {
        const before = x.slice()
        expectSame(await f.async(x, { threads }), want, `${length} elements`)
        expectSame(x, before, 'x')
        expectSame(await f.async(before, { threads, transfer: true }), want, `${length} in place`)
      }
    }
  })

  test.each(optionsOfAll)('%o', async (options) => {
    const x = floats(2 * block + 5)
    const want = softplus(x, options)
    expectSame(await softplus.async(x, options), want, 'anew')
    const out = new Float32Array(x.length)
    expect(await softplus.async(x, { ...options, out })).toBe(out)
    expectSame(out, want, 'out')
    expectSame(await softplus.async(x.slice(), { ...options, transfer: true }), want, 'in place')
    expect(await softplus.async(x, { ...options, out: x })).toBe(x)
    expectSame(x, want, 'out is x')
  })

  test('x is copied before the call returns', async () => {
    const x = floats(block)
    const want = softplus(x)
    const promise = softplus.async(x)
    structuredClone(x.fill(7).buffer, { transfer: [x.buffer] })
    expectSame(await promise, want, 'after the transfer')
  })

  test('transfer moves the buffer, offset and length stay', async () => {
    const whole = floats(100)
    const want = whole.slice()
    softplus.inPlace(want.subarray(3, 90))
    const x = whole.subarray(3, 90)
    const promise = softplus.async(x, { transfer: true })
    expect([x.length, whole.length]).toEqual([0, 0])
    const y = await promise
    expect([y.byteOffset, y.length, y.buffer.byteLength]).toEqual([12, 87, 400])
    expectSame(new Float32Array(y.buffer), want, 'the whole buffer')
  })

  test('transfer leaves shared memory where it is', async () => {
    const x = new Float32Array(new SharedArrayBuffer(4 * 1000))
    x.set(floats(1000))
    const want = softplus(x)
    expect(await softplus.async(x, { transfer: true })).toBe(x)
    expectSame(x, want, 'shared')
  })

  test('transfer: false makes a copy', async () => {
    const x = floats(9)
    expectSame(await softplus.async(x, { transfer: false }), softplus(x), 'y')
    expectSame(x, floats(9), 'x')
  })

  test('resizable buffers', async () => {
    const buffer = resizable(4000, 8000)
    const x = new Float32Array(buffer)
    x.set(floats(1000))
    const want = softplus(x)
    const promise = softplus.async(x)
    buffer.resize(0)
    expectSame(await promise, want, 'shrunk meanwhile')
    buffer.resize(4000)
    x.set(floats(1000))
    const moved = softplus.async(x, { transfer: true })
    expect(() => buffer.resize(8)).toThrow(TypeError)
    expectSame(await moved, want, 'moved')
  })

  test.each([
    ['WebAssembly', () => new Float32Array(wasmMemory(), 0, 8)],
    ["Node's pool", () => new Float32Array(Buffer.from([1, 2, 3]).buffer, 0, 8)],
  ])('transfer refuses a buffer of %s, which stays', async (_, make) => {
    const x = make()
    const before = x.slice()
    const refused = softplus.async(x, { transfer: true })
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_INVALID_STATE',
      message: expect.stringMatching(
        /^x must be .* can be moved; .* Leave transfer out to work on a copy/,
      ),
    })
    await expect(refused).rejects.not.toHaveProperty('array')
    expect(x).toEqual(before)
  })

  test('a call that is refused has moved nothing', async () => {
    const whole = floats(100)
    const x = whole.subarray(10, 20)
    const signal = AbortSignal.abort(new Error('too late'))
    const wrong: object[] = [
      { beta: 0 },
      { threads: 0 },
      { signal: {} },
      { betta: 2 },
      { out: x },
      { out: new Float32Array(10) },
      { signal },
    ]
    for (const options of wrong) {
      const refused = softplus.async(x, { ...options, transfer: true } as { transfer: true })
      await expect(refused, `${Object.keys(options)}`).rejects.toThrow()
      expect(whole).toEqual(floats(100))
    }
    await expect(softplus.async(x, { transfer: 1 } as never)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      message: 'transfer must be a boolean; got number 1',
    })
    await expect(softplus.async(x, { transfer: true, out: x } as never)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
      message: expect.stringMatching(/^out must be left out: with transfer/),
    })
  })

  test('an abort ends the work with its reason', async () => {
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const { signal } = controller
    const x = floats(64 * block)
    const before = x.slice()
    const promises = [softplus.async(x, { signal }), softplus.async(x, { signal, threads: 1 })]
    controller.abort(reason)
    for (const settled of await Promise.allSettled(promises))
      expect(settled).toEqual({ status: 'rejected', reason })
    expectSame(x, before, 'x')
  })

  test('an abort hands moved memory back', async () => {
    const whole = new Float32Array(100 * block).fill(1)
    const x = whole.subarray(5, 99 * block)
    const { byteOffset, length } = x
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const job = softplus.async(x, { transfer: true, signal: controller.signal, threads: 1 })
    expect(whole.length).toBe(0)
    controller.abort(reason)
    const error: TransferError = await job.then(
      () => expect.fail('was not aborted'),
      (thrown) => thrown,
    )
    expect(error).toBeInstanceOf(Error)
    expect([error.name, error.code, error.cause]).toEqual(['AbortError', 'ABORT_ERR', reason])
    const { array } = error
    expect([array.byteOffset, array.length]).toEqual([byteOffset, length])
    expect(array.buffer.byteLength).toBe(400 * block)
    // What lay beside x is as it was.
    expect(new Float32Array(array.buffer, 0, 5)).toEqual(new Float32Array(5).fill(1))
    const last = new Float32Array(array.buffer, 4 * 99 * block)
    expect(last.every((v) => v === 1)).toBe(true)
    // Whoever prints the error does not print the array.
    expect(Object.keys(error)).not.toContain('array')
  })

  test('an abort hands shared memory back, and what never moved', async () => {
    const x = new Float32Array(new SharedArrayBuffer(4 * 64 * block))
    const controller = new AbortController()
    const job = softplus.async(x, { transfer: true, signal: controller.signal })
    controller.abort()
    await expect(job).rejects.toMatchObject({ name: 'AbortError' })
    expect(await job.catch(({ array }) => array)).toBe(x)
    const y = floats(8)
    const refused = softplus.async(y, { transfer: true, signal: controller.signal })
    expect(await refused.catch(({ array }) => array)).toBe(y)
    expect(y).toEqual(floats(8))
  })

  test('an abort before the start leaves x as it is', async () => {
    const x = floats(100)
    const signal = AbortSignal.abort()
    await expect(softplus.async(x, { signal, out: x })).rejects.toBe(signal.reason)
    await expect(softplus.async(x, { signal })).rejects.toBe(signal.reason)
    expect(x).toEqual(floats(100))
  })

  test('an abort while out is written rejects', async () => {
    // Of a million elements a slice, the event loop turning in between.
    const out = new Float32Array(8 * 2 ** 20)
    const controller = new AbortController()
    const { signal } = controller
    const job = softplus.async(new Float32Array(out.length), { out, signal }).then(() => 'resolved')
    job.catch(() => {})
    while (out[0] === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(out.at(-1)).toBe(0)
    controller.abort()
    await expect(job).rejects.toBe(signal.reason)
    expect(out.at(-1)).toBe(0)
  })

  test("a subclass's own methods do not write out", async () => {
    class Weights extends Float32Array {
      set() {}
      subarray(): never {
        return expect.fail('subarray was called')
      }
    }
    const out = new Weights(100)
    expect(await softplus.async(floats(100), { out })).toBe(out)
    expectSame(out, softplus(floats(100)), 'out')
  })

  test('memory that grows during a job is not touched', async () => {
    const length = 3 * block
    const buffer = growable(4 * length, 8 * length)
    const x = new Float32Array(buffer)
    const want = softplus(x)
    const job = softplus.async(x, { transfer: true })
    buffer.grow(8 * length)
    expect((await job) === x).toBe(true)
    expect(x.length).toBe(2 * length)
    expectSame(x.subarray(0, length), want, 'as long as it was')
    expect(x.subarray(length).every((v) => v === 0)).toBe(true)
  })

  test('a length that changes its answer does not lead beyond x', async () => {
    class Liar extends Float32Array {
      asked = 0
      get length(): number {
        return this.asked++ === 0 ? 3 * block : 9 * block
      }
    }
    for (const Memory of [ArrayBuffer, SharedArrayBuffer as never as typeof ArrayBuffer]) {
      const x = new Liar(new Memory(4 * 10 * block), 0, 3 * block)
      const y = await softplus.async(x, { transfer: true })
      const all = new Float32Array(bufferOf.call(y))
      expect(all.subarray(0, 3 * block).every((v) => v === Math.fround(Math.LN2))).toBe(true)
      expect(all.subarray(3 * block).every((v) => v === 0)).toBe(true)
    }
    const copied = await softplus.async(new Liar(new ArrayBuffer(4 * 10 * block), 0, 3 * block))
    expect(copied.length).toBe(3 * block)
  })

  test('a signal that throws neither stops others nor leaves a promise unsettled', async () => {
    const thrown = new Error('from the signal')
    const fail = () => {
      throw thrown
    }
    const listeners = new Set<() => void>()
    const base = {
      aborted: false,
      reason: 'enough',
      addEventListener: (_: string, listener: () => void) => listeners.add(listener),
      removeEventListener: (_: string, listener: () => void) => listeners.delete(listener),
    }
    const signal = (own: object) => Object.defineProperties({}, descriptorsOf({ ...base }, own))
    const job = (own: object, transfer = false) => {
      const f = softplus.async as (x: Float32Array, options: object) => Promise<Float32Array>
      return f(floats(9), { signal: signal(own), transfer })
    }
    const want = softplus(floats(9))
    expectSame(await job({ removeEventListener: fail }), want, 'removeEventListener')
    await expect(job({ addEventListener: fail })).rejects.toBe(thrown)
    await expect(job({ addEventListener: fail }, true)).rejects.toBe(thrown)
    const whileReading = { get: fail }
    await expect(job({ aborted: whileReading })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    })
    await expect(job({ aborted: true, reason: whileReading })).rejects.toBe(thrown)
    // Aborted on the way, when its reason throws.
    listeners.clear()
    const aborted = [job({ reason: whileReading }), job({ reason: whileReading }, true)]
    for (const listener of listeners) listener()
    // Both at once, because either may end first.
    await Promise.all([
      expect(aborted[0]).rejects.toBe(thrown),
      expect(aborted[1]).rejects.toMatchObject({ name: 'AbortError', cause: thrown }),
    ])
    // The next of the queue go on.
    expectSame(await softplus.async(floats(9)), want, 'the next')
  })

  test('a signal of another realm', async () => {
    const make = runInNewContext(`() => {
      const listeners = new Set()
      return {
        aborted: false,
        addEventListener(type, listener) { if (type === 'abort') listeners.add(listener) },
        removeEventListener(type, listener) { listeners.delete(listener) },
        abort(reason) {
          this.aborted = true
          this.reason = reason
          for (const listener of listeners) listener({ type: 'abort' })
        },
        get count() { return listeners.size },
      }
    }`)
    const signal = make()
    expectSame(await softplus.async(floats(9), { signal }), softplus(floats(9)), 'not aborted')
    expect(signal.count).toBe(0)
    const job = softplus.async(floats(64 * block), { signal })
    signal.abort('no longer wanted')
    await expect(job).rejects.toBe('no longer wanted')
    await expect(softplus.async(floats(9), { signal })).rejects.toBe('no longer wanted')
  })

  test('1,000 jobs of one signal have one listener', async () => {
    const warnings: Error[] = []
    const warn = (warning: Error) => warnings.push(warning)
    process.on('warning', warn)
    const controller = new AbortController()
    const { signal } = controller
    const jobs = () => Array.from({ length: 1000 }, () => softplus.async(floats(9), { signal }))
    const added = vi.spyOn(signal, 'addEventListener')
    const removed = vi.spyOn(signal, 'removeEventListener')
    await Promise.all(jobs())
    expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([1, 1])
    const aborted = jobs()
    controller.abort()
    for (const { status } of await Promise.allSettled(aborted)) expect(status).toBe('rejected')
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', warn)
    expect(warnings).toEqual([])
  })

  test('a job that waits for its turn ends at once when it is aborted', async () => {
    const first = new AbortController()
    const second = new AbortController()
    const x = new Float32Array(new SharedArrayBuffer(4 * 256 * block))
    let areAllDone = false
    const jobs = Array.from({ length: 20 }, () =>
      softplus.async(x, { transfer: true, signal: first.signal }).catch(() => {}),
    )
    Promise.all(jobs).then(() => {
      areAllDone = true
    })
    const last = softplus.async(floats(9), { signal: second.signal })
    second.abort()
    await expect(last).rejects.toBe(second.signal.reason)
    expect(areAllDone).toBe(false)
    first.abort()
    await Promise.all(jobs)
  })

  // The fallback sees two buffers, and nothing in the language tells it that they are one.
  test.runIf(native.includes(name))(
    'out over x by another handle of its memory is refused',
    async () => {
      const buffer = new SharedArrayBuffer(64)
      const x = new Float32Array(buffer, 0, 8)
      const over = new Float32Array(structuredClone(buffer), 4, 8)
      await expect(softplus.async(x, { out: over })).rejects.toMatchObject({
        code: 'ERR_OUT_OF_RANGE',
        message: expect.stringMatching(/^out must be x itself.* begins 4 bytes/),
      })
      const same = new Float32Array(structuredClone(buffer), 0, 8)
      expect(await softplus.async(x, { out: same })).toBe(same)
      expect(x[7]).toBe(Math.fround(Math.LN2))
    },
  )

  test('an abort after the end changes nothing', async () => {
    const controller = new AbortController()
    const y = await softplus.async(floats(10), { signal: controller.signal })
    controller.abort()
    expect(y).toEqual(softplus(floats(10)))
  })

  test('an out that is gone by the end is an error', async () => {
    const out = new Float32Array(10)
    const promise = softplus.async(floats(10), { out })
    structuredClone(out.buffer, { transfer: [out.buffer] })
    await expect(promise).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' })
  })

  test('refuses as the call does, by a rejection', async () => {
    const x = floats(8)
    const refused = async (promise: Promise<unknown>, code: string, message: RegExp) => {
      await expect(promise).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      })
      expect(x).toEqual(floats(8))
    }
    const type = 'ERR_INVALID_ARG_TYPE'
    const range = 'ERR_OUT_OF_RANGE'
    await refused(softplus.async(x, 2 as never), type, /^options must be/)
    for (const transfer of [undefined, false, true]) {
      const f = (array: unknown, options: object = {}) =>
        softplus.async(array as Float32Array, { ...options, transfer } as object)
      await refused(f([1]), type, /^x must be a Float32Array/)
      await refused(f(x, { beta: 0 }), range, /^beta must be/)
      for (const threads of [0, -1, 1.5, Number.NaN, 1025])
        await refused(f(x, { threads }), range, /^threads must be an integer from 1/)
      await refused(f(x, { threads: '2' }), type, /^threads must be a number/)
      for (const signal of [{}, null, 1, new EventTarget(), { aborted: false }])
        await refused(f(x, { signal }), type, /^signal must be an AbortSignal/)
      await refused(
        f(x, { betta: 2 }),
        'ERR_INVALID_ARG_VALUE',
        /^options must have only beta, .*; got betta$/,
      )
    }
    await refused(softplus.async(x, { out: x.subarray(1) }), range, /^out must be as long as x/)
    const wide = new Float32Array(16)
    const [a, b] = [wide.subarray(0, 8), wide.subarray(3, 11)]
    await refused(softplus.async(a, { out: b }), range, /^out must be x itself/)
    await refused(
      relu.async(x, { beta: 2 } as never),
      'ERR_INVALID_ARG_VALUE',
      /^beta must be left/,
    )
  })

  test('1,000 jobs at once, of any lengths', async () => {
    const arrays = fc.sample(fc.nat({ max: 3000 }), 1000).map((length, i) => floats(length, i))
    const results = await Promise.all(
      arrays.map((x, i) =>
        i % 2 ? softplus.async(x) : softplus.async(x.slice(), { transfer: true }),
      ),
    )
    for (const [i, y] of results.entries()) expectSame(y, softplus(arrays[i]), `job ${i}`)
  })

  test('the event loop turns while a job runs', async () => {
    let turns = 0
    const turn = () => {
      turns++
      immediate = setImmediate(turn)
    }
    let immediate = setImmediate(turn)
    await softplus.async(new Float32Array(100 * block).fill(1), { transfer: true })
    clearImmediate(immediate)
    expect(turns).toBeGreaterThan(0)
  })
})

describe.each(names)('a process with jobs under way, %s', (name) => {
  const environment = { ...process.env, SOFTPLUS_BACKEND: name }
  const runScript = (source: string) =>
    execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', source], {
      cwd: root,
      encoding: 'utf8',
      env: environment,
    })
  const load = `import { softplus } from './dist/index.js'
    const jobs = () => Array.from({ length: 20 }, () => softplus.async(new Float32Array(1 << 20), { transfer: true }))`

  test('may exit', () => {
    expect(
      runScript(`${load}; jobs(); setTimeout(() => { console.log('bye'); process.exit() }, 2)`),
    ).toBe('bye\n')
  })

  test('may collect garbage', () => {
    const source = `${load}
      let done = 0
      for (const job of jobs()) job.then((y) => { done += y[7] > 0.69 })
      gc()
      const timer = setInterval(gc, 50)
      while (done < 20) await new Promise(setImmediate)
      clearInterval(timer)
      console.log(done)`
    expect(runScript(source)).toBe('20\n')
  })

  test('may end a Worker', async () => {
    const source = `
      const { parentPort } = require('node:worker_threads')
      const { softplus } = require(${JSON.stringify(join(root, 'dist', 'index.cjs'))})
      for (let i = 0; i < 20; i++) softplus.async(new Float32Array(1 << 20), { transfer: true })
      parentPort.postMessage('started')`
    for (let i = 0; i < 5; i++) {
      const worker = new Worker(source, { eval: true, env: environment })
      await new Promise((resolve) => worker.once('message', resolve))
      expect(await worker.terminate()).toBe(1)
    }
  })

  // Jobs of 20 seconds or more, as long as one of them was, of which nobody waits for a second.
  const startMany = `
    const { softplus } = require(${JSON.stringify(join(root, 'dist', 'index.cjs'))})
    const x = new Float32Array(new SharedArrayBuffer(1 << 24))
    const job = () => softplus.inverse.async(x, { beta: 2, transfer: true })
    const startMany = async () => {
      await job()
      const started = performance.now()
      await job()
      for (let spent = performance.now() - started, i = 0; i < 20_000 / spent; i++) job()
      await new Promise((resolve) => setTimeout(resolve, 100))
    }`
  const atOnce = 5000

  test('may end a Worker in the middle of long jobs', async () => {
    const source = `${startMany}
      startMany().then(() => require('node:worker_threads').parentPort.postMessage('started'))`
    const worker = new Worker(source, { eval: true, env: environment })
    await new Promise((resolve) => worker.once('message', resolve))
    const started = performance.now()
    expect(await worker.terminate()).toBe(1)
    expect(performance.now() - started).toBeLessThan(atOnce)
  })

  test.each([
    ['process.exit()', 'process.exit()', ''],
    ['an exception', "throw new Error('uncaught')", 'uncaught'],
  ])('may end by %s in the middle of long jobs', (_, end, said) => {
    const source = `${startMany}
      startMany().then(() => setImmediate(() => {
        require('node:fs').writeSync(1, String(Date.now()))
        ${end}
      }))`
    const { stdout, stderr, signal } = spawnSync(process.execPath, ['-e', source], {
      encoding: 'utf8',
      env: environment,
    })
    expect(Date.now() - Number(stdout)).toBeLessThan(atOnce)
    expect(signal, stderr).toBe(null)
    expect(stderr).toContain(said)
  })
})

describe.runIf(process.platform === 'linux' && process.arch !== 'riscv64')('on Linux', () => {
  test('the addon asks the scheduler for nothing', () => {
    const symbols = readFileSync(loadAddon().path, 'latin1').match(/sched_[a-z]+affinity/g)
    expect(symbols).toBe(null)
  })

  const hasTaskset = spawnSync('taskset', ['-p', `${process.pid}`]).status === 0
  test.runIf(hasTaskset)('jobs leave the affinity of every thread as others set it', () => {
    const source = `
      import { execFileSync } from 'node:child_process'
      import { readdirSync, readFileSync } from 'node:fs'
      import { softplus } from './dist/index.js'
      const x = new Float32Array(new SharedArrayBuffer(1 << 23))
      const jobs = () => Promise.all(Array.from({ length: 20 }, () => softplus.async(x, { transfer: true, threads: 4 })))
      const first = /Cpus_allowed_list:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]
      for (let i = 0; i < 20; i++) {
        const running = jobs()
        if (i === 10) execFileSync('taskset', ['-a', '-p', '-c', first, String(process.pid)])
        await running
      }
      const allowed = readdirSync('/proc/self/task').map((id) =>
        /Cpus_allowed_list:\\s*(.*)/.exec(readFileSync('/proc/self/task/' + id + '/status', 'utf8'))[1])
      console.log(allowed.every((list) => list === first) ? 'same' : allowed.join(' '))`
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', source], {
      cwd: root,
      encoding: 'utf8',
    })
    expect(printed).toBe('same\n')
  })
})
