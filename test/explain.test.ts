import {
  createResourceServer,
  explain,
  ForbiddenError,
  InvalidTokenError,
  isAuthError,
  role,
  scope,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { b64 } from './support/tokens.ts'
import { closedPort } from './support/closed-port.ts'

let issuer: TestIssuer
beforeAll(async () => {
  issuer = await createTestIssuer({ issuer: 'https://id.example.com/', audience: 'https://api.example.com' })
})

const now = 1_800_000_000
const at = { now: () => now * 1000 }

/** What is explained when a token is refused. */
async function explained(
  claims: Record<string, unknown>,
  options: object = {},
  header: Record<string, string> = {},
): Promise<string> {
  const api = createResourceServer({ ...issuer.options, ...at, ...options })
  const token = await issuer.sign({ iat: now, exp: now + 300, ...claims }, header)
  return await explainedToken(api, token)
}

async function explainedToken(api: ReturnType<typeof createResourceServer>, token: string): Promise<string> {
  try {
    await api.verify(token)
    return 'accepted'
  } catch (error) {
    if (!isAuthError(error)) throw error
    return explain(error)
  }
}

describe('explain()', () => {
  it('names both issuers, and that only the slash differs', async () => {
    expect(await explained({ iss: 'https://id.example.com' })).toBe(
      'issuer: token has "https://id.example.com", configured "https://id.example.com/" (only the final slash differs: copy the issuer exactly as the token has it)',
    )
  })

  it('names the audience that the token has', async () => {
    expect(await explained({ aud: ['account', 'other'] })).toMatch(
      /^audience: token has "account", "other", configured "https:\/\/api\.example\.com" \(.*Keycloak.*mapper/,
    )
  })

  it('says by how many seconds a token expired, in all and beyond the tolerance', async () => {
    expect(await explained({ iat: now - 100, exp: now - 40 }, { clockTolerance: 30 })).toMatch(
      /^expired: token has exp 1799999960, expected after 1800000000, .*\(expired 40 s ago, 10 s beyond the tolerance of 30 s: /,
    )
  })

  it('says by how many seconds a token is early, and which claim says so', async () => {
    expect(await explained({ nbf: now + 120 })).toMatch(
      /^not_yet_valid: token has nbf 1800000120, .*\(nbf is 120 s ahead of this clock, 90 s beyond the tolerance of 30 s: /,
    )
  })

  it('names a claim that is not on the list, and its type alone', async () => {
    expect(await explained({ sub: 7 })).toMatch(/^claim: token has sub of type number, expected string \(/)
    expect(await explained({ tenant: undefined }, { requiredClaims: ['tenant'] })).toMatch(
      /^claim: token has no tenant, expected present \(requiredClaims/,
    )
  })

  it.each<[Record<string, unknown>, string]>([
    [{ exp: {} }, 'token has an object as exp'],
    [{ exp: [] }, 'token has a list as exp'],
    [{ exp: 'object' }, 'token has exp "object"'],
    [{ exp: null }, 'token has null as exp'],
    [{ nbf: ['1'] }, 'token has a list as nbf'],
    [{ iat: { at: 1 } }, 'token has an object as iat'],
    [{ aud: { a: 1 } }, 'token has an object as aud'],
    [{ aud: ['a', 1] }, 'token has a list as aud'],
    [{ scope: { a: 1 } }, 'token has an object as scope'],
    [{ iss: {} }, 'token has an object as iss'],
  ])('names the type of a claim whose value cannot be shown: %o', async (claims, line) => {
    expect(await explained(claims, { scopes: 'scope' })).toContain(line)
  })

  it('names the type of a kid that is no text', async () => {
    const header = b64(JSON.stringify({ alg: 'EdDSA', typ: 'at+jwt', kid: { a: 1 } }))
    const payload = b64(JSON.stringify({ iss: issuer.issuer, aud: issuer.audience, exp: now + 60 }))
    const api = createResourceServer({ ...issuer.options, ...at })
    expect(await explainedToken(api, `${header}.${payload}.AAAA`)).not.toContain('"object"')
  })

  it('tells what an opaque token is, and shows nothing of it', async () => {
    const api = createResourceServer(issuer.options)
    expect(await explainedToken(api, 'b25lLW9wYXF1ZS10b2tlbg')).toMatch(
      /^malformed: the token cannot be read \(the token is opaque: /,
    )
  })

  it('tells where a role is that a guard did not find', async () => {
    const api = createResourceServer({ ...issuer.options, ...at, roles: 'app_roles' })
    const auth = await api.verify(
      await issuer.sign({ iat: now, exp: now + 300, realm_access: { roles: ['admin'] } }),
    )
    const error: unknown = await api.authorize(auth, role('admin')).catch((it: unknown) => it)
    expect(explain(error)).toBe(
      `role: token has no roles, the route needs "admin" (looked for in 'app_roles', which the token does not have; the token has it in '/realm_access/roles': set roles: '/realm_access/roles')`,
    )
  })

  it('names the scopes that there are, and those that the route needs', async () => {
    const api = createResourceServer({ ...issuer.options, ...at })
    const auth = await api.verify(await issuer.sign({ iat: now, exp: now + 300, scope: 'read list' }))
    const error: unknown = await api.authorize(auth, scope('read', 'write')).catch((it: unknown) => it)
    expect(explain(error)).toMatch(
      /^scope: token has scope "read", "list", the route needs "read", "write" \(the client must request/,
    )
  })

  it('names the URL and the code of a server that cannot be reached', async () => {
    const url = `http://127.0.0.1:${await closedPort()}/keys`
    const api = createResourceServer({
      issuer: 'https://id.example.com',
      audience: 'a',
      jwksUri: `${url}?secret=1`,
    })
    const error: unknown = await api.ready().catch((it: unknown) => it)
    expect(explain(error)).toBe(
      `unavailable: the server cannot be reached at ${url}, ECONNREFUSED (nothing listens there: check host and port; in a container, localhost is the container itself)`,
    )
  })

  it('names the wrong option where a TypeError of ours says so', () => {
    let error: unknown
    try {
      createResourceServer({ issuer: 'https://id.example.com', audience: 'a', audiance: 'b' } as never)
    } catch (thrown) {
      error = thrown
    }
    expect(explain(error)).toMatch(/^TypeError: .*audiance/)
  })

  it.each<[string, unknown, string]>([
    [
      'an error of the application',
      new Error('alice@example.com'),
      'error: Error (not an error of this library',
    ],
    [
      'one with a code',
      Object.assign(new TypeError('secret'), { code: 'ECONNREFUSED' }),
      'error: TypeError ECONNREFUSED (not an error',
    ],
    ['a text', 'secret', 'error: a value of type string was thrown'],
    ['undefined', undefined, 'error: a value of type undefined was thrown'],
    ['null', null, 'error: a value of type null was thrown'],
    ['an object with a long name', { name: 'x'.repeat(1e5) }, 'error: Error (not'],
    [
      'an error around a refusal',
      new Error('secret', { cause: new InvalidTokenError('revoked') }),
      'Error, caused by revoked: refused as revoked',
    ],
    ['a refusal without facts', new UpstreamError(1), 'unavailable: whether the caller may pass'],
    ['a guard that said no', new ForbiddenError(), 'forbidden: a guard refused'],
  ])('copes with %s', (_title, error, line) => {
    expect(explain(error).startsWith(line)).toBe(true)
    expect(explain(error)).not.toMatch(/secret|alice/)
  })

  it('copes with causes that go round in a circle, and with what cannot be read', () => {
    const circle = new Error('circle')
    circle.cause = circle
    expect(explain(circle)).toMatch(/^error: Error, caused by Error/)
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(explain(proxy)).toBe('error: a value that cannot be read was thrown')
  })

  it('is one line of at most 1,000 characters, whatever the token has', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `${index}\n\u001b[31m${'x'.repeat(200)}`)
    const line = await explained({ aud: names })
    expect(line.length).toBeLessThanOrEqual(1000)
    expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
    const own = explain(
      new ForbiddenError('role', { detail: { hint: 'a\nb', expected: ['c\u2028d'], claim: 'x' } }),
    )
    expect(own).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
  })

  it('explains a token that a secret signed, where public keys are configured', async () => {
    const header = b64(JSON.stringify({ alg: 'HS256', typ: 'JWT' }))
    const api = createResourceServer({ ...issuer.options, ...at })
    const payload = b64(JSON.stringify({ iss: issuer.issuer, aud: issuer.audience, exp: now + 60 }))
    expect(await explainedToken(api, `${header}.${payload}.AAAA`)).toMatch(
      /^algorithm: token has alg "HS256", configured .* \(the token is signed with a shared secret/,
    )
  })
})
