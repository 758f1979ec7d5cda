// softplus/shards: one file's work, or one object's, divided among processes and machines.

export { activateRange } from './shards/activate'
export { ShardsError } from './shards/errors'
export { finish, status } from './shards/finish'
export { planObject, shardRange } from './shards/plan'
export { planShards } from './shards/planShards'
export { runShard } from './shards/runShard'
export type * from './shards/types'
