// Shards of files, which all workers find under the same paths: a disk of this machine, or NFS.
import { stat } from 'node:fs/promises'
import { finish, planShards, runShard, status } from 'softplus/shards'

const MiB = 2 ** 20
// Redis adds a flow at one go, and does nothing else meanwhile. Larger files get larger shards.
const mostShards = 10_000

export async function plan(input, output, { shardBytes = 64 * MiB, ...options }) {
  const { size } = await stat(input)
  const shards = Math.min(Math.max(1, Math.ceil(size / shardBytes)), mostShards)
  return planShards(input, output, { ...options, shards })
}

export const isComplete = async (plan) => (await status(plan)).isComplete

/** What all shards share besides the plan: nothing. */
export const begin = async () => ({})

export const shard = ({ plan, index }, signal) => runShard(plan, index, { signal })

export const complete = ({ plan }) => finish(plan)

/** Keeps the shards that are done: the same flow, added again, goes on from there. */
export const giveUp = async () => {}
