// The command line: from arguments to what is asked for.

import { type ParseArgsConfig, parseArgs } from 'node:util'
import { UsageError } from './errors'
import { type FunctionName, functionNames, functions, isFunctionName } from './functions'

export interface ApplyRequest {
  command: 'apply'
  inputs: string[]
  /** A file, - for stdout, or a folder where it ends in a slash. Empty with inPlace. */
  output: string
  inPlace: boolean
  quiet: boolean
  threads?: number
  function: FunctionName
  beta?: number
  threshold?: number
}

export type Request =
  | ApplyRequest
  | { command: 'help'; topic: 'softplus' | 'apply' }
  | { command: 'info'; json: boolean }
  | { command: 'version' }

const help = { type: 'boolean', short: 'h' } as const

/** Reads the arguments after the command's own name; throws a UsageError if they make no request. */
export function parseRequest(args: string[]): Request {
  const [command, ...rest] = args
  switch (command) {
    case 'apply':
      return applyRequest(rest)
    case 'info':
      return infoRequest(rest)
    default:
      return topRequest(args)
  }
}

function topRequest(args: string[]): Request {
  const { values, positionals } = parsed({
    args,
    allowPositionals: true,
    options: { help, version: { type: 'boolean' } },
  })
  if (values.help) return { command: 'help', topic: 'softplus' }
  if (values.version) return { command: 'version' }
  const [unknown] = positionals
  const came = unknown === undefined ? 'nothing' : `'${unknown}'`
  throw new UsageError(`expected a command, apply or info, got ${came}`)
}

function infoRequest(args: string[]): Request {
  const { values } = parsed({ args, options: { help, json: { type: 'boolean' } } })
  if (values.help) return { command: 'help', topic: 'softplus' }
  return { command: 'info', json: values.json ?? false }
}

function applyRequest(args: string[]): Request {
  const { values, positionals } = parsed({
    args,
    allowPositionals: true,
    options: {
      help,
      output: { type: 'string', short: 'o' },
      function: { type: 'string', short: 'f' },
      beta: { type: 'string' },
      threshold: { type: 'string' },
      'in-place': { type: 'boolean', default: false },
      threads: { type: 'string' },
      quiet: { type: 'boolean', short: 'q', default: false },
    },
  })
  if (values.help) return { command: 'help', topic: 'apply' }
  const inPlace = values['in-place']
  const name = functionNamed(values.function ?? 'softplus')
  return {
    command: 'apply',
    ...places(positionals, values.output, inPlace),
    inPlace,
    quiet: values.quiet,
    ...threadsOption(values.threads),
    function: name,
    ...numberOption('beta', values.beta, name),
    ...numberOption('threshold', values.threshold, name),
  }
}

function parsed<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function places(
  inputs: string[],
  output: string | undefined,
  inPlace: boolean,
): { inputs: string[]; output: string } {
  if (inputs.length === 0 || inputs.includes(''))
    throw new UsageError('expected INPUT, a .npy or .f32 file or - for stdin, got none')
  for (const name of [...inputs, output ?? '']) refuseOtherEncodings(name)
  if (inPlace) {
    if (output !== undefined)
      throw new UsageError(`expected --in-place or -o OUTPUT, got both, -o ${output}`)
    refuseStandardInput(inputs, '--in-place')
    return { inputs, output: '' }
  }
  if (!output)
    throw new UsageError(
      'expected -o OUTPUT, a file, DIR/ or - for stdout, or --in-place, got none',
    )
  if (isFolder(output)) refuseStandardInput(inputs, `-o ${output}`)
  else if (inputs.length > 1)
    throw new UsageError(
      `expected -o DIR/, ending in a slash, for ${inputs.length} INPUTs, got -o ${output}`,
    )
  return { inputs, output }
}

// Node decodes arguments as UTF-8, and puts U+FFFD for each byte that is none: another file may have that name.
function refuseOtherEncodings(name: string): void {
  if (name.includes('\ufffd'))
    throw new UsageError(
      `INPUT and OUTPUT must be names in UTF-8, without U+FFFD; got ${name}; rename it, or use - and a shell's < and >`,
    )
}

function refuseStandardInput(inputs: string[], where: string): void {
  if (inputs.includes('-')) throw new UsageError(`expected files as INPUT for ${where}, got -`)
}

/** Whether results go into this by their inputs' names. */
export const isFolder = (output: string): boolean =>
  output.endsWith('/') || (process.platform === 'win32' && output.endsWith('\\'))

function threadsOption(text: string | undefined): { threads?: number } {
  if (text === undefined) return {}
  const threads = Number(text)
  if (/^\d+$/.test(text) && threads >= 1 && threads <= 1024) return { threads }
  throw new UsageError(`expected an integer from 1 to 1024 for --threads, got '${text}'`)
}

function functionNamed(name: string): FunctionName {
  if (isFunctionName(name)) return name
  throw new UsageError(`expected --function ${functionNames.join(', ')}, got '${name}'`)
}

function numberOption(
  option: 'beta' | 'threshold',
  text: string | undefined,
  name: FunctionName,
): { beta?: number; threshold?: number } {
  if (text === undefined) return {}
  if (!functions[name].takesOptions) {
    const taking = functionNames.filter((other) => functions[other].takesOptions)
    throw new UsageError(
      `--${option} goes with ${taking.slice(0, -1).join(', ')} and ${taking.at(-1)}, got it with ${name}`,
    )
  }
  return { [option]: numberOf(option, text) }
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const infinite = /^[+-]?inf(inity)?$/i

function numberOf(option: string, text: string): number {
  if (decimal.test(text)) return Number(text)
  if (infinite.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  throw new UsageError(`expected a number for --${option}, got '${text}'`)
}
