import { fileURLToPath } from 'node:url'
import type { ViteUserConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(`../src/${path}`, import.meta.url))

/** What every run of the tests shares: the repository as root, and the package by its own name. */
export const shared: ViteUserConfig = {
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: {
    alias: [
      { find: '#platform', replacement: source('platform/node.ts') },
      { find: /^oauth-resource-server$/, replacement: source('index.ts') },
      { find: /^oauth-resource-server\/mcp$/, replacement: source('mcp/index.ts') },
      { find: /^oauth-resource-server\/redis$/, replacement: source('redis/index.ts') },
      { find: /^oauth-resource-server\/testing$/, replacement: source('testing/index.ts') },
      { find: /^oauth-resource-server\/(\w+)\/augment$/, replacement: source('adapters/augment/$1.ts') },
      { find: /^oauth-resource-server\/(\w+)$/, replacement: source('adapters/$1.ts') },
    ],
  },
}
