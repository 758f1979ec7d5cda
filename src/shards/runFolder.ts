// The folder of a run: the plan, the part file that grows into the output, and a folder with a mark for each shard that is done.
//
// It works on network file systems, too. It relies on two things only: that one of several renames to the same name wins, and
// that a machine that has changed a folder sees in it what others changed before. So where an outdated answer would do harm,
// a process changes the folder before it looks into it.

import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat, unlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { codeOf } from '../files/errors'
import { createFile, createZeros, isMissing, syncFolder, unlessMissing } from './durable'
import type { Places } from './places'
import type { ShardPlan } from './types'

/**
 * A run: from the first shard that starts until the output has its name. Every file of it has the run's id in its name. A
 * process that was stopped for long, while somebody removed its run and began another, can then do no harm to that one.
 */
export interface Run {
  id: string
  plan: ShardPlan
  /** The part file. */
  part: string
}

const newId = () => randomBytes(8).toString('hex')
const isId = /^[0-9a-f]{16}$/
const planName = /^plan-([0-9a-f]{16})\.json$/
const marksName = /^done-[0-9a-f]{16}$/
const restName = /^(part|done)-[0-9a-f]{16}(-|$)/

/** The run that is under way, or was left behind; undefined if there is none. */
export async function readRun(places: Places): Promise<Run | undefined> {
  const names = await namesIn(places.runFolder)
  const [id] = names.flatMap((name) => planName.exec(name)?.[1] ?? [])
  if (id === undefined) return undefined
  const text = await unlessMissing(() => readFile(planPath(places, id), 'utf8'))
  // Another process is just removing the folder.
  if (text === undefined) return undefined
  return { id, plan: JSON.parse(text), part: `${places.runFolder}/part-${id}` }
}

/** The shards that are marked as done, from 0. */
export const doneIn = async (places: Places, run: Run) =>
  new Set((await namesIn(marksPath(places, run))).map(Number))

// What rename() says when the folder is there already, by system; ENOENT: the new folder was swept.
const lostRaces = [
  'EEXIST',
  'ENOTEMPTY',
  'ENOENT',
  ...(process.platform === 'win32' ? ['EPERM', 'EACCES', 'EBUSY'] : []),
]

/** Begins a run, unless another process does so first. */
export async function createRun(places: Places, plan: ShardPlan): Promise<void> {
  const id = newId()
  // The folder gets its name when it is complete. A folder that is not empty is not replaced.
  const preparing = preparedPath(places, id)
  await mkdir(preparing, { mode: 0o700 })
  try {
    await createFile(`${preparing}/plan-${id}.json`, `${JSON.stringify(withoutPaths(plan))}\n`)
    await mkdir(`${preparing}/done-${id}`, { mode: 0o700 })
    await createZeros(`${preparing}/part-${id}`, plan.size)
    await syncFolder(preparing)
    await rename(preparing, places.runFolder)
  } catch (error) {
    await rm(preparing, { recursive: true, force: true })
    if (!lostRaces.includes(codeOf(error))) throw error
    // No system replaces a folder with files in it, and Windows none at all: the folder of a finished run may be in the way.
    await removeLeftovers(places)
    return
  }
  await syncFolder(places.folder)
}

const withoutPaths = (plan: ShardPlan) => ({ ...plan, input: undefined, output: undefined })

/** A new name beside the output, for what gets its own name when it is complete. */
export const preparedPath = (places: Places, id = newId()) => `${places.runFolder}-${id}`

/** Removes what killed processes had prepared. A process that still needs what is removed prepares it again. */
async function sweepPrepared(places: Places): Promise<void> {
  const prefix = `${basename(places.runFolder)}-`
  for (const name of await namesIn(places.folder))
    if (name.startsWith(prefix) && isId.test(name.slice(prefix.length)))
      await rm(`${places.folder}/${name}`, { recursive: true, force: true })
}

/** Whether the shard need not be computed any more: it is marked, or the run is over. */
export async function isOver(places: Places, run: Run, index: number): Promise<boolean> {
  return (await isMarked(places, run, index)) || !(await exists(run.part))
}

export const isMarked = (places: Places, run: Run, index: number) =>
  exists(markPath(places, run, index))

/** Marks a shard as done, also if it is marked already. Returns false if the run is over, and nothing is to be marked. */
export async function mark(places: Places, run: Run, index: number): Promise<boolean> {
  // A mark is made in the folder of the run and moved from there, which changes both folders.
  const unique = `${marksPath(places, run)}-${newId()}`
  const isMade = await unlessMissing(async () => {
    // Empty: to sync the folder is all it needs.
    await (await open(unique, 'wx', 0o600)).close()
    await rename(unique, markPath(places, run, index))
    await syncFolder(marksPath(places, run))
    return true
  })
  // The folder may be that of another run by now.
  return isMade === true && exists(run.part)
}

/**
 * Removes what is left of a run when the output is complete, and nothing of another run. What cannot be removed stays: the
 * result does not depend on it.
 */
export async function tidy(places: Places, run: Run | undefined): Promise<void> {
  try {
    if (run) await removeFiles(places, run)
    // A shard that runs twice may add a mark meanwhile.
    while (!(await removeLeftovers(places)));
    await sweepPrepared(places)
  } catch {
    // The folder may have become read-only.
  }
}

async function removeFiles(places: Places, { id }: Run): Promise<void> {
  for (const name of await namesIn(places.runFolder))
    if (name.includes(id)) await removeFrom(places, name)
}

async function removeFrom({ runFolder }: Places, name: string): Promise<void> {
  const path = `${runFolder}/${name}`
  if (!marksName.test(name)) {
    await removeIfThere(path)
    return
  }
  for (const mark of await namesIn(path)) await removeIfThere(`${path}/${mark}`)
  await removeFolder(path)
}

/** Removes a folder without a plan, with all that can be in it. Returns false if something has been added to it meanwhile. */
async function removeLeftovers(places: Places): Promise<boolean> {
  const names = await namesIn(places.runFolder)
  if (names.some((name) => planName.test(name))) return true
  const rest = names.filter((name) => restName.test(name))
  for (const name of rest) await removeFrom(places, name)
  return (await removeFolder(places.runFolder)) || rest.length === 0
}

const exists = async (path: string) => (await unlessMissing(() => stat(path))) !== undefined

const planPath = (places: Places, id: string) => `${places.runFolder}/plan-${id}.json`

// One folder for all marks: a shard looks for its own, and need not list those of the others.
const marksPath = (places: Places, { id }: Run) => `${places.runFolder}/done-${id}`

const markPath = (places: Places, run: Run, index: number) => `${marksPath(places, run)}/${index}`

const namesIn = async (folder: string) => (await unlessMissing(() => readdir(folder))) ?? []

const removeIfThere = (path: string) => unlessMissing(() => unlink(path))

/** Removes the folder if it is empty. Returns whether it is gone. */
async function removeFolder(path: string): Promise<boolean> {
  try {
    await rmdir(path)
    return true
  } catch (error) {
    // Solaris says EEXIST.
    if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) return false
    if (isMissing(error)) return true
    throw error
  }
}
