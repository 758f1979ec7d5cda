import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { defineConfig, type Options } from 'tsup'

const entries = { index: 'src/index.ts', bundled: 'src/bundled.ts', js: 'src/js.ts' }
const integrations = { arrow: 'src/arrow.ts', duckdb: 'src/duckdb.ts', shards: 'src/shards.ts' }
const shared = { target: 'node20', platform: 'node', outDir: 'dist' } as const

// index and bundled have the same types. The declarations import only node:stream, in their first line, and must compile
// where @types/node is not installed.
const declarations: Options = {
  ...shared,
  entry: { index: entries.index, js: entries.js, ...integrations },
  format: ['esm', 'cjs'],
  dts: { only: true, banner: '// @ts-ignore: any without @types/node' },
}

// Takes what the source imports as `from` from elsewhere. A copy of the library in the command would make the package a tenth
// larger.
const external = (from: RegExp, path: string): NonNullable<Options['esbuildPlugins']>[number] => ({
  name: path,
  setup: (build) => build.onResolve({ filter: from }, () => ({ path, external: true })),
})

// The command needs the list of functions, but not the fallback's loops, which the library has.
const withoutLoops: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'functions',
  setup: (build) =>
    build.onLoad({ filter: /[\\/]src[\\/]math[\\/]/ }, ({ path }) =>
      path.endsWith('functions.ts') ? undefined : { contents: 'module.exports = {}' },
    ),
}

// The WebAssembly modules, read when they are first used: those who have the addon never need them.
const lazyModules: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'modules.cjs',
  setup(build) {
    build.onResolve({ filter: /^\.\/modules$/ }, () => ({ path: 'lazy', namespace: 'lazy' }))
    build.onResolve({ filter: /^\.\/modules\.cjs$/ }, ({ path }) => ({ path, external: true }))
    build.onLoad({ filter: /./, namespace: 'lazy' }, () => ({
      contents: `for (const kind of ['relaxed', 'strict'])
        Object.defineProperty(exports, kind, { get: () => require('./modules.cjs')[kind], enumerable: true })`,
    }))
  },
}

// The reader of Arrow IPC is a file of its own, which the command and softplus/shards load for inputs in that format. By
// require(): Node would start its loader of ES modules for import().
const arrowApart = external(/\/arrow\/ipc$/, './arrow-ipc.cjs')
const byRequire: Options['esbuildOptions'] = (options, { format }) => {
  if (format === 'cjs') options.supported = { 'dynamic-import': false }
}

// Writes the licences of the packages that are bundled, which must go with them, to dist/LICENSES.txt.
const licences: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'licences',
  setup(build) {
    build.initialOptions.metafile = true
    build.onEnd(({ metafile }) => {
      const folders = Object.keys(metafile?.inputs ?? {}).map(
        (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0],
      )
      const texts = [...new Set(folders)].flatMap((folder) => {
        if (folder === undefined) return []
        const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
        const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file))
        if (files.length === 0) throw new Error(`${folder} must have a licence; got none`)
        return [
          `${name} ${version}`,
          ...files.map((file) => readFileSync(`${folder}/${file}`, 'utf8')),
        ]
      })
      writeFileSync(
        'dist/LICENSES.txt',
        `The command and the reader of Arrow files are bundled with these packages.\n\n${texts.join('\n')}`,
      )
    })
  },
}

export default defineConfig([
  { ...shared, entry: entries, format: 'esm' },
  {
    ...shared,
    entry: entries,
    format: 'cjs',
    esbuildPlugins: [lazyModules],
  },
  { ...shared, entry: { modules: 'src/backend/wasm/modules.ts' }, format: 'cjs' },
  // Integrations take the library by the package's name, so that each runtime gets the build that is made for it.
  {
    ...shared,
    entry: integrations,
    format: ['esm', 'cjs'],
    // One file each: they share little, and nobody loads several.
    splitting: false,
    esbuildPlugins: [external(/^\.\.?\/index$/, 'softplus'), arrowApart],
    esbuildOptions: byRequire,
  },
  // CommonJS: what the command is bundled with asks for Node's modules by require(). Nobody reads it, so it is minified.
  {
    ...shared,
    entry: { cli: 'src/cli/main.ts', 'arrow-ipc': 'src/files/arrow/ipc.ts' },
    format: 'cjs',
    minify: true,
    // A peer of the integrations, which the command must not depend on.
    noExternal: [/^apache-arrow\/fb\//],
    esbuildPlugins: [external(/^\.\.\/index$/, './index.cjs'), arrowApart, withoutLoops, licences],
    esbuildOptions: byRequire,
  },
  declarations,
])
