// node cancel.mjs FLOW: ends a flow by the id that producer.mjs printed. Exit codes: 0 cancelled; 1 there is no such flow any more; 2 wrong
// arguments.
import { cancelFlow } from './flow.mjs'
import { connect } from './settings.mjs'

const [id, ...others] = process.argv.slice(2)
if (!id || others.length > 0) {
  console.error('FLOW must be given, as producer.mjs printed it\nUsage: node cancel.mjs FLOW')
  process.exit(2)
}
const redis = connect()
const isCancelled = await cancelFlow(redis, id)
redis.disconnect()
console.error(isCancelled ? 'cancelled' : 'there is no such flow at work')
process.exitCode = isCancelled ? 0 : 1
