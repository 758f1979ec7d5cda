import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    typecheck: {
      enabled: true,
      include: ['test/**/*.test-d.ts'],
      tsconfig: './tsconfig.json',
      // By its path: the old TypeScript that test/install.test.ts runs has the same name.
      checker: './node_modules/typescript/bin/tsc',
    },
    testTimeout: 120_000,
    // Every file of src/, whether a test loads it or not; npm run coverage takes the tests that are quick, and count. What a
    // command's process runs is not counted: test/cli-modules.test.ts runs the command's modules in the tests' own.
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text', 'html'],
      thresholds: { lines: 95 },
    },
  },
})
