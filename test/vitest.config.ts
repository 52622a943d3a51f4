import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(`../src/${path}`, import.meta.url))

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: {
    alias: [
      { find: '#platform', replacement: source('platform/node.ts') },
      { find: /^oauth-resource-server$/, replacement: source('index.ts') },
      { find: /^oauth-resource-server\/testing$/, replacement: source('testing/index.ts') },
      { find: /^oauth-resource-server\/(\w+)$/, replacement: source('adapters/$1.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/consumers/**'],
    typecheck: { enabled: false },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/types.ts', 'src/platform/types.ts'],
      reporter: ['text', 'html'],
      thresholds: { statements: 99, branches: 100, functions: 98, lines: 100 },
    },
  },
})
