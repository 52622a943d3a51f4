import {
  createResourceServer,
  type ResourceServer,
  role,
  scope,
  anyScope,
  authorizationDetails,
  recentLogin,
  type HttpRequest,
} from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { expect, it } from 'vitest'
import { b64 } from './support/tokens.ts'

// One row for every way that leads to a reason, with the one sentence that has to be true for all of them.

const now = 1_800_000_000
const issuer: TestIssuer = await createTestIssuer({ algorithms: ['EdDSA'], now: () => now * 1000 })
const stranger: TestIssuer = await createTestIssuer({ algorithms: ['EdDSA'], now: () => now * 1000 })
const withOptions = (options: object): ResourceServer =>
  createResourceServer({ ...issuer.options, ...options })
const api = withOptions({})
const header = (members: object): string => b64(JSON.stringify({ alg: 'EdDSA', ...members }))
const payload = b64(JSON.stringify({ iss: issuer.issuer, aud: issuer.audience, exp: now + 60 }))
const schema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: () => ({ issues: [{ message: 'no', path: ['sub'] }] }),
  },
} as const

type Way = readonly [way: string, send: () => Promise<unknown>]
const token = (way: string, make: () => Promise<string> | string, by = api): Way => [
  way,
  async () => by.verify(await make()),
]
const sends = (
  way: string,
  headers: Record<string, string>,
  by = api,
  more: Partial<HttpRequest> = {},
): Way => [way, () => by.authenticate({ method: 'GET', url: '/', headers, ...more })]
const guarded = (
  way: string,
  claims: Record<string, unknown>,
  ...guards: Parameters<typeof api.authorize>[1][]
): Way => [way, async () => api.authorize(await api.verify(await issuer.sign(claims)), ...guards)]

