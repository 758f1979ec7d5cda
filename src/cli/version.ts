// The package's version, taken from package.json when the command is built.

import { version } from '../../package.json'

export { version }
