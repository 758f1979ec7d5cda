// The example: softplus in a trained network, or, given a FILE, on that file.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { softplus } from '../../dist/index.js'
import { exampleFile, npyLike } from './arrays'
import { activateFile } from './file'
import { preactivations, preactivationsFile } from './network'
import { reportOn } from './report'

const usage = `Usage:
  npm start                       run the digits example and report on it
  npm start -- FILE [-o OUTPUT]   activate a .npy or .f32 file of float32
`

function runDigits(): void {
  const activations = softplus(preactivations)
  const file = exampleFile('output/activations.npy')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, npyLike(preactivationsFile, activations))
  process.stdout.write(`${reportOn(activations)}\n`)
  process.stdout.write(`Activations written to ${relative(process.cwd(), file)}\n`)
}

function parsedArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        output: { type: 'string', short: 'o' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function refuse(reason: string): number {
  process.stderr.write(`${reason}\n${usage}`)
  return 2
}

function run(): number {
  const parsed = parsedArguments()
  if (parsed instanceof Error) return refuse(parsed.message)
  const { values, positionals } = parsed
  const [file, ...more] = positionals
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  if (more.length > 0) return refuse(`Expected one FILE, got ${positionals.length}.`)
  if (file !== undefined) return activateFile(file, values.output)
  if (values.output !== undefined) return refuse('Expected a FILE to go with -o, got none.')
  runDigits()
  return 0
}

process.exitCode = run()
