import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['test/setup/start-services.ts'],
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Real processes and databases on two cores: a test says with its own limit when it needs more.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
  resolve: {
    alias: {
      'esteira/client': new URL('./src/surfaces/client/index.ts', import.meta.url).pathname,
      esteira: new URL('./src/index.ts', import.meta.url).pathname,
    },
  },
})
