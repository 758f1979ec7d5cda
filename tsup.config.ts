import { defineConfig, type Options } from 'tsup'

const entries = { index: 'src/index.ts', js: 'src/js.ts' }
const shared = { target: 'node20', platform: 'node', outDir: 'dist' } as const

// The only import of the declarations is node:stream's, on their first line: they must compile where @types/node is not
// installed. Each entry is built by itself, as a chunk that two share would leave both with an import of it.
const declarations = (name: keyof typeof entries) => ({
  ...shared,
  entry: { [name]: entries[name] },
  format: ['esm' as const, 'cjs' as const],
  dts: { only: true, banner: '// @ts-ignore: any without @types/node' },
})

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
  { ...shared, entry: { cli: 'src/cli/main.ts' }, format: 'cjs', esbuildPlugins: library },
  declarations('index'),
  declarations('js'),
])
