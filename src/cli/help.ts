// The help texts.

import { functionNames, functions } from './functions'

const nameWidth = Math.max(...functionNames.map((name) => name.length))

const functionLines = functionNames
  .map((name) => `  ${name.padEnd(nameWidth)}  ${functions[name].summary}`)
  .join('\n')

const exitCodeLines = `Exit codes:
  0    done
  1    the file system or the operating system refused
  2    wrong usage or wrong input; no file has been written for it
  129  terminal closed (SIGHUP)
  130  interrupted (SIGINT)
  143  terminated (SIGTERM)
The last three are what a shell reports: a run that has nothing to undo ends by
the signal itself.`

const softplusHelp = `softplus - float32 activations, fast, and the same bits on every CPU

Usage:
  softplus apply INPUT -o OUTPUT [--function NAME] [--beta B] [--threshold T]
  softplus apply INPUT... -o DIR/ | --in-place [...]
  softplus info [--json]
  softplus --help | --version

Commands:
  apply  activate every number in .npy or .f32 files; see softplus apply --help
  info   tell which backend computes on this machine; --json for programs

Options:
  -h, --help   show this text
  --version    show the version

Environment:
  SOFTPLUS_BACKEND  the backend to use instead of the fastest that this machine
                    runs; softplus info lists those available

${exitCodeLines}
`

const applyHelp = `softplus apply - activate every number in files of any size

Usage:
  softplus apply INPUT -o OUTPUT [--function NAME] [--beta B] [--threshold T]
  softplus apply INPUT... -o DIR/ [...]
  softplus apply INPUT... --in-place [...]

INPUT is one of
  NAME.npy  a NumPy array of little-endian float32 ('<f4'), any shape and order
  NAME.f32  little-endian float32 and nothing else
  -         standard input in either format: NumPy's is known by how it begins

Options:
  -o, --output OUTPUT  where the result goes, in INPUT's format; - is standard
                       output. A file appears under its name only when it is
                       complete, and may be INPUT itself. A .npy header is kept
                       byte for byte. With a slash at its end it is a folder,
                       which takes results by the names of their INPUTs.
  --in-place           each result replaces its INPUT, when it is complete;
                       INPUTs are different files, and no FIFOs or devices
  -f, --function NAME  what to compute, from the list below
  --beta B             how sharply softplus bends (default 1): finite, not 0
  --threshold T        where beta x is above T, softplus is taken to be x, and
                       its derivative 1 (default Infinity)
  --threads N          let up to N worker threads compute (1 to 1024); the
                       main thread then only reads and writes. It pays where
                       computing takes longer than reading and writing: inverse,
                       or backend scalar. Backend js has no threads: it computes
                       on the main thread anyway
  -q, --quiet          no progress, no summary; errors only
  -h, --help           show this text
Write a negative number with an equals sign: --beta=-2.

Functions:
${functionLines}

The result is the only thing written to standard output. A line on standard
error tells the backend, the function, the number of elements, the time that
the activation itself took for each, and the bytes that it read and wrote in
that time; on a terminal a bar shows how far it has come. Memory stays the same
whatever the size. A pipe has got all but the last piece when its end turns out
to be wrong; a file is left as it was.

Examples:
  softplus apply layer.npy -o activated.npy
  softplus apply layer.npy -o layer.npy --beta 2 --threshold 20
  softplus apply samples.f32 -o slopes.f32 --function derivative
  softplus apply layers/*.npy -o activated/
  softplus apply --in-place weights.f32 --function inverse --threads 2
  generate | softplus apply - -o - | consume

${exitCodeLines}
`

export const helpTexts = { softplus: softplusHelp, apply: applyHelp }
