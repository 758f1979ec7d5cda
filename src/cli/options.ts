// Reads the arguments.

import { type ParseArgsConfig, parseArgs } from 'node:util'
import { mostShards, mostThreads } from '../api/options'
import { isFolder, isUtf8 } from '../files/paths'
import { UsageError } from './errors'
import { functions } from './functions'

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
  shards?: ShardsRequest
}

/** The output is written in shards: this process writes one, or tells which are missing. */
export interface ShardsRequest {
  /** How many there are. */
  count: number
  /** From 0; absent with --status. */
  index?: number
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
      shard: { type: 'string' },
      'shard-index': { type: 'string' },
      shards: { type: 'string' },
      status: { type: 'boolean', default: false },
      quiet: { type: 'boolean', short: 'q', default: false },
    },
  })
  if (values.help) return { command: 'help', topic: 'apply' }
  const inPlace = values['in-place']
  const name = readFunction(values.function ?? 'softplus')
  const places = readPlaces(positionals, values.output, inPlace)
  const shards = readShards(values)
  if (shards) checkAreForShards(places, inPlace)
  return {
    command: 'apply',
    ...places,
    ...(shards && { shards }),
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

function readShards(values: {
  shard?: string
  'shard-index'?: string
  shards?: string
  status: boolean
}): ShardsRequest | undefined {
  const { shard, 'shard-index': index, shards, status } = values
  if ([shard, index, shards].every((value) => value === undefined) && !status) return undefined
  const given = [shard !== undefined, index !== undefined, status].filter(Boolean).length
  if (given !== 1 || (shards === undefined) !== (shard !== undefined)) {
    const names = ['shard', 'shard-index', 'shards', 'status'] as const
    const got = names.filter((name) => values[name] !== undefined && values[name] !== false)
    throw new UsageError(
      'a shard must be given as --shard K/N, as --shard-index I --shards N, or as --status --shards N; ' +
        `got --${got.join(' --')}`,
    )
  }
  if (shard !== undefined) return readShard(shard)
  const count = readCount('--shards', shards)
  if (index === undefined) return { count }
  if (/^\d+$/.test(index) && Number(index) < count) return { count, index: Number(index) }
  throw new UsageError(`--shard-index must be an integer from 0 to ${count - 1}; got '${index}'`)
}

function readShard(text: string): ShardsRequest {
  const [, k, n] = /^(\d+)\/(\d+)$/.exec(text) ?? []
  const count = n === undefined ? 0 : readCount('N in --shard K/N', n)
  if (Number(k) >= 1 && Number(k) <= count) return { count, index: Number(k) - 1 }
  throw new UsageError(`--shard must be K/N, K from 1 to N, such as 3/16; got '${text}'`)
}

function readCount(name: string, text = ''): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= mostShards) return count
  throw new UsageError(`${name} must be an integer from 1 to ${mostShards}; got '${text}'`)
}

function checkAreForShards(
  { inputs, output }: Pick<ApplyRequest, 'inputs' | 'output'>,
  inPlace: boolean,
): void {
  if (inPlace)
    throw new UsageError(
      '--in-place must be left out with shards, as each reads the input that another would replace. Use -o OUTPUT',
    )
  if (inputs.length > 1 || inputs[0] === '-' || output === '-')
    throw new UsageError(
      `INPUT and OUTPUT must be one file each with shards; got ${[...inputs, '-o', output].join(' ')}`,
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
