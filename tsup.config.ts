import { defineConfig } from 'tsup'

const library = { index: 'src/index.ts', portable: 'src/portable.ts' }
const shared = { target: 'node20', platform: 'node', outDir: 'dist' } as const

// The only import of the declarations is node:stream's, on their first line: they must compile where @types/node is not
// installed. Each entry is built by itself, as a chunk that two share would leave both with an import of it.
const declarations = (name: keyof typeof library) => ({
  ...shared,
  entry: { [name]: library[name] },
  format: ['esm' as const, 'cjs' as const],
  dts: { only: true, banner: '// @ts-ignore: any without @types/node' },
})

// The command is CommonJS: what it is bundled with asks for Node's modules by require(). It shares the library's code with
// the CommonJS entries, as the ESM entries do among themselves: three copies of it would be a tenth of the package.
export default defineConfig([
  { ...shared, entry: library, format: 'esm' },
  {
    ...shared,
    entry: { ...library, cli: 'src/cli/main.ts' },
    format: 'cjs',
    splitting: true,
    // Shared chunks are written as ESM first, where it would survive.
    define: { 'import.meta.url': 'undefined' },
  },
  declarations('index'),
  declarations('portable'),
])
