// The package as it is published: packed, and installed into an empty project.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { candidates, loadAddon } from '../../src/backend/addon'
import { mustRun, root } from '../build/run.mjs'

export interface Tarball {
  filename: string
  size: number
  files: { path: string }[]
}

/** Copies what is published. Its prebuilds/ has all that were built, or only the addon of this machine. */
function stage(staged: string, allAddons: boolean): void {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const published = manifest.files.filter((entry: string) => /^\w[\w.]*$/.test(entry))
  for (const entry of [...published, 'package.json', 'README.md', 'LICENSE'])
    if (entry !== 'prebuilds') cpSync(join(root, entry), join(staged, entry), { recursive: true })
  mkdirSync(join(staged, 'prebuilds'))
  if (allAddons) cpSync(join(root, 'prebuilds'), join(staged, 'prebuilds'), { recursive: true })
  else cpSync(loadAddon().path, candidates(staged)[1])
}

/**
 * Packs the package into `folder`, and installs it into a new project there.
 *
 * @param folder An empty folder.
 * @param project The name of the project's folder in it.
 */
export function installPacked(folder: string, project: string, allAddons = false): Tarball {
  const staged = join(folder, 'staged')
  stage(staged, allAddons)
  const pack = ['npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const [tarball]: Tarball[] = JSON.parse(mustRun(pack, { cwd: staged }))
  const cwd = join(folder, project)
  mkdirSync(cwd)
  writeFileSync(join(cwd, 'package.json'), '{ "private": true }')
  const install = ['npm', 'install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund']
  mustRun([...install, `../${tarball.filename}`], { cwd })
  return tarball
}
