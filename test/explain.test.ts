import {
  createResourceServer,
  explain,
  ForbiddenError,
  InsufficientScopeError,
  InsufficientUserAuthenticationError,
  InvalidProofError,
  InvalidTokenError,
  isAuthError,
  MissingTokenError,
  role,
  scope,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { plain } from '../src/hints/plain.ts'
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

  const failed = (options: object = {}): object => {
    const error = new Error('the server answered with status 500')
    return Object.assign(plain(error), { name: 'FetchError', ...options })
  }
  it.each<[unknown, string]>([
    [new InvalidTokenError('inactive'), 'inactive: refused as inactive'],
    [new InvalidTokenError('revoked', { detail: { claim: 'jti' } }), 'revoked: refused for jti'],
    [
      new InvalidTokenError('malformed', { detail: { claim: 'kid' } }),
      'malformed: the token cannot be read: kid',
    ],
    [new InvalidTokenError('too_large'), 'too_large: the token is too long'],
    [new InvalidTokenError('schema'), 'schema: the schema refuses the claims'],
    [new InvalidTokenError('signature'), 'signature: the signature cannot be verified'],
    [new MissingTokenError(), 'missing: the request has no access token'],
    [
      new InvalidTokenError('signature', { detail: { claim: 'kid', actual: 'a', hint: 'do this' } }),
      'signature: the signature cannot be verified, token has kid "a" (do this)',
    ],
    [
      new InvalidTokenError('binding', { detail: { claim: 'cnf', actual: {}, expected: 'jkt' } }),
      'binding: the token is bound to its sender, which cannot be confirmed, token has cnf of type object, expected jkt',
    ],
    [
      new InvalidTokenError('unknown_issuer', { detail: { claim: 'iss', actual: 'a', expected: 'b' } }),
      'unknown_issuer: token has "a", configured "b"',
    ],
    [
      new InvalidTokenError('audience', { detail: { claim: 'aud', actual: [], expected: null } }),
      'audience: token has an empty aud',
    ],
    [
      new InvalidTokenError('audience', { detail: { claim: 'aud', expected: [] } }),
      'audience: nothing configured',
    ],
    [
      new InvalidTokenError('claim', { detail: { claim: 'iat', actual: 7, expected: 5 } }),
      'claim: token has iat 7, expected 5',
    ],
    [
      new InvalidTokenError('claim', { detail: { claim: 'sub', actual: null, expected: undefined } }),
      'claim: token has sub of type null',
    ],
    [
      new ForbiddenError('role', { detail: { claim: 'roles', actual: [], expected: ['a'] } }),
      'role: token has no roles, the route needs "a"',
    ],
    [
      new ForbiddenError('role', {
        detail: { claim: 'roles', actual: ['a'], expected: Array.from({ length: 12 }, (_, at) => at) },
      }),
      'role: token has roles "a", the route needs 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more',
    ],
    [
      new ForbiddenError('role', {
        detail: { claim: 'roles', actual: ['a'], expected: Array.from({ length: 10 }, (_, at) => at) },
      }),
      'role: token has roles "a", the route needs 0, 1, 2, 3, 4, 5, 6, 7, 8, 9',
    ],
    [
      new InsufficientScopeError(['a'], { detail: { claim: 'scope', expected: ['a'] } }),
      'scope: the route needs "a"',
    ],
    [
      new InsufficientUserAuthenticationError(
        { acrValues: ['mfa'] },
        { detail: { claim: 'acr', actual: 'pwd', expected: ['mfa'] } },
      ),
      'step_up: token has acr of type string, the route needs "mfa"',
    ],
    [
      new ForbiddenError('authorization_details', {
        detail: { claim: 'authorization_details', actual: undefined, expected: ['payment'] },
      }),
      'authorization_details: token has no authorization_details, the route needs "payment"',
    ],
    [
      new InvalidTokenError('audience', { detail: { claim: 'aud', actual: undefined, expected: ['a'] } }),
      'audience: token has no aud, configured "a"',
    ],
    [
      new InvalidProofError('proof', { detail: { claim: 'htu', actual: 'x', expected: 'y' } }),
      'proof: the proof has htu of type string, expected y',
    ],
    [
      new InvalidProofError('replayed', { detail: { claim: 'jti', actual: undefined } }),
      'replayed: the DPoP proof was used before, the proof has no jti',
    ],
    [
      new InvalidProofError('nonce', { detail: { claim: 'nonce', actual: 'x' } }),
      'nonce: the DPoP proof has no nonce of this API that is still good, the proof has nonce of type string',
    ],
    [
      new UpstreamError(1, { cause: failed({ status: 500, url: 'https://a.test/', code: 'EPIPE' }) }),
      'unavailable: the server answered with status 500 at https://a.test/, EPIPE (the issuer is out of order: it is tried again by itself)',
    ],
    [
      new UpstreamError(1, {
        cause: failed({ detail: { hint: 'do this' } }),
        detail: { claim: 'issuer', actual: 'a', expected: 'b' },
      }),
      'unavailable: the server answered with status 500: the metadata has issuer of type string, expected b (do this)',
    ],
    [failed(), 'unavailable: the server answered with status 500'],
    [
      failed({ detail: { claim: 'iss', actual: 'a', expected: 'b' } }),
      'unavailable: the server answered with status 500: the metadata has iss "a", configured "b"',
    ],
    [
      failed({ thrown: 'TypeError', detail: { claim: 'issuer', expected: 'b' } }),
      'unavailable: the server answered with status 500, TypeError: expected b (the fetch function itself failed)',
    ],
    [
      failed({ code: 'EPIPE', detail: { hint: 'do this' } }),
      'unavailable: the server answered with status 500, EPIPE (do this)',
    ],
    [failed({ name: 'Other' }), 'Other: the server answered with status 500'],
    [
      new UpstreamError(1, { cause: new Error('x') }),
      'unavailable: whether the caller may pass cannot be found out now',
    ],
    [plain(Object.assign(new Error('text'), { name: '1' })), 'Error: text'],
    [
      Object.assign(new Error('x', { cause: Object.assign(new Error('y'), { name: 'A b', code: 'E' }) }), {
        code: 'e',
      }),
      'error: Error, caused by Error E (not an error of this library: its message is not shown)',
    ],
    [Object.assign(new Error('x'), { name: 'A1', code: `E${'X'.repeat(64)}` }), 'error: A1 (not'],
    [
      Object.assign(new Error('x'), { name: `A${'b'.repeat(63)}`, code: 'E_1' }),
      `error: A${'b'.repeat(63)} E_1 (`,
    ],
    [{ name: ['TypeError'], code: ['EPIPE'] }, 'error: Error (not'],
    [true, 'error: a value of type boolean was thrown'],
  ])('writes %s in one line', (error, line) => {
    expect(explain(error).startsWith(line)).toBe(true)
    if (!line.includes('(not') && !line.endsWith('(')) expect(explain(error)).toBe(line)
  })

  it('looks at five errors and no more', () => {
    const around = (count: number): unknown =>
      count === 0 ? new InvalidTokenError('inactive') : new Error('x', { cause: around(count - 1) })
    expect(explain(around(4))).toMatch(/^(?:Error, caused by ){4}inactive: /)
    expect(explain(around(5))).toMatch(/^error: (?:Error, caused by ){4}Error \(not an error of this library/)
  })
})

