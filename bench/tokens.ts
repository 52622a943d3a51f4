import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { createTestIssuer, type TestAlgorithm, type TestIssuer } from 'oauth-resource-server/testing'

export const audience = 'https://api.example.com'

/** Claims as a common issuer writes them: a token of about 1 KB under RS256. */
export function commonClaims(index: number): Record<string, unknown> {
  return {
    sub: `user-${index}`,
    // Longer than any run, so that no token expires in it.
    exp: Math.floor(Date.now() / 1000) + 7200,
    client_id: '9f1c3b52-6d5e-4c9a-9d0b-6f2a4b1c7e88',
    scope: 'openid profile email orders:read orders:write invoices:read',
    roles: ['customer', 'editor'],
    name: 'Ada Lovelace',
    email: `ada.lovelace.${index}@example.com`,
    tenant: '4a7d1ed4-14f7-4ac4-8b6d-1f3a0c9e2b11',
    sid: '0c5d3b0e-6f57-4f4b-9a0f-8f6d5d0c1a2b',
  }
}

/** An issuer with one key, and tokens it signed. */
export interface SignedTokens {
  readonly issuer: TestIssuer
  readonly key: KeyObject
  readonly tokens: readonly Buffer[]
}

export async function signedTokens(
  algorithm: TestAlgorithm,
  count: number,
  claims: (index: number) => Record<string, unknown> = commonClaims,
): Promise<SignedTokens> {
  const issuer = await createTestIssuer({
    issuer: 'https://id.example.com/',
    audience,
    algorithms: [algorithm],
  })
  const tokens: Buffer[] = []
  for (let index = 0; index < count; index++) tokens.push(Buffer.from(await issuer.sign(claims(index))))
  return { issuer, key: createPublicKey({ key: issuer.jwks.keys[0] as JsonWebKey, format: 'jwk' }), tokens }
}

/** New string objects with the content of the tokens in turn, as an HTTP parser delivers them. */
export function freshStrings(tokens: readonly Buffer[], count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    (tokens[index % tokens.length] as Buffer).toString('latin1'),
  )
}

/** What Node hands to a framework for a request with this token. */
export function requestWith(token: string): {
  method: string
  url: string
  headers: Record<string, string>
  rawHeaders: string[]
} {
  const authorization = `Bearer ${token}`
  const headers = {
    host: 'api.example.com',
    connection: 'keep-alive',
    accept: 'application/json',
    'accept-encoding': 'gzip, deflate, br',
    'user-agent': 'example/1.0',
    authorization,
  }
  return { method: 'GET', url: '/orders?page=2', headers, rawHeaders: Object.entries(headers).flat() }
}

/** Requests whose header values are flat strings of their own, as an HTTP parser delivers them. */
export function freshRequests(tokens: readonly Buffer[], count: number): ReturnType<typeof requestWith>[] {
  return Array.from({ length: count }, (_, index) => {
    const request = requestWith('')
    const authorization = Buffer.concat([
      Buffer.from('Bearer '),
      tokens[index % tokens.length] as Buffer,
    ]).toString('latin1')
    request.headers['authorization'] = authorization
    request.rawHeaders[request.rawHeaders.length - 1] = authorization
    return request
  })
}
