// Shards of one output at the same time, in any order of their steps, with kill -9 between any two: whatever happens, the output
// is never there incomplete, and running all shards again completes it.

import { existsSync, rmSync, statSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { softplus } from '../src/index'
import { finish, status } from '../src/shards/finish'
import { planShards } from '../src/shards/planShards'
import { runShard } from '../src/shards/runShard'
import type { FileShardPlan } from '../src/shards/types'
import { at, names, read, useFolder, write } from './command'
import { floatBytes } from './npy-writer'
import { actor, closeAll, drive, kill } from './shards-gates'

vi.mock('node:fs/promises', async (original) => {
  const { gated } = await import('./shards-gates')
  return gated(await original())
})

useFolder()
afterEach(closeAll)

const x = Float32Array.from({ length: 16 }, (_, i) => i - 8)
const xBytes = floatBytes(x)
const results = { 1: floatBytes(softplus(x)), 2: floatBytes(softplus(x, { beta: 2 })) }
const old = Buffer.from('the output of an earlier run')

const complete = ['.y.f32.shards.json', 'x.f32', 'y.f32']

beforeEach(() => {
  write('x.f32', xBytes)
})

/** Ranges of whole blocks of 16 bytes, of which the input has four. */
const plan = (shards: number, beta: 1 | 2 = 1): Promise<FileShardPlan> =>
  planShards(at('x.f32'), at('y.f32'), { shards, beta, alignment: 16 })

/** As the command does it. */
async function run(of: FileShardPlan, index: number): Promise<void> {
  await runShard(of, index)
  const { isComplete, missing } = await status(of)
  if (!isComplete && missing.length === 0) await finish(of)
}

async function runAll(of: FileShardPlan): Promise<void> {
  for (let index = 0; index < of.shards; index++) await run(of, index)
}

function empty(): void {
  for (const name of names()) if (name !== 'x.f32') rmSync(at(name), { recursive: true })
}

function expectComplete(beta: 1 | 2 = 1): void {
  expect(read('y.f32')).toEqual(results[beta])
  expect(names()).toEqual(complete)
}

const outputIs = (...allowed: (Buffer | undefined)[]): void => {
  const found = existsSync(at('y.f32')) ? read('y.f32') : undefined
  expect(allowed.some((one) => (one && found ? one.equals(found) : one === found))).toBe(true)
}

describe('in any order', () => {
  const orders = fc.record({
    shards: fc.integer({ min: 1, max: 6 }),
    twice: fc.array(fc.nat(5), { maxLength: 3 }),
    hasOld: fc.boolean(),
    choices: fc.infiniteStream(fc.nat(1e6)),
    kills: fc.array(fc.record({ actor: fc.nat(8), step: fc.nat(150) }), { maxLength: 4 }),
  })

  test('without a kill, whoever is last finishes; with kills, the next run of all shards', async () => {
    await fc.assert(
      fc.asyncProperty(orders, async ({ shards, twice, hasOld, choices, kills }) => {
        empty()
        if (hasOld) write('y.f32', old)
        const before = hasOld ? old : undefined
        const of = await plan(shards)
        const indexes = [...Array(shards).keys(), ...twice.map((index) => index % shards)]
        const actors = indexes.map((index) => actor(() => run(of, index)))
        await drive(actors, {
          choose: (among) => choices.next().value % among,
          afterStep(steps) {
            outputIs(before, results[1])
            for (const { actor: i, step } of kills)
              if (step === steps) kill(actors[i % actors.length])
          },
        })
        const alive = actors.filter(({ isDead }) => !isDead)
        for (const { result } of alive) await result
        if (alive.length === actors.length) expectComplete()
        await runAll(of)
        expectComplete()
      }),
      { numRuns: 40 },
    )
  })
})

describe('kill -9 after each step', () => {
  test.each([
    ['the only shard', 1],
    ['the last of two shards', 2],
  ])('of %s; then it is run again', async (_, shards) => {
    for (let last = 0, isOver = false; !isOver; last++) {
      empty()
      const of = await plan(shards)
      for (let index = 1; index < shards; index++) await run(of, index)
      const one = actor(() => run(of, 0))
      await drive([one], { most: last, afterStep: () => outputIs(undefined, results[1]) })
      kill(one)
      isOver = one.isOver
      await runAll(of)
      expectComplete()
    }
  })
})

/** Lets a process stop after each number of steps, until it comes to its end without. */
async function stoppedAnywhere(
  shards: number,
  meanwhile: (one: ReturnType<typeof actor>) => Promise<void>,
): Promise<void> {
  for (let steps = 0, isOver = false; !isOver; steps++) {
    empty()
    const of = await plan(shards)
    const one = actor(() => runShard(of, 0))
    await drive([one], { most: steps })
    isOver = one.isOver
    await meanwhile(one)
  }
}

function refused(error: { code: string }): null {
  expect(error.code).toBe('ERR_SOFTPLUS_SHARDS')
  return null
}

describe('a process that stops for long, after each step', () => {
  test('while another does the same shard: it does not damage the output', async () => {
    await stoppedAnywhere(2, async (one) => {
      await runAll(await plan(2))
      // The clock of a file system ticks every few milliseconds.
      await setTimeout(10)
      await drive([one], { afterStep: () => outputIs(results[1]) })
      await one.result
      expectComplete()
      const { ino, mtimeNs } = statSync(at('y.f32'), { bigint: true })
      await runAll(await plan(2))
      expect(statSync(at('y.f32'), { bigint: true })).toMatchObject({ ino, mtimeNs })
      expectComplete()
    })
  })

  test('and is killed soon after the output was complete: all shards run again complete it', async () => {
    const more = [1, 2, 3, 5, 8]
    let turn = 0
    await stoppedAnywhere(2, async (one) => {
      await runAll(await plan(2))
      await setTimeout(10)
      await drive([one], { most: more[turn++ % more.length] })
      kill(one)
      expect(read('y.f32')).toEqual(results[1])
      await runAll(await plan(2))
      expectComplete()
    })
  })

  test('while the run is removed and begun again: nothing is taken for done that is not', async () => {
    await stoppedAnywhere(3, async (one) => {
      const wasOver = one.isOver
      rmSync(at('.y.f32.shards'), { recursive: true, force: true })
      await run(await plan(3), 1)
      await drive([one], { afterStep: () => outputIs(undefined) })
      const isDone = await one.result.then(
        () => true,
        (error) => refused(error) !== null,
      )
      if (isDone && !wasOver) expect((await status(await plan(3))).missing).toEqual([2])
      await runAll(await plan(3))
      expectComplete()
    })
  })

  test('while the run is removed and another with other options ends', async () => {
    await stoppedAnywhere(2, async (one) => {
      rmSync(at('.y.f32.shards'), { recursive: true, force: true })
      await runAll(await plan(2, 2))
      await drive([one], { afterStep: () => outputIs(results[2]) })
      await one.result.catch(refused)
      expect(await status(await plan(2, 2))).toMatchObject({ isComplete: true })
    })
  })
})

test('two plans at once: each shard is done or refused, and the output is never a mixture', async () => {
  const orders = fc.record({
    betas: fc.array(fc.constantFrom(1 as const, 2 as const), { minLength: 2, maxLength: 5 }),
    choices: fc.infiniteStream(fc.nat(1e6)),
  })
  await fc.assert(
    fc.asyncProperty(orders, async ({ betas, choices }) => {
      empty()
      const plans = { 1: await plan(2, 1), 2: await plan(2, 2) }
      const actors = betas.flatMap((beta) => [0, 1].map((i) => actor(() => run(plans[beta], i))))
      await drive(actors, {
        choose: (among) => choices.next().value % among,
        afterStep: () => outputIs(undefined, results[1], results[2]),
      })
      for (const { result } of actors)
        await result.catch((error) => {
          refused(error)
          expect(error.message).toMatch(/all shards must have the same beta; got [12], but [12] in/)
        })
    }),
    { numRuns: 12 },
  )
})
