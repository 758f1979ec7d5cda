import { defineConfig, type Options } from 'tsup'

const entries = { index: 'src/index.ts', js: 'src/js.ts' }
const shared = { target: 'node20', platform: 'node', outDir: 'dist' } as const

// Both entries have the same types. The declarations import only node:stream, in their first line, and must compile where
// @types/node is not installed.
const declarations: Options = {
  ...shared,
  entry: { index: entries.index },
  format: ['esm', 'cjs'],
  dts: { only: true, banner: '// @ts-ignore: any without @types/node' },
}

// The command is CommonJS: what it is bundled with asks for Node's modules by require(). It takes the library from
// index.cjs, beside it: a copy of its own would be a tenth of the package.
const library: Options['esbuildPlugins'] = [
  {
    name: 'library',
    setup: (build) =>
      build.onResolve({ filter: /^\.\.\/index$/ }, () => ({ path: './index.cjs', external: true })),
  },
]

export default defineConfig([
  { ...shared, entry: entries, format: ['esm', 'cjs'] },
  // Nobody reads or imports the command, so it is minified, to keep the package small.
  {
    ...shared,
    entry: { cli: 'src/cli/main.ts' },
    format: 'cjs',
    minify: true,
    esbuildPlugins: library,
  },
  declarations,
])
