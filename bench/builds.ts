// Builds of other commits, kept in build/check/, so that a second comparison with the same commit starts at once.
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { nodeFolder } from '../tools/build/gyp'
import { mustRun, root, run } from '../tools/build/run.mjs'

export interface Build {
  /** Its short hash, or 'this tree'. */
  name: string
  folder: string
}

export const thisTree: Build = { name: 'this tree', folder: root }

function tried(...args: string[]): string | undefined {
  const { status, stdout } = run(['git', ...args])
  return status === 0 ? stdout.trim() : undefined
}

/** The last release before this commit; without one, where this branch left main; on main, the commit before. */
function defaultCommit(): string {
  const release = tried('describe', '--tags', '--abbrev=0', '--match', 'v*', 'HEAD^')
  if (release) return release
  const left = tried('merge-base', 'HEAD', 'main') ?? tried('merge-base', 'HEAD', 'origin/main')
  return left && left !== tried('rev-parse', 'HEAD') ? left : 'HEAD^'
}

/**
 * Builds a commit, unless it has been built.
 *
 * @param commit Default: the last release, or what this branch left.
 * @throws {Error} if there is no such commit, or it cannot be built.
 */
export function buildOf(commit = defaultCommit()): Build {
  const name = tried('rev-parse', '--short', '--verify', '--quiet', `${commit}^{commit}`)
  if (!name) throw new Error(`COMMIT must be one that git knows; got ${commit}`)
  const folder = join(root, 'build', 'check', name)
  if (existsSync(folder)) return { name, folder }
  console.error(`bench: building ${name}`)
  // Under another name until it is complete.
  const begun = `${folder}.begun`
  rmSync(begun, { recursive: true, force: true })
  mkdirSync(begun, { recursive: true })
  const source = `${begun}.tar`
  mustRun(['git', 'archive', '-o', source, name])
  mustRun(['tar', '-xf', source, '-C', begun])
  rmSync(source)
  // This tree's dependencies: both builds come from the same tools.
  symlinkSync(join(root, 'node_modules'), join(begun, 'node_modules'))
  const nodeGyp = ['node-gyp', 'configure', 'build', '--silent', `--nodedir=${nodeFolder()}`]
  mustRun(nodeGyp, { cwd: begun })
  mustRun(['tsup', '--silent'], { cwd: begun })
  renameSync(begun, folder)
  return { name, folder }
}
