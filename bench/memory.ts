import { createVerifier } from 'fast-jwt'
import { libraries } from './library.ts'
import { audience, commonClaims, signedTokens } from './tokens.ts'

/** Heap added by remembered tokens, after a garbage collection. */
export interface MemoryResult {
  readonly name: string
  readonly tokens: number
  readonly characters: number
  readonly megabytes: number
}

/** Remembers so many tokens twice over: the second half must push the first half out, and add nothing. */
export async function memoryPart(baseline: string, count: number): Promise<readonly MemoryResult[]> {
  const { issuer, key, tokens } = await signedTokens('ES256', count * 2, (index) => ({
    ...commonClaims(index),
    picture: `https://cdn.example.com/avatars/${'0'.repeat(100)}${index}`,
  }))
  const fastJwt = createVerifier({
    key: key.export({ type: 'spki', format: 'pem' }) as string,
    algorithms: ['ES256'],
    cache: count,
  }) as (token: string) => unknown
  const characters = Math.round(tokens.reduce((sum, { length }) => sum + length, 0) / tokens.length)
  const results: MemoryResult[] = []
  const options = { issuer: issuer.issuer, audience, jwks: issuer.jwks }
  const contenders: [string, (token: string) => unknown][] = (await libraries(baseline)).map((library) => {
    const api = library.core.createResourceServer({ ...options, tokenCache: { max: count, maxAge: 3600 } })
    return [library.name, api.verify]
  })
  contenders.push(['fast-jwt', fastJwt])
  for (const [name, verify] of contenders) {
    // What the first call allocates once is not the cache's.
    await verify((tokens[0] as Buffer).toString('latin1'))
    const before = await heap()
    for (const [half, verified] of [tokens.slice(0, count), tokens.slice(count)].entries()) {
      for (const token of verified) await verify(token.toString('latin1'))
      const megabytes = ((await heap()) - before) / 1e6
      results.push({ name, tokens: (half + 1) * count, characters, megabytes })
    }
  }
  return results
}

async function heap(): Promise<number> {
  for (let times = 0; times < 4; times++) {
    globalThis.gc?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
