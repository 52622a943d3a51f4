import { readdir, readFile, writeFile } from 'node:fs/promises'
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
  mcp: 'src/mcp/index.ts',
  redis: 'src/redis/index.ts',
  testing: 'src/testing/index.ts',
}

const shared: Options = {
  entry: {
    ...subpaths,
    'platform-node': 'src/platform/node.ts',
    'platform-web': 'src/platform/web.ts',
  },
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

/** Both formats have the same declarations, which take most of the time: they are made once. */
const declarations: Options = { ...shared, format: ['esm', 'cjs'], dts: { entry: subpaths, only: true } }

export default defineConfig(({ dts }): Options[] => [
  { ...shared, format: 'esm', clean: true, onSuccess: () => shorten('.js') },
  // jose is ESM only, and Jest's default configuration cannot `require` that: this build carries its own copy.
  // Nothing is minified, so stack traces lead to readable code without maps, which would add 14 kB to the package.
  { ...shared, format: 'cjs', noExternal: ['jose'], sourcemap: false, onSuccess: () => shorten('.cjs') },
  ...(dts === false ? [] : [declarations]),
])

/**
 * Makes the package smaller by a quarter. The maps keep one position for each line: enough for a stack trace. Comments
 * that say which file a line comes from become empty lines.
 */
async function shorten(extension: string): Promise<void> {
  const files = (await readdir('dist')).map((file) => `dist/${file}`)
  for (const name of files.filter((file) => file.endsWith(extension))) {
    await writeFile(name, (await readFile(name, 'utf8')).replaceAll(/^\/\/ (?:src|node_modules)\/\S+$/gm, ''))
  }
  for (const name of files.filter((file) => file.endsWith(`${extension}.map`))) {
    const map = JSON.parse(await readFile(name, 'utf8')) as { mappings: string }
    await writeFile(name, JSON.stringify({ ...map, names: [], mappings: onePerLine(map.mappings) }))
  }
}

/** One segment for each line of `mappings` (ECMA-426 §9.2); each number counts from the segment before. */
function onePerLine(mappings: string): string {
  let position: readonly number[] = [0, 0, 0]
  let written = position
  const lines = mappings.split(';').map((line) => {
    const positions: (readonly number[])[] = []
    for (const segment of line.split(',')) {
      const [, ...moves] = numbersIn(segment)
      if (moves.length < 3) continue
      position = position.map((number, index) => number + (moves[index] ?? 0))
      positions.push(position)
    }
    // Where a line is indented, its first segment still belongs to the line before.
    const kept = positions[1] ?? positions[0]
    if (kept === undefined) return ''
    const moves = kept.map((number, index) => number - (written[index] ?? 0))
    written = kept
    return [0, ...moves].map(asText).join('')
  })
  return lines.join(';')
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function numbersIn(segment: string): readonly number[] {
  const numbers: number[] = []
  let bits = 0
  let shift = 0
  for (const character of segment) {
    const digit = digits.indexOf(character)
    bits += (digit & 31) << shift
    shift += 5
    if (digit >= 32) continue
    numbers.push((bits & 1) === 1 ? -(bits >> 1) : bits >> 1)
    bits = shift = 0
  }
  return numbers
}

function asText(number: number): string {
  let bits = number < 0 ? (-number << 1) | 1 : number << 1
  let text = ''
  do {
    const digit = bits & 31
    bits >>= 5
    text += digits[bits > 0 ? digit | 32 : digit] ?? ''
  } while (bits > 0)
  return text
}
