// npm start: softplus in a trained network. npm start -- FILE: softplus of a file.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { softplus } from '../../dist/index.js'
import { exampleFile, npyLike } from './arrays'
import { activateFile } from './file'
import { preactivations, preactivationsFile } from './network'
import { reportOn } from './report'

const usage = `Usage:
  npm start                       use softplus in a network that reads digits
  npm start -- FILE [-o OUTPUT]   activate a .npy or .f32 file of float32
`

function runDigits(): void {
  const activations = softplus(preactivations)
  const file = exampleFile('output/activations.npy')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, npyLike(preactivationsFile, activations))
  process.stdout.write(`${reportOn(activations)}\n`)
  process.stdout.write(`The activations are in ${relative(process.cwd(), file)}.\n`)
  process.stdout.write('To activate a file of yours: npm start -- FILE\n')
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
  process.stderr.write(`${reason}\n\n${usage}`)
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
  if (more.length > 0) return refuse(`There must be one FILE; got ${positionals.length}.`)
  if (file !== undefined) return activateFile(file, values.output)
  if (values.output !== undefined) return refuse('There must be a FILE with -o; got none.')
  runDigits()
  return 0
}

process.exitCode = run()
