// The arguments that producer.mjs and run.mjs have in common.
import { parseArgs } from 'node:util'

export const usage = `INPUT OUTPUT [OPTIONS]
  INPUT, OUTPUT     files, .npy, .f32 or Arrow IPC; or s3://BUCKET/KEY, .npy or .f32
  --column NAME     the column of an Arrow file; again for each further one
  --function NAME   softplus (default), derivative, second-derivative, inverse, relu or relu-derivative
  --beta B, --threshold T
  --shard-mib N     the size of a shard in MiB. Default: 64 for files, 16 for objects`

/** Returns the input, the output, the options of their plan, and the values of further options. */
export function readArguments(further = {}) {
  const text = { type: 'string' }
  const column = { ...text, multiple: true }
  const scaling = { function: text, beta: text, threshold: text }
  const known = { ...scaling, column, 'shard-mib': text, ...further }
  const { values, positionals } = parseArgs({ options: known, allowPositionals: true })
  if (positionals.length !== 2)
    throw new Error(`INPUT and OUTPUT must be given; got ${positionals.length} arguments`)
  const [input, output] = positionals
  if (input.startsWith('s3://') !== output.startsWith('s3://'))
    throw new Error(
      `INPUT and OUTPUT must both be files or both objects; got ${input} and ${output}`,
    )
  const options = {
    ...(values.function !== undefined && { function: camelCase(values.function) }),
    ...(values.beta !== undefined && { beta: Number(values.beta) }),
    ...(values.threshold !== undefined && { threshold: Number(values.threshold) }),
    ...(values.column !== undefined && { columns: values.column }),
    ...(values['shard-mib'] !== undefined && { shardBytes: readMebibytes(values['shard-mib']) }),
  }
  return { input, output, options, values }
}

/** The exit code of an error that planning threw: 2 for wrong arguments. */
export const exitCodeOf = ({ code }) =>
  /^ERR_(INVALID_ARG|OUT_OF_RANGE|SOFTPLUS_INPUT)/.test(code) ? 2 : 1

/** The library's name of a function. */
const camelCase = (name) => name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase())

function readMebibytes(text) {
  const mebibytes = Number(text)
  if (Number.isInteger(mebibytes) && mebibytes >= 1 && mebibytes <= 4096) return mebibytes * 2 ** 20
  throw new Error(`--shard-mib must be an integer from 1 to 4096; got ${text}`)
}
