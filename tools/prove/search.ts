// Runs the search for the largest errors with a beta (native/test/search.cc), and backends that are not native on the pairs that it tries.
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Kernels } from '../../src/backend/contract'
import { type FunctionName, functionNames } from '../../src/math/functions'
import { runOn, type Target } from '../build/native'
import type { Witness } from './facts'

/** What native/test/search.cc prints for a function. */
export interface Found extends Witness {
  function: FunctionName
  pairs: number
  bound: number
  mismatches: number
  holds: boolean
}

/** Searches on every backend of a target. @throws {Error} If the search could not be run. */
export function search(target: Target, folder: string, pairs: number): Found[] {
  const { status, stdout } = runOn(target, folder, 'search', ['--pairs', String(pairs), '--json'])
  const found = stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line): Found => JSON.parse(line))
  // Code 1 says that an error is above its bound; `holds` says it too.
  if ((status !== 0 && status !== 1) || found.length === 0)
    throw new Error(`search ended with code ${status} after ${found.length} functions`)
  return found
}

/**
 * Runs the pairs that this machine's search tries on the backends of another target.
 * @throws {Error} If a result differs, or the target cannot be run.
 */
export function verifyOn(target: Target, folder: string, host: string, pairs: number): void {
  const emitted = spawnSync(join(host, 'search'), ['--pairs', String(pairs), '--emit'], {
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (emitted.status !== 0) throw new Error(`search --emit ended with code ${emitted.status}`)
  const [command, ...args] = [...target.runner, join(folder, 'search'), '--verify']
  const { status, stdout, error } = spawnSync(command, args, {
    input: emitted.stdout,
    encoding: 'utf8',
  })
  if (error) throw error
  if (status !== 0)
    throw new Error(`${target.name}: ${stdout.trim() || `ended with code ${status}`}`)
}

interface Block {
  name: FunctionName
  beta: number
  x: Float32Array
  y: Float32Array
}

async function* blocksOf(stdout: AsyncIterable<Buffer>): AsyncGenerator<Block> {
  const headBytes = 12
  let rest = Buffer.alloc(0)
  for await (const chunk of stdout) {
    rest = Buffer.concat([rest, chunk])
    let at = 0
    while (rest.length >= at + headBytes) {
      const count = rest.readUInt32LE(at + 4)
      const end = at + headBytes + 8 * count
      if (rest.length < end) break
      const floats = new Float32Array(Uint8Array.from(rest.subarray(at + headBytes, end)).buffer)
      yield {
        name: functionNames[rest.readUInt32LE(at)],
        beta: rest.readFloatLE(at + 8),
        x: floats.subarray(0, count),
        y: floats.subarray(count),
      }
      at = end
    }
    rest = rest.subarray(at)
  }
  if (rest.length > 0) throw new Error('search ended in the middle of a block')
}

/** Counts the pairs, and the results of these kernels that differ from those of this machine's native backends. */
export async function comparePairs(
  kernels: Kernels,
  folder: string,
  pairs: number,
): Promise<{ pairs: number; mismatches: number }> {
  const child = spawn(join(folder, 'search'), ['--pairs', String(pairs), '--emit'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve).once('error', reject)
  })
  // `ended` is awaited after the pairs. Until then a failure must not count as an unhandled rejection.
  ended.catch(() => {})
  const total = { pairs: 0, mismatches: 0 }
  for await (const { name, beta, x, y } of blocksOf(child.stdout)) {
    const results = new Float32Array(x.length)
    kernels[name](x, results, Infinity, beta)
    total.pairs += x.length
    for (let i = 0; i < y.length; i++) total.mismatches += Object.is(results[i], y[i]) ? 0 : 1
  }
  const code = await ended
  if (code !== 0) throw new Error(`search --emit ended with code ${code}`)
  return total
}
