import { createResourceServer, type ResourceServerOptions } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { type Contender, type Effort, interleaved, median } from '../measure.ts'
import { audience, commonClaims, freshStrings, type SignedTokens, signedTokens } from '../tokens.ts'
import { floor, floorName } from '../floor.ts'

/** How one cost grows. */
export interface GrowthChart {
  readonly id: string
  readonly title: string
  readonly unit: string
  readonly lines: Readonly<Record<string, readonly GrowthPoint[]>>
}

export interface GrowthPoint {
  readonly x: number
  readonly nanoseconds: number
}

const never = 'never seen before'
const before = 'seen before'

/** Measures every chart's points side by side. */
export async function growthPart(effort: Effort): Promise<readonly GrowthChart[]> {
  return [
    await chart('token-size', 'Length of the token', 'characters', await bySize(), effort),
    await chart('keys', 'Keys of the issuer', 'keys', await byKeys(), effort),
    await chart('issuers', 'Trusted issuers', 'issuers', await byIssuers(), effort),
    await chart('cache', 'Tokens remembered', 'tokens', await byCacheEntries(), effort),
    await chart('scopes', 'Scopes in the token', 'scopes', await byScopes(), effort),
  ]
}

interface Point {
  readonly x: number
  readonly line: string
  readonly contender: Contender
}

async function chart(
  id: string,
  title: string,
  unit: string,
  points: readonly Point[],
  effort: Effort,
): Promise<GrowthChart> {
  const timings = await interleaved(
    points.map(({ x, line, contender }) => ({ ...contender, name: `${line} ${x}` })),
    effort,
  )
  const lines: Record<string, GrowthPoint[]> = {}
  for (const { x, line } of points) {
    ;(lines[line] ??= []).push({ x, nanoseconds: median(timings[`${line} ${x}`] ?? []) })
  }
  return { id, title, unit, lines }
}

/** One measurement of tokens never seen, and one of the same tokens seen before. */
function bothWays(
  x: number,
  { tokens }: Pick<SignedTokens, 'tokens'>,
  options: ResourceServerOptions,
): Point[] {
  const inputs = (count: number): readonly unknown[] => freshStrings(tokens, count)
  const forgetful = createResourceServer({ ...options, tokenCache: false })
  const remembering = createResourceServer(options)
  return [
    { x, line: never, contender: { name: '', inputs, call: forgetful.verify } },
    { x, line: before, contender: { name: '', inputs, call: remembering.verify } },
  ]
}

async function bySize(): Promise<readonly Point[]> {
  const points: Point[] = []
  for (const filler of [1, 500, 1200, 2600, 5200]) {
    const signed = await signedTokens('RS256', 20, (index) => ({
      ...commonClaims(index),
      note: 'x'.repeat(filler),
    }))
    const { issuer, jwks } = signed.issuer
    const length = (signed.tokens[0] as Buffer).length
    points.push(...bothWays(length, signed, { issuer, audience, jwks }))
    points.push({ x: length, line: floorName, contender: floor('RS256', signed) })
  }
  return points
}

async function byKeys(): Promise<readonly Point[]> {
  const points: Point[] = []
  for (const count of [1, 10, 30, 100]) {
    const signed = await signedTokens('ES256', 20)
    const { issuer, jwks } = signed.issuer
    const others = await Promise.all(Array.from({ length: count - 1 }, () => createTestIssuer()))
    // The key that signed stands last.
    const keys = [...others.flatMap((other) => other.jwks.keys), ...jwks.keys]
    points.push(...bothWays(count, signed, { issuer, audience, jwks: { keys } }))
  }
  return points
}

async function byIssuers(): Promise<readonly Point[]> {
  const signed = await signedTokens('ES256', 20)
  const { issuer, jwks } = signed.issuer
  return [1, 10, 100, 1000].flatMap((count) => {
    const others = Array.from({ length: count - 1 }, (_, index) => ({
      issuer: `https://id-${index}.example.com/`,
      audience,
      jwks,
    }))
    return bothWays(count, signed, {
      issuers: [...others, { issuer, audience, jwks }],
    })
  })
}

async function byCacheEntries(): Promise<readonly Point[]> {
  const signed = await signedTokens('ES256', 10_000)
  const { issuer, jwks } = signed.issuer
  const points: Point[] = []
  for (const count of [10, 100, 1000, 10_000]) {
    const api = createResourceServer({ issuer, audience, jwks })
    const tokens = signed.tokens.slice(0, count)
    for (const token of tokens) await api.verify(token.toString('latin1'))
    let turn = 0
    const inputs = (wanted: number): readonly unknown[] =>
      // A large step, so that neighbours in memory are not neighbours in time.
      freshStrings(
        Array.from({ length: wanted }, () => tokens[(turn = (turn + 6151) % count)] as Buffer),
        wanted,
      )
    points.push({ x: count, line: before, contender: { name: '', inputs, call: api.verify } })
  }
  return points
}

async function byScopes(): Promise<readonly Point[]> {
  const points: Point[] = []
  for (const count of [1, 10, 100, 300, 1000]) {
    const scope = Array.from({ length: count }, (_, index) => `scope:${index}`).join(' ')
    const signed = await signedTokens('RS256', 20, (index) => ({ ...commonClaims(index), scope }))
    const { issuer, jwks } = signed.issuer
    points.push(...bothWays(count, signed, { issuer, audience, jwks, maxTokenLength: 65_536 }))
    points.push({ x: count, line: floorName, contender: floor('RS256', signed) })
  }
  return points
}