const rows: readonly (readonly [reason: string, sentence: string, ways: readonly Way[]])[] = [
  [
    'missing',
    'No access token was found',
    [
      sends('nothing', {}),
      sends('another scheme', { authorization: 'Basic eDp5' }),
      sends('a token without a scheme', { authorization: 'a.b.c' }),
      sends('a preflight', { 'access-control-request-method': 'GET' }, api, { method: 'OPTIONS' }),
      ['an anonymous caller meets a guard', () => api.authorize(undefined, scope('read'))],
    ],
  ],
  [
    'malformed',
    'The access token cannot be read as a signed JWT',
    [
      token('no text', () => ''),
      token('opaque', () => 'opaque'),
      token('encrypted', () => 'a.b.c.d.e'),
      token('critical extension', () => `${header({ crit: ['x'] })}.${payload}.AAAA`),
      token('a long kid', () => `${header({ kid: 'x'.repeat(300) })}.${payload}.AAAA`),
      token('a token within the token', () => `${header({ cty: 'JWT' })}.${payload}.AAAA`),
      token('no JSON', () => `${header({})}.${b64('x')}.AAAA`),
    ],
  ],
  ['too_large', 'The access token is too long', [token('over the limit', () => 'x'.repeat(20_000))]],
  [
    'type',
    'The type of the token is not accepted',
    [
      token('typ is not accepted', () => issuer.sign({}, { typ: 'logout+jwt' })),
      token(
        'JWT where at+jwt is required',
        () => issuer.sign({}, { typ: 'JWT' }),
        withOptions({ profile: 'rfc9068' }),
      ),
      token('an ID token', () => issuer.sign({ at_hash: 'x' })),
      token('a nonce', () => issuer.sign({ nonce: 'x' })),
      token('token_use', () => issuer.sign({ token_use: 'id' })),
      token('typ of the payload', () => issuer.sign({ typ: 'Refresh' })),
      token('typ is no text', () => `${header({ typ: 7 })}.${payload}.AAAA`),
    ],
  ],
  [
    'algorithm',
    'The signature algorithm is not accepted',
    [
      token('none', () => `${b64('{"alg":"none"}')}.${payload}.AAAA`),
      token('no alg', () => `${b64('{}')}.${payload}.AAAA`),
      token(
        'not on the list',
        () => issuer.sign(),
        withOptions({ algorithms: ['RS256'], jwks: undefined, jwksUri: 'https://id.test/keys' }),
      ),
    ],
  ],
  [
    'signature',
    'The signature of the access token could not be verified',
    [
      token('changed', async () => `${(await issuer.sign()).slice(0, -6)}AAAAAA`.replace(/.$/, 'A')),
      token('another key under the same kid', async () =>
        stranger.sign({ iss: issuer.issuer }, { kid: String(issuer.jwks.keys[0]?.['kid']) }),
      ),
    ],
  ],
  [
    'unknown_key',
    'The signing key of the access token is not known',
    [
      token(
        'another kid',
        () => issuer.sign({}, { kid: 'other' }),
        withOptions({ jwks: { keys: issuer.jwks.keys } }),
      ),
    ],
  ],
  [
    'issuer',
    'The access token does not name an issuer that this API trusts',
    [
      token('another', () => issuer.sign({ iss: 'https://other.test' })),
      token('one slash too few', () => issuer.sign({ iss: issuer.issuer.slice(0, -1) })),
      token('none', () => issuer.sign({ iss: undefined })),
      token('a number', () => issuer.sign({ iss: 7 })),
    ],
  ],
  [
    'audience',
    'The access token does not name this API as its audience',
    [
      token('another', () => issuer.sign({ aud: 'https://other.test' })),
      token('none', () => issuer.sign({ aud: undefined })),
      token('an empty list', () => issuer.sign({ aud: [] })),
      token('a number', () => issuer.sign({ aud: 7 })),
    ],
  ],
  [
    'expired',
    'The access token expired',
    [
      token('long ago', () => issuer.sign({ iat: 1, exp: 2 })),
      token('lately', () => issuer.sign({ iat: now - 90, exp: now - 40 })),
    ],
  ],
  [
    'not_yet_valid',
    'The access token is not valid yet',
    [token('nbf', () => issuer.sign({ nbf: now + 60 })), token('iat', () => issuer.sign({ iat: now + 60 }))],
  ],
  [
    'too_old',
    'The access token is too old',
    [token('iat', () => issuer.sign({ iat: now - 200 }), withOptions({ maxTokenAge: 60 }))],
  ],
  [
    'claim',
    'A claim of the access token is missing or not acceptable',
    [
      token('no exp', () => issuer.sign({ exp: undefined })),
      token('exp in milliseconds', () => issuer.sign({ exp: (now + 60) * 1000 })),
      token('a numeric sub', () => issuer.sign({ sub: 7 })),
      token('a required claim', () => issuer.sign(), withOptions({ requiredClaims: ['tenant'] })),
      token('a foreign client', () => issuer.sign(), withOptions({ clients: ['other'] })),
      token('roles of the wrong type', () => issuer.sign({ perms: 7 }), withOptions({ roles: 'perms' })),
    ],
  ],
  [
    'schema',
    'The claims of the access token are not acceptable',
    [token('refused', () => issuer.sign(), withOptions({ schema }))],
  ],
  [
    'binding',
    'The binding of the access token to its sender could not be confirmed',
    [
      token('bound to a key', () => issuer.sign({ cnf: { jkt: 'x' } })),
      token('bound in an unknown way', () => issuer.sign({ cnf: { other: 'x' } })),
      [
        'not bound, under DPoP',
        async () => {
          const found = { scheme: 'DPoP', token: await issuer.sign() } as const
          await withOptions({ tokenFrom: () => found }).authenticate({ headers: {} })
        },
      ],
    ],
  ],
  [
    'scope',
    'The scopes of the access token are not enough for this request',
    [
      guarded('one of two', { scope: 'read' }, scope('read', 'write')),
      guarded('none of two', { scope: 'read' }, anyScope('write', 'list')),
    ],
  ],
  [
    'step_up',
    'A stronger or more recent login of the user is required',
    [
      guarded('a weak login', { acr: 'pwd' }, recentLogin({ acrValues: ['mfa'] })),
      guarded('an old login', { auth_time: now - 900 }, recentLogin({ maxAge: 60 })),
      guarded('no claim of either', {}, recentLogin({ acrValues: ['mfa'], maxAge: 60 })),
    ],
  ],
  [
    'authorization_details',
    'The caller is not allowed to do this',
    [guarded('no details', {}, authorizationDetails('payment'))],
  ],
  ['role', 'The caller is not allowed to do this', [guarded('no role', {}, role('admin'))]],
  [
    'unavailable',
    'Access cannot be checked at the moment',
    [
      token(
        'the keys',
        () => issuer.sign(),
        withOptions({
          jwks: undefined,
          jwksUri: 'https://id.test/keys',
          fetch: () => Promise.reject(new Error('x')),
        }),
      ),
      sends(
        'a hook that does not end',
        {},
        withOptions({ hookTimeoutMs: 10, tokenFrom: () => new Promise(() => undefined) }),
      ),
    ],
  ],
]

it.each(
  rows.flatMap(([reason, sentence, ways]) =>
    ways.map(([way, send]) => [reason, way, sentence, send] as const),
  ),
)('%s: %s is told "%s"', async (reason, _way, sentence, send) => {
  await expect(send()).rejects.toMatchObject({ reason, message: sentence })
})
