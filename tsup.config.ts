import { defineConfig } from 'tsup'

const library = { index: 'src/index.ts', portable: 'src/portable.ts' }
const shared = { target: 'node20', platform: 'node', shims: true, outDir: 'dist' } as const

export default defineConfig([
  {
    ...shared,
    entry: { ...library, cli: 'src/cli/main.ts' },
    format: 'esm',
    dts: { entry: library },
  },
  { ...shared, entry: library, format: 'cjs', dts: true },
])
