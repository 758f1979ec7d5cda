// Prints a table: for every host that runs JavaScript here and every backend in it, one hash per function of the results of the same
// inputs. Equal hashes mean equal bits.
//
//   npm run tool -- bits [--stride N]     1 in N of the 2^32 inputs; default 257, about two minutes. With 1, hours, the hashes must
//                                         be those of docs/accuracy.md, too
//
// Needs prebuilds/win32-x64.node (npm run tool -- prebuilds), wine64, chromium and firefox-esr.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { hashes as publishedHashes } from '../../examples/browser/hashes.js'
import { mustRun, root } from '../build/run.mjs'
import { entries } from '../prove/facts'
import { hashesIn } from './browser'
import { nodeHere } from './nodes'
import { deno, runtimeFor } from './runtimes'
import { runInWine, windowsNode } from './wine'

/** What a host has computed: `hashes` are in the order of the functions. */
interface Found {
  backend: string
  available: string[]
  hashes: string[]
}

interface Host {
  name: string
  /** Computes the hashes with a backend; with '' by the best one. */
  compute(backend: string, stride: number, publicNames: string[]): Found | Promise<Found>
}

const entry = pathToFileURL(join(root, 'dist', 'index.js')).href

/** A host that is a program: `command` gives the program and its first arguments, and installs it if it is missing. */
const program = (name: string, command: () => string[]): Host => ({
  name,
  compute(backend, stride, publicNames) {
    const args = ['tools/check/bits-host.mjs', entry, String(stride), publicNames.join()]
    const env = { SOFTPLUS_BACKEND: backend, NODE_OPTIONS: '' }
    return JSON.parse(mustRun([...command(), ...args], { env }))
  },
})

const wine: Host = {
  name: 'Wine',
  compute(backend, stride, publicNames) {
    const there = entry.replace('file://', 'file:///Z:')
    const args = ['tools/check/bits-host.mjs', there, String(stride), publicNames.join()]
    const { status, stdout, stderr } = runInWine([windowsNode('22'), ...args], {
      env: { SOFTPLUS_BACKEND: backend },
    })
    if (status !== 0) throw new Error(`node.exe ended with exit code ${status}\n${stderr}`)
    return JSON.parse(stdout)
  },
}

const browser = (name: 'Chromium' | 'Firefox'): Host => ({
  name,
  compute: (backend, stride, publicNames) => hashesIn(name, backend, stride, publicNames),
})

const hosts: Host[] = [
  ...['20', '22', '24', '26'].map((major) => program(`Node ${major}`, () => [nodeHere(major)])),
  program('Bun', () => [runtimeFor('Bun')]),
  program('Deno', () => deno('--allow-ffi', '--allow-read', '--allow-env=SOFTPLUS_BACKEND')),
  browser('Chromium'),
  browser('Firefox'),
  wine,
]

function parseStride(args: string[]): number {
  const { values } = parseArgs({ args, options: { stride: { type: 'string', default: '257' } } })
  const stride = Number(values.stride)
  if (Number.isInteger(stride) && stride >= 1 && stride <= 2 ** 31) return stride
  throw new Error(`--stride must be an integer from 1 to 2^31; got ${values.stride}`)
}

export async function main(args: string[]): Promise<boolean> {
  const stride = parseStride(args)
  const publicNames = entries.map(({ publicName }) => publicName)
  const width = Math.max(16, ...publicNames.map((name) => name.length))
  const print = (host: string, backend: string, cells: string[]) =>
    console.log(
      [host.padEnd(9), backend.padEnd(8), ...cells.map((cell) => cell.padEnd(width))]
        .join(' ')
        .trimEnd(),
    )
  print('host', 'backend', publicNames)

  const known: Record<string, string> = publishedHashes
  let wanted = stride === 1 ? publicNames.map((name) => known[name]) : undefined
  let lines = 0
  let differing = 0
  for (const host of hosts) {
    const best = await host.compute('', stride, publicNames)
    for (const backend of best.available) {
      const found =
        backend === best.backend ? best : await host.compute(backend, stride, publicNames)
      if (found.backend !== backend)
        throw new Error(`${host.name} must use ${backend}; got ${found.backend}`)
      wanted ??= found.hashes
      const isSame = found.hashes.join() === wanted.join()
      if (!isSame) differing++
      lines++
      print(host.name, backend, isSame ? found.hashes : [...found.hashes, 'DIFFERENT'])
    }
  }
  const inputs = Math.ceil(2 ** 32 / stride).toLocaleString('en')
  console.log(
    `\n${lines} lines, ${inputs} inputs of each function: ` +
      (differing === 0 ? 'the same bits everywhere' : `${differing} lines DIFFER`),
  )
  return differing === 0
}
