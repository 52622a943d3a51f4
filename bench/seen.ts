import { hash } from 'node:crypto'
import { createVerifier } from 'fast-jwt'
import { LRUCache } from 'lru-cache'
import { createResourceServer, fromHeader } from 'oauth-resource-server'
import { type Effort, interleaved, type Timings } from './measure.ts'
import { audience, freshRequests, freshStrings, signedTokens } from './tokens.ts'

/** Times tokens seen before, each time in a string object of its own, and the steps of it one by one. */
export async function seenPart(effort: Effort): Promise<Timings> {
  const { issuer, key, tokens } = await signedTokens('RS256', 200)
  const api = createResourceServer({ issuer: issuer.issuer, audience, jwks: issuer.jwks })
  // Keys that are fetched have an age, which is looked at each time.
  const fetched = createResourceServer({
    issuer: issuer.issuer,
    audience,
    jwksUri: 'https://id.example.com/jwks',
    fetch: () => Promise.resolve(Response.json(issuer.jwks)),
  })
  await fetched.ready()
  const fastJwt = createVerifier({
    key: key.export({ type: 'spki', format: 'pem' }) as string,
    algorithms: ['RS256'],
    allowedIss: issuer.issuer,
    allowedAud: audience,
    requiredClaims: ['iss', 'aud', 'exp'],
    clockTolerance: 5000,
    cache: 1000,
  })
  const inClear = tokens.map((token) => token.toString('latin1'))
  const byToken = new Map(inClear.map((token) => [token, {}]))
  const byEnd = new Map(inClear.map((token) => [endOf(token), token]))
  const names = tokens.map((token) => hash('sha256', token, 'binary'))
  const remembered = new LRUCache<string, object>({
    max: 10_000,
    maxSize: 16_000_000,
    sizeCalculation: () => 1,
  })
  for (const name of names) remembered.set(name, {})
  const extract = fromHeader()
  const strings = (count: number): readonly unknown[] => freshStrings(tokens, count)
  const requests = (count: number): readonly unknown[] => freshRequests(tokens, count)
  const newNames = (count: number): readonly unknown[] =>
    freshStrings(
      names.map((name) => Buffer.from(name, 'binary')),
      count,
    )
  return interleaved(
    [
      { name: 'this library, in an adapter', inputs: requests, call: api.adapter.authenticate },
      {
        name: 'this library, in an adapter, keys fetched',
        inputs: requests,
        call: fetched.adapter.authenticate,
      },
      { name: 'this library, verify()', inputs: strings, call: api.verify },
      { name: 'fast-jwt with its cache', inputs: strings, call: fastJwt as (token: string) => unknown },
      { name: 'part: find the token in the request', inputs: requests, call: extract },
      {
        name: 'part: hash the token',
        inputs: strings,
        call: (token: string) => hash('sha256', token, 'binary'),
      },
      {
        name: 'part: hash its signature alone',
        inputs: strings,
        call: (token: string) => hash('sha256', token.slice(token.lastIndexOf('.') + 1), 'binary'),
      },
      {
        name: 'in clear, instead of a hash: look up the token',
        inputs: strings,
        call: (token: string) => byToken.get(token),
      },
      {
        name: 'in clear, instead of a hash: look up its end, compare the rest',
        inputs: strings,
        call: (token: string) => byEnd.get(endOf(token)) === token,
      },
      { name: 'part: look up the hash', inputs: newNames, call: (name: string) => remembered.get(name) },
    ],
    effort,
  )
}

/** Sixteen bytes of the signature: enough to tell tokens apart. */
function endOf(token: string): string {
  return token.slice(-22)
}
