// What the arguments ask for, done.

import { helpTexts } from './help'
import { parseRequest } from './options'
import { writeToStdout } from './stdout'
import { version } from './version'

/** Does what the command line asks for; throws what kept it from being done. */
export async function dispatch(args: string[]): Promise<void> {
  const request = parseRequest(args)
  // Loading the package fails when SOFTPLUS_BACKEND names what cannot run. Help and version do without it.
  switch (request.command) {
    case 'apply':
      return (await import('./apply')).apply(request)
    case 'help':
      return writeToStdout(helpTexts[request.topic])
    case 'info':
      return writeToStdout((await import('./info')).infoText(request.json))
    case 'version':
      return writeToStdout(`${version}\n`)
  }
}
