import { compareMany } from './tools/check/many'

console.log(await compareMany())
