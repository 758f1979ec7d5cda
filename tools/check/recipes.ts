// Checks examples/shards/kubernetes.yaml against the schemas of Kubernetes.
//
//   npm run tool -- recipes     installs the schemas (22 MB) into build/recipes/; needs Python 3 with pip
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { checkInstalled, mustRun, root, run } from '../build/run.mjs'

const schemas = 'kubernetes-validate==1.37.0'
// Those in which everything that the recipe names is stable, and the newest.
const versions = ['1.33', '1.37']
const folder = join(root, 'build', 'recipes', schemas)

export function main(): boolean {
  checkInstalled(['python3'])
  if (!existsSync(folder))
    mustRun(['python3', '-m', 'pip', 'install', '--quiet', '--target', folder, schemas])
  const file = join(root, 'examples', 'shards', 'kubernetes.yaml')
  let passes = true
  for (const version of versions) {
    const { status, stdout, stderr } = run(
      ['python3', '-m', 'kubernetes_validate', '--strict', '--kubernetes-version', version, file],
      { env: { PYTHONPATH: folder } },
    )
    console.error(`recipes: ${file}, Kubernetes ${version}: ${stdout || stderr}`)
    passes &&= status === 0
  }
  return passes
}
