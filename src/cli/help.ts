// The help texts.

import { functionNames, functions } from './functions'

const nameWidth = Math.max(...functionNames.map((name) => name.length))

const functionLines = functionNames
  .map((name) => `  ${name.padEnd(nameWidth)}  ${functions[name].summary}`)
  .join('\n')

const exitCodeLines = `Exit codes:
  0    done
  1    the file system or the operating system refused
  2    wrong usage or wrong input; nothing has been written
  130  interrupted (SIGINT)
  143  terminated (SIGTERM)`

const softplusHelp = `softplus - float32 activations, fast, and the same bits on every CPU

Usage:
  softplus apply INPUT -o OUTPUT [--function NAME] [--beta B] [--threshold T]
  softplus info [--json]
  softplus --help | --version

Commands:
  apply  activate every number in a .npy or .f32 file; see softplus apply --help
  info   tell which backend computes on this machine; --json for programs

Options:
  -h, --help   show this text
  --version    show the version

Environment:
  SOFTPLUS_BACKEND  the backend to use instead of the fastest that this machine
                    runs; softplus info lists those available

${exitCodeLines}
`

const applyHelp = `softplus apply - activate every number in a file

Usage:
  softplus apply INPUT -o OUTPUT [--function NAME] [--beta B] [--threshold T]

INPUT is one of
  NAME.npy  a NumPy array of little-endian float32 ('<f4'), any shape and order
  NAME.f32  little-endian float32 and nothing else
  -         standard input in either format: NumPy's is known by how it begins

Options:
  -o, --output OUTPUT  where the result goes, in INPUT's format; - is standard
                       output. A file appears under its name only when it is
                       complete, and may be INPUT itself. A .npy header is kept
                       byte for byte.
  -f, --function NAME  what to compute, from the list below
  --beta B             how sharply softplus bends (default 1): finite, not 0
  --threshold T        where beta x is above T, softplus is taken to be x, and
                       its derivative 1 (default Infinity)
  -h, --help           show this text
Write a negative number with an equals sign: --beta=-2.

Functions:
${functionLines}

The result is the only thing written to standard output. A line on standard
error tells the backend, the function, the number of elements, the time that
the activation itself took for each, and the bytes that it read and wrote in
that time.

Examples:
  softplus apply layer.npy -o activated.npy
  softplus apply layer.npy -o layer.npy --beta 2 --threshold 20
  softplus apply samples.f32 -o slopes.f32 --function derivative
  generate | softplus apply - -o - | consume

${exitCodeLines}
`

export const helpTexts = { softplus: softplusHelp, apply: applyHelp }
