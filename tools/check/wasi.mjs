// Runs a program that was compiled for WASI. Exits with its exit code.
//
//   node --no-warnings tools/check/wasi.mjs PROGRAM.wasm
import { readFileSync } from 'node:fs'
import { WASI } from 'node:wasi'

const wasi = new WASI({ version: 'preview1' })
const module = new WebAssembly.Module(readFileSync(process.argv[2]))
process.exitCode = wasi.start(new WebAssembly.Instance(module, wasi.getImportObject()))
