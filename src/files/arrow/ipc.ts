// What the command and softplus/shards need to read Arrow IPC. It is bundled apart, and loaded only for inputs in that format.

export { ArrowFile, checkIsFile } from './file'
export { readArrow } from './layout'
