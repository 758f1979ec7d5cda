// Reads the arguments.

import { type ParseArgsConfig, parseArgs } from 'node:util'
import { mostThreads } from '../api/options'
import { UsageError } from './errors'
import { functions } from './functions'
import { isFolder, isUtf8 } from './io/paths'

export interface ApplyRequest {
  command: 'apply'
  inputs: string[]
  /** A file, a folder if it ends in a slash, or - for stdout. Empty with inPlace. */
  output: string
  inPlace: boolean
  quiet: boolean
  /** The columns whose values are activated, where the inputs have columns. */
  columns: string[]
  threads?: number
  /** A key of functions. */
  function: string
  beta?: number
  threshold?: number
}

export type Request =
  | ApplyRequest
  | { command: 'help'; topic: 'softplus' | 'apply' }
  | { command: 'info'; json: boolean }
  | { command: 'version' }

const help = { type: 'boolean', short: 'h' } as const

/** Reads the arguments; throws a UsageError if they make no request. */
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
  const got = unknown === undefined ? 'none' : `'${unknown}'`
  throw new UsageError(`the command must be apply or info; got ${got}`)
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
      column: { type: 'string', multiple: true, default: [] },
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
  const name = readFunction(values.function ?? 'softplus')
  return {
    command: 'apply',
    ...readPlaces(positionals, values.output, inPlace),
    inPlace,
    quiet: values.quiet,
    columns: values.column,
    ...readThreads(values.threads),
    function: name,
    ...readScaling('beta', values.beta, name),
    ...readScaling('threshold', values.threshold, name),
  }
}

function parsed<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function readPlaces(
  inputs: string[],
  output: string | undefined,
  inPlace: boolean,
): { inputs: string[]; output: string } {
  if (inputs.length === 0 || inputs.includes(''))
    throw new UsageError('INPUT must be a .npy, .arrow or .f32 file, or - for stdin; got none')
  for (const name of [...inputs, output ?? '']) checkIsUtf8(name)
  if (inPlace) {
    if (output !== undefined)
      throw new UsageError(`-o must be left out with --in-place; got -o ${output}`)
    checkNoStdin(inputs, '--in-place')
    return { inputs, output: '' }
  }
  if (!output)
    throw new UsageError(
      'OUTPUT must be a file, DIR/ or - for stdout; got none. Give -o OUTPUT or --in-place',
    )
  if (isFolder(output)) checkNoStdin(inputs, `-o ${output}`)
  else if (inputs.length > 1)
    throw new UsageError(
      `OUTPUT must be DIR/, ending in a slash, for ${inputs.length} INPUTs; got -o ${output}`,
    )
  return { inputs, output }
}

function checkIsUtf8(name: string): void {
  if (isUtf8(name)) return
  throw new UsageError(
    `INPUT and OUTPUT must be names in UTF-8, without U+FFFD; got ${name}. Rename it, or use - and a shell's < and >`,
  )
}

function checkNoStdin(inputs: string[], where: string): void {
  if (inputs.includes('-'))
    throw new UsageError(
      `INPUTs must be files with ${where}; got -. Use softplus apply - -o OUTPUT`,
    )
}

function readThreads(text: string | undefined): { threads?: number } {
  if (text === undefined) return {}
  const threads = Number(text)
  if (/^\d+$/.test(text) && threads >= 1 && threads <= mostThreads) return { threads }
  throw new UsageError(`--threads must be an integer from 1 to ${mostThreads}; got '${text}'`)
}

function readFunction(name: string): string {
  if (functions.has(name)) return name
  const names = [...functions.keys()]
  const all = `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
  throw new UsageError(`--function must be ${all}; got '${name}'`)
}

function readScaling(
  option: 'beta' | 'threshold',
  text: string | undefined,
  name: string,
): { beta?: number; threshold?: number } {
  if (text === undefined) return {}
  if (functions.get(name)?.takesScaling) return { [option]: readNumber(option, text) }
  const taking = [...functions].filter(([, entry]) => entry.takesScaling).map(([other]) => other)
  throw new UsageError(
    `--${option} must be left out with --function ${name}; got ${text}. ` +
      `The functions that take it are ${taking.join(', ')}`,
  )
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const infinite = /^[+-]?inf(inity)?$/i

function readNumber(option: string, text: string): number {
  if (decimal.test(text)) return Number(text)
  if (infinite.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  throw new UsageError(`--${option} must be a number; got '${text}'`)
}