describe('F5 a token that its server makes in another way', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'the client id as aud',
      { aud: 'web' },
      /^audience: token has "web", configured "https:\/\/api\.example\.com" \(.*ask the issuer for a token with the audience of this API \(parameter resource or audience\)/,
    ],
    [
      'the list of scopes as aud',
      { aud: 'openid profile', scope: 'openid profile' },
      /^audience: token has "openid profile", .*pass the parameter resource in the token request/,
    ],
    [
      'the same as a list',
      { aud: ['openid', 'profile'], scope: 'openid profile' },
      /^audience: token has "openid", "profile", .*pass the parameter resource in the token request/,
    ],
    [
      'neither aud nor client',
      { aud: undefined, client_id: undefined },
      /^audience: token has no aud, .*neither an audience nor a client.*ask the issuer for a token with the audience/,
    ],
  ])('is explained by what it has and what to ask for: %s', async (_what, claims, line) => {
    expect(await explained(claims)).toMatch(line)
  })

  it('is explained by where its roles are: under properties', async () => {
    const api = createResourceServer({ ...issuer.options, ...at })
    const auth = await api.verify(
      await issuer.sign({ iat: now, exp: now + 300, properties: { roles: ['admin'] } }),
    )
    const refusal: unknown = await api.authorize(auth, role('admin')).catch((error: unknown) => error)
    expect(explain(refusal)).toMatch(
      /^role: token has no roles, the route needs "admin" \(.*the token has it in '\/\*\/roles'/,
    )
  })
})
