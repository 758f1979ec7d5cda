// node cancel.mjs FLOW: ends a flow by the id that producer.mjs printed. Exit codes: 0 cancelled, 1 there is no such flow any more.
import { cancelFlow } from './flow.mjs'
import { connect } from './settings.mjs'

const redis = connect()
const isCancelled = await cancelFlow(redis, `${process.argv[2]}`)
redis.disconnect()
console.error(isCancelled ? 'cancelled' : 'there is no such flow at work')
process.exitCode = isCancelled ? 0 : 1
