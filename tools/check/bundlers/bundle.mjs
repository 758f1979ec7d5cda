// Bundles use.mjs and use.cjs of a project by every bundler, into its folder out/. bundlers.ts runs it.
//
//   node bundle.mjs PROJECT
//
// Prints a list in JSON: the bundler with its version, what the bundle is for, its file and its source.
import { rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import resolve from '@rollup/plugin-node-resolve'
import esbuild from 'esbuild'
import { rollup } from 'rollup'
import { build as vite } from 'vite'
import webpack from 'webpack'

const project = process.argv[2]
const require = createRequire(import.meta.url)
const versionOf = (name) => require(`${name}/package.json`).version
const out = (name) => join(project, 'out', name)

/** Each bundles `source` into `file`, for 'node' or 'browser', with nothing set but what the bundle is for. */
const bundlers = {
  async esbuild({ host, source, format, file, conditions }) {
    await esbuild.build({
      ...{ absWorkingDir: project, entryPoints: [source], bundle: true, outfile: file },
      ...{ platform: host, format, conditions, logLevel: 'error' },
    })
  },

  async rollup({ host, source, format, file, conditions }) {
    const options = {
      ...(host === 'browser' && { browser: true }),
      ...(conditions && { exportConditions: conditions }),
    }
    const bundle = await rollup({
      ...{ input: join(project, source), plugins: [resolve(options)] },
      external: /^node:/,
      onwarn(warning) {
        throw new Error(warning.message)
      },
    })
    await bundle.write({ file, format })
  },

  async vite({ host, source, file, noExternal }) {
    const [, folder, name] = /^(.*)\/(.*)$/.exec(file)
    await vite({
      ...{ root: project, configFile: false, logLevel: 'error' },
      ...(noExternal && { ssr: { noExternal } }),
      build: {
        ...(host === 'node' && { ssr: true }),
        outDir: folder,
        rolldownOptions: { input: join(project, source), output: { entryFileNames: name } },
      },
    })
  },

  webpack({ host, source, format, file, conditions }) {
    const [, path, filename] = /^(.*)\/(.*)$/.exec(file)
    const isModule = format === 'esm'
    return new Promise((done, fail) => {
      const options = {
        ...{ context: project, entry: `./${source}`, mode: 'production' },
        target: host === 'browser' ? 'web' : 'node',
        output: { path, filename, module: isModule },
        experiments: { outputModule: isModule },
        ...(conditions && { resolve: { conditionNames: [...conditions, '...'] } }),
      }
      webpack(options, (error, stats) => {
        if (error) fail(error)
        else if (stats.hasErrors()) fail(new Error(stats.toString('errors-only')))
        else done()
      })
    })
  },
}

const both = ['use.mjs', 'use.cjs']
const of = (bundler, host, sources, formats, more = {}) =>
  sources.flatMap((source) => formats.map((format) => ({ bundler, host, source, format, ...more })))
const jobs = [
  ...of('esbuild', 'node', both, ['esm', 'cjs']),
  ...of('esbuild', 'browser', both, ['esm', 'iife']),
  // It bundles no CommonJS without a further plugin.
  ...of('rollup', 'node', ['use.mjs'], ['esm', 'cjs']),
  ...of('rollup', 'browser', ['use.mjs'], ['esm', 'iife']),
  ...of('vite', 'node', ['use.mjs'], ['esm']),
  ...of('vite', 'node', ['use.mjs'], ['esm'], { noExternal: true, about: 'noExternal' }),
  ...of('vite', 'browser', both, ['esm']),
  ...of('webpack', 'node', both, ['esm', 'cjs']),
  ...of('webpack', 'browser', both, ['esm', 'iife']),
  // What docs/install.md says about the condition that brings the addon.
  ...['esbuild', 'rollup', 'webpack'].flatMap((bundler) =>
    of(bundler, 'node', ['use.mjs'], ['esm', 'cjs'], {
      conditions: ['node-addons'],
      about: 'node-addons',
    }),
  ),
]

await rm(join(project, 'out'), { recursive: true, force: true })
const bundles = []
for (const job of jobs) {
  const { bundler, host, source, format, about } = job
  const name = [bundler, host, source.replace('.', '-'), format, about].filter(Boolean).join('-')
  const file = join(out(name), 'dist', format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs')
  await bundlers[bundler]({ ...job, file })
  const title = `${bundler} ${versionOf(bundler)}, ${format} of ${source}${about ? `, ${about}` : ''}`
  bundles.push({ bundler, host, format, about, title, file })
}
console.log(JSON.stringify(bundles))
