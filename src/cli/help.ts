// The help texts.

import { functions } from './functions'

const width = 80
const nameWidth = Math.max(...[...functions.keys()].map((name) => name.length))
const summaryColumn = nameWidth + 4
const lineOfWords = new RegExp(`(.{1,${width - summaryColumn}})( |$)`, 'g')

const functionLines = [...functions]
  .map(([name, { summary }]) => {
    const lines = [...summary.matchAll(lineOfWords)].map(([, line]) => line)
    return `  ${name.padEnd(nameWidth)}  ${lines.join(`\n${' '.repeat(summaryColumn)}`)}`
  })
  .join('\n')

const exitCodeLines = `Exit codes:
  0    done
  1    the file system or the operating system refused
  2    wrong arguments or wrong input; no file was written for it
  3    --status: shards are missing
  129  terminal closed (SIGHUP)
  130  interrupted (SIGINT)
  143  terminated (SIGTERM)
A shell reports the last three also where the signal itself ends the command.`

const softplusHelp = `softplus - computes softplus, or another function, of the float32 in files

Usage:
  softplus apply INPUT -o OUTPUT [--function NAME] [--beta B] [--threshold T]
  softplus apply INPUT... -o DIR/ | --in-place [...]
  softplus info [--json]
  softplus --help | --version

Commands:
  apply  applies softplus, or another function, to every number in .npy or .f32
         files, or in columns of Arrow files; see softplus apply --help
  info   shows which backend computes on this machine; --json for programs

Options:
  -h, --help   show this text
  --version    show the version

Environment:
  SOFTPLUS_BACKEND  use this backend, instead of the fastest one that runs on
                    this machine; softplus info lists those available

${exitCodeLines}
`

const applyHelp = `softplus apply - applies softplus, or another function, to float32 in files

Usage:
  softplus apply INPUT -o OUTPUT [--function NAME] [--beta B] [--threshold T]
  softplus apply INPUT... -o DIR/ [...]
  softplus apply INPUT... --in-place [...]
  softplus apply INPUT -o OUTPUT --shard K/N | --status --shards N [...]

INPUT is one of
  NAME.npy  a NumPy array of little-endian float32 ('<f4'), any shape and order
  NAME.f32  little-endian float32 and nothing else
  NAME.arrow, .arrows, .ipc or .feather
            Arrow IPC, a file or a stream, not compressed; see --column
  -         standard input, in any of these: the first bytes tell which

Options:
  -o, --output OUTPUT  write the result here, in INPUT's format:
                       a file, which may be INPUT itself and appears only when
                       the result is complete; a .npy header stays the same
                       DIR/, ending in a slash: an existing folder, where each
                       result gets the name of its INPUT
                       -, standard output
  --in-place           replace each INPUT by its result when that is complete;
                       INPUTs must be different files, no FIFOs or devices
  --column NAME        the column to activate, of float32 or lists of it;
                       required for Arrow IPC, and for nothing else. S.F is the
                       field F of the struct S, unless a column is called S.F.
                       Repeat the option for several columns. What is under a
                       null is activated, too; all other bytes stay the same
  -f, --function NAME  compute this function, listed below (default softplus)
  --beta B             how sharply softplus bends: finite, not 0 (default 1)
  --threshold T        where beta x is above T, take x for softplus, and 1 for
                       its derivative (default Infinity)
  --threads N          compute in up to N worker threads (1 to 1024), while the
                       main thread reads and writes. This is faster only if
                       computing takes longer than reading and writing: for
                       inverse, or with backend scalar. Backend js has no
                       threads: it always computes in the main thread
  --shard K/N          write only the K-th of N parts of OUTPUT; see below
  --shard-index I --shards N
                       the same, counted from 0, as engines number their jobs
  --status --shards N  with all options of the shards: print those missing, one
                       K/N a line; if none is, give the result its name
  -q, --quiet          show no progress and no summary, only errors
  -h, --help           show this text
Write a negative number with an equals sign: --beta=-2.

Functions:
${functionLines}

Standard output gets nothing but the result. Standard error gets one line for
each INPUT: the backend, the function, the number of elements, the time that
computing took for each element, and the bytes per second that it read and
wrote. A terminal also shows a progress bar. The memory used does not depend on
the size of the files.

After an error, the output file is as it was before. The results of earlier
INPUTs stay; later INPUTs are not read. A pipe keeps what it got before the
error: if the end of the input is wrong, all but the last 4 MiB.

Shards divide a file, but no Arrow stream, among processes and machines that
share its folder. They may run in any order, at once, twice, and again after
kill -9, all with the same INPUT, options and N. The last one gives the result
its name. Until then it is in .OUTPUT.shards/ beside it. More in docs/api.md.

Examples:
  softplus apply layer.npy -o activated.npy
  softplus apply layer.npy -o layer.npy --beta 2 --threshold 20
  softplus apply samples.f32 -o derivatives.f32 --function derivative
  softplus apply layers/*.npy -o activated/
  softplus apply --in-place weights.f32 --function inverse --threads 2
  softplus apply scores.arrow -o out.arrow --column logit --column meta.bias
  softplus apply x.npy -o y.npy --shard 3/16
  softplus apply x.npy -o y.npy --shard-index "$SLURM_ARRAY_TASK_ID" --shards 16
  generate | softplus apply - -o - | consume

${exitCodeLines}
`

export const helpTexts = { softplus: softplusHelp, apply: applyHelp }
