// What the arguments ask for, done.

import { apply } from './apply'
import { helpTexts } from './help'
import { infoText } from './info'
import { parseRequest } from './options'
import { writeToStdout } from './stdout'
import { version } from './version'

/** Does what the command line asks for; throws what kept it from being done. */
export async function dispatch(args: string[]): Promise<void> {
  const request = parseRequest(args)
  switch (request.command) {
    case 'apply':
      return apply(request)
    case 'help':
      return writeToStdout(helpTexts[request.topic])
    case 'info':
      return writeToStdout(infoText(request.json))
    case 'version':
      return writeToStdout(`${version}\n`)
  }
}
