import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { fromHeader } from 'oauth-resource-server'
import { type Effort, interleaved, type Timings } from '../measure.ts'
import { freshRequests, freshStrings, signedTokens } from '../tokens.ts'

/** Times the steps that a token seen before takes, one by one, and two that do without a hash. */
export async function stepsStudy(effort: Effort): Promise<Timings> {
  const { tokens } = await signedTokens('RS256', 200)
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
  const strings = (count: number): readonly unknown[] => freshStrings(tokens, count)
  const requests = (count: number): readonly unknown[] => freshRequests(tokens, count)
  const newNames = (count: number): readonly unknown[] =>
    freshStrings(
      names.map((name) => Buffer.from(name, 'binary')),
      count,
    )
  return interleaved(
    [
      { name: 'find the token in the request', inputs: requests, call: fromHeader() },
      {
        name: 'hash the token',
        inputs: strings,
        call: (token: string) => hash('sha256', token, 'binary'),
      },
      {
        name: 'hash its signature alone',
        inputs: strings,
        call: (token: string) => hash('sha256', token.slice(token.lastIndexOf('.') + 1), 'binary'),
      },
      { name: 'look up the hash', inputs: newNames, call: (name: string) => remembered.get(name) },
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
    ],
    effort,
  )
}

/** Sixteen bytes of the signature: enough to tell tokens apart. */
function endOf(token: string): string {
  return token.slice(-22)
}
