import { defineConfig, type Options } from 'tsup'

const subpaths = {
  index: 'src/index.ts',
  express: 'src/adapters/express.ts',
  'express-augment': 'src/adapters/augment/express.ts',
  fastify: 'src/adapters/fastify.ts',
  'fastify-augment': 'src/adapters/augment/fastify.ts',
  koa: 'src/adapters/koa.ts',
  'koa-augment': 'src/adapters/augment/koa.ts',
  fetch: 'src/adapters/fetch.ts',
  redis: 'src/redis/index.ts',
  testing: 'src/testing/index.ts',
}

const shared: Options = {
  entry: {
    ...subpaths,
    'platform-node': 'src/platform/node.ts',
    'platform-web': 'src/platform/web.ts',
  },
  dts: { entry: subpaths },
  target: 'es2022',
  platform: 'node',
  splitting: false,
  sourcemap: true,
  // File names and lines are enough for a stack trace; the text of the sources would double the package.
  esbuildOptions(options) {
    options.sourcesContent = false
  },
  treeshake: false,
  // Bundlers and other platforms tell Node's own modules by it.
  removeNodeProtocol: false,
  // One core per format: adapters reach it by the package's own name, and it reaches its platform through
  // the package's `imports`, so neither may be copied into another bundle.
  external: ['oauth-resource-server', '#platform', 'express', 'fastify', 'koa'],
}

export default defineConfig([
  { ...shared, format: 'esm', clean: true },
  // jose is ESM only, and Jest's default configuration cannot `require` that: this build carries its own copy.
  { ...shared, format: 'cjs', noExternal: ['jose'] },
])
