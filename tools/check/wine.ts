// Node for Windows on Linux, under Debian's Wine.
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { checkInstalled, mustRun, root, run } from '../build/run.mjs'
import { nodeFor } from './nodes'

const wine = '/usr/lib/wine/wine64'
const folder = join(root, 'build', 'wine')
const environment = {
  WINEPREFIX: folder,
  WINEDEBUG: '-all',
  // Wine would offer to install a .NET and a browser.
  WINEDLLOVERRIDES: 'mscoree=;mshtml=',
  SOFTPLUS_BACKEND: '',
  NODE_OPTIONS: '',
}

/** Sets up Wine's folder, which has a registry and Windows' libraries. */
function prepare(): void {
  checkInstalled([wine])
  const mark = join(folder, 'is-ready')
  if (existsSync(mark)) return
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  mustRun([wine, 'wineboot', '--init'], { env: environment })
  // Node 20 refuses older ones. Wine's default is Windows 7.
  mustRun([wine, 'winecfg', '-v', 'win10'], { env: environment })
  writeFileSync(mark, '')
}

/** The path of node.exe. Installs it if it is missing. Node 24 does not start under Debian's Wine. */
export const windowsNode = (major: string): string => nodeFor('win', 'x64', major)

/** Runs a program for Windows. */
export function runInWine(
  command: string[],
  { cwd = root, env = {} }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): { status: number | null; stdout: string; stderr: string } {
  prepare()
  // Node cannot write to pipes here: Wine reports EBADF.
  const files = ['stdout', 'stderr'].map((name) => join(folder, name))
  const [out, err] = files.map((file) => openSync(file, 'w'))
  try {
    const { status } = run([wine, ...command], {
      cwd,
      env: { ...environment, ...env },
      stdio: ['ignore', out, err],
    })
    const [stdout, stderr] = files.map((file) => readFileSync(file, 'utf8'))
    return { status, stdout, stderr }
  } finally {
    closeSync(out)
    closeSync(err)
  }
}
