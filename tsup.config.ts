import { defineConfig } from 'tsup'

const library = { index: 'src/index.ts', portable: 'src/portable.ts' }
const shared = { target: 'node20', platform: 'node', outDir: 'dist' } as const

// The command is CommonJS: what it is bundled with asks for Node's modules by require().
export default defineConfig([
  { ...shared, entry: library, format: 'esm', dts: true },
  {
    ...shared,
    entry: { ...library, cli: 'src/cli/main.ts' },
    format: 'cjs',
    dts: { entry: library },
  },
])
