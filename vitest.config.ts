import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    typecheck: {
      enabled: true,
      include: ['test/**/*.test-d.ts'],
      tsconfig: './tsconfig.json',
      // The TypeScript 5.4 that test/install.test.ts runs has a command of the same name.
      checker: './node_modules/typescript/bin/tsc',
    },
    testTimeout: 120_000,
    // Vitest leaves one processor free. Of two that would be half.
    maxWorkers: '100%',
    // Files that no test loads count too. Only what runs in the tests' own process is seen, so test/cli-modules.test.ts runs
    // the modules of the command there.
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text', 'html'],
      thresholds: { lines: 95 },
    },
  },
})
