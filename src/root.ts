// The folder of this package.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** This file, or the one in dist/ it is bundled into. CommonJS has no import.meta.url. */
export const thisFile = (): string =>
  import.meta.url ? fileURLToPath(import.meta.url) : module.filename

/** src/ and dist/ are both one folder below it. */
export const packageRoot = (): string => join(dirname(thisFile()), '..')
