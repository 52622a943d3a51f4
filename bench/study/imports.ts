import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { median, shuffled } from '../measure.ts'

/** Milliseconds to import something in a process that has imported nothing yet. */
export interface ImportResult {
  readonly name: string
  readonly milliseconds: number
  /** As a multiple of jose and lru-cache alone. */
  readonly ratio: number
}

/** Bytes of one built file. */
export interface SizeResult {
  readonly file: string
  readonly bytes: number
  readonly gzipped: number
}

const floor = 'jose and lru-cache'
const imported: Readonly<Record<string, string>> = {
  [floor]: `import('jose'), import('lru-cache')`,
  'this library: core': `import('oauth-resource-server')`,
  'this library: express': `import('oauth-resource-server/express')`,
  'this library: fastify': `import('oauth-resource-server/fastify')`,
  'this library: koa': `import('oauth-resource-server/koa')`,
  'this library: fetch': `import('oauth-resource-server/fetch')`,
  'this library: express, by require()': `require('oauth-resource-server/express')`,
  'fast-jwt': `import('fast-jwt')`,
  'aws-jwt-verify': `import('aws-jwt-verify')`,
  'express-oauth2-jwt-bearer': `import('express-oauth2-jwt-bearer')`,
  'express-jwt, jwks-rsa': `import('express-jwt'), import('jwks-rsa')`,
}

/** Times imports, each in a process of its own. */
export function importPart(rounds: number): readonly ImportResult[] {
  const times = new Map<string, number[]>(Object.keys(imported).map((name) => [name, []]))
  for (let round = -1; round < rounds; round++) {
    for (const [name, expression] of shuffled(Object.entries(imported))) {
      const milliseconds = timed(expression)
      if (round >= 0) times.get(name)?.push(milliseconds)
    }
  }
  const below = times.get(floor) as readonly number[]
  return [...times].map(([name, values]) => ({
    name,
    milliseconds: median(values),
    ratio: median(values.map((value, round) => value / (below[round] as number))),
  }))
}

function timed(expression: string): number {
  const script = `
    const require = (await import('node:module')).createRequire(process.cwd() + '/')
    const start = performance.now()
    await Promise.all([${expression}])
    process.stdout.write(String(performance.now() - start))`
  // Without the loader this process runs under: users have none.
  const env = { ...process.env, NODE_OPTIONS: '' }
  return Number(
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], { env, encoding: 'utf8' }),
  )
}

/** Sizes of what the package consists of, as it is loaded. */
export function sizePart(): readonly SizeResult[] {
  const dist = new URL('../../dist/', import.meta.url)
  return readdirSync(dist)
    .filter((file) => /\.c?js$/.test(file))
    .sort()
    .map((file) => {
      const content = readFileSync(new URL(file, dist))
      return { file, bytes: content.length, gzipped: gzipSync(content).length }
    })
}
