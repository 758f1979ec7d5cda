// Several runs of shards in one process, whose steps in the file system come in an order that the test chooses. One that is killed
// takes no further step, as after kill -9.

import { AsyncLocalStorage } from 'node:async_hooks'
import type { FileHandle } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'

type Files = typeof import('node:fs/promises')

interface Actor {
  isDead: boolean
  isOver: boolean
  /** Steps that are under way. */
  busy: number
  /** Steps that wait to be chosen. */
  waiting: (() => void)[]
  result: Promise<unknown>
}

const current = new AsyncLocalStorage<Actor>()
const handles = new Set<FileHandle>()

/** Takes the place of node:fs/promises: steps of actors wait until they are chosen. */
export function gated(real: Files): Files {
  const step =
    (act: (...args: never[]) => Promise<unknown>) =>
    async (...args: never[]) => {
      const actor = current.getStore()
      if (actor === undefined) return act(...args)
      await new Promise<void>((go) => actor.waiting.push(go))
      actor.busy++
      try {
        return await act(...args)
      } finally {
        actor.busy--
      }
    }
  const open = async (...args: Parameters<Files['open']>) => {
    const handle = await real.open(...args)
    handles.add(handle)
    for (const name of ['read', 'write', 'writeFile', 'truncate', 'stat', 'sync', 'datasync']) {
      // A disk takes milliseconds to be sure of what it has, and nothing here depends on it.
      const act = /sync/.test(name) ? async () => {} : Reflect.get(handle, name).bind(handle)
      Object.assign(handle, { [name]: step(act) })
    }
    const close = handle.close.bind(handle)
    handle.close = () => {
      handles.delete(handle)
      return close()
    }
    return handle
  }
  const names = ['chmod', 'mkdir', 'readdir', 'readFile', 'rename', 'rm', 'rmdir', 'stat', 'unlink']
  const gates = names.map((name) => [name, step(Reflect.get(real, name))])
  return { ...real, ...Object.fromEntries(gates), open: step(open as never) } as Files
}

export function actor(act: () => Promise<unknown>): Actor {
  const made: Actor = {
    isDead: false,
    isOver: false,
    busy: 0,
    waiting: [],
    result: undefined as never,
  }
  made.result = current.run(made, act).finally(() => {
    made.isOver = true
  })
  made.result.catch(() => {})
  return made
}

export const kill = (actor: Actor): void => {
  actor.isDead = true
}

/** Waits until all steps under way are over, and the next ones wait. */
async function settled(actors: Actor[]): Promise<void> {
  const isQuiet = (a: Actor) => a.isDead || a.isOver || (a.busy === 0 && a.waiting.length > 0)
  for (let quiet = 0; quiet < 2; ) {
    await setImmediate()
    if (actors.every(isQuiet)) quiet++
    else quiet = 0
  }
}

interface Course {
  /** Picks who takes the next step. Default: the first. */
  choose?(among: number): number
  afterStep?(steps: number): void
  /** How many steps there may be; the others still wait then. */
  most?: number
}

/** Lets the actors go step by step until all are over or dead. */
export async function drive(
  actors: Actor[],
  { choose = () => 0, afterStep, most = Infinity }: Course = {},
): Promise<void> {
  for (let steps = 1; steps <= most; steps++) {
    await settled(actors)
    const waiting = actors.filter((a) => !a.isDead && !a.isOver)
    if (waiting.length === 0) return
    const chosen = waiting[choose(waiting.length)]
    chosen.waiting.shift()?.()
    await settled([chosen])
    afterStep?.(steps)
  }
}

/** Closes the files of those that were killed. */
export async function closeAll(): Promise<void> {
  for (const handle of [...handles]) await handle.close().catch(() => {})
}
