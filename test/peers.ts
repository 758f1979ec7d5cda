// Libraries that users bring, of whichever version: SOFTPLUS_TEST_PEERS names a folder whose node_modules/ has another.
import { createRequire } from 'node:module'
import { join } from 'node:path'

const folder = process.env.SOFTPLUS_TEST_PEERS ?? join(import.meta.dirname, '..')
const require = createRequire(join(folder, 'package.json'))

/** Loads the package that is tested with. */
export const peer = <Module>(name: string): Module => require(name) as Module

/** Where the package's CommonJS begins. */
export const peerPath = (name: string): string => require.resolve(name)
