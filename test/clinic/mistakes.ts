import { firstOf, fromHeader, fromQuery } from 'oauth-resource-server'
import type { TestServer } from 'oauth-resource-server/testing'
import type { HostOptions } from '../support/hosts.ts'
import { b64 } from '../support/tokens.ts'
import { canary, secrets } from './outputs.ts'
import type { World } from './world.ts'

// Mistakes that people make when they set an API up, with the line that explain() has for each.

type Claims = Record<string, unknown>

/** A set-up or a request with one mistake in it. Without any member, all is right. */
export interface Mistake {
  readonly options?: object | ((world: World) => object)
  /** Those that differ from a good token's; times count from the seconds since the epoch. */
  readonly claims?: Claims | ((now: number) => Claims)
  readonly header?: Record<string, unknown>
  /** The Authorization header made of a good token, or instead of it. */
  readonly authorization?: (token: string, world: World) => string | undefined
  readonly request?: RequestInit | ((token: string) => RequestInit)
  readonly host?: HostOptions
  readonly path?: string | ((token: string) => string)
  readonly fault?: Parameters<TestServer['fail']>
  /** @default 401 */
  readonly status?: number
  readonly line: RegExp
}

/** Seconds since the epoch. */
export const seconds = (): number => Math.floor(Date.now() / 1000)

/** A host with a route that needs the role `admin`. */
export const roleRoute: HostOptions = { routes: { '/guarded': (guards) => guards.requireRole('admin') } }

/** A host with a route that needs the scope `write`. */
export const scopeRoute: HostOptions = { routes: { '/guarded': (guards) => guards.requireScope('write') } }

/** Asks that route. */
export const guarded = { path: '/guarded', status: 403 }

const unsigned = (claims: Claims, header: object): string =>
  `${b64(JSON.stringify(header))}.${b64(JSON.stringify(claims))}.AAAA`

const schema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: () => ({ issues: [{ message: `not ${canary}`, path: ['profile', 'address', 'city'] }] }),
  },
}

/** On every framework: each depends on what an adapter hands on (method, URL, headers, body), or on how it refuses. */
export const requestMistakes: Readonly<Record<string, Mistake>> = {
  'an opaque token': { authorization: () => `Bearer ${canary}`, line: /^malformed: .*opaque/ },
  'no Bearer': { authorization: (token) => token, line: /^missing: .*without a scheme/ },
  'another scheme': { authorization: (token) => `Token ${token}`, line: /scheme Token: the word Bearer/ },
  'nothing at all': { authorization: () => undefined, line: /^missing: the request has no access token$/ },
  'Bearer twice': {
    authorization: (token) => `Bearer Bearer ${token}`,
    status: 400,
    line: /^malformed: .*Bearer stands before the token twice/,
  },
  'an empty variable': { authorization: () => 'Bearer undefined', line: /placeholder/ },
  'a preflight without cors()': {
    authorization: () => undefined,
    request: { method: 'OPTIONS', headers: { 'access-control-request-method': 'GET' } },
    line: /CORS preflight.*cors\(\) before verifyJwt\(\)/,
  },
  'a token in the query': {
    authorization: () => undefined,
    path: (token) => `/?access_token=${token}`,
    line: /^missing: .*the URL has an access_token, where it is not looked for: .*Authorization header/,
  },
  'a token in the body': {
    authorization: () => undefined,
    host: { form: true },
    request: (token) => ({
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `access_token=${token}`,
    }),
    line: /^missing: the request has no access token$/,
  },
  'a token in a cookie': {
    authorization: () => undefined,
    request: (token) => ({ headers: { cookie: `access_token=${token}` } }),
    line: /^missing: the request has no access token$/,
  },
  'a token in two places': {
    options: { tokenFrom: firstOf(fromHeader(), fromQuery()) },
    path: (token) => `/?access_token=${token}`,
    status: 400,
    line: /the request has an access token in two places, or twice in one: send it once/,
  },
  'nobody listens': {
    options: ({ closedUrl }) => ({ jwksUri: `${closedUrl}/keys?secret=${canary}` }),
    status: 503,
    line: /^unavailable: the server cannot be reached at http:\/\/127\.0\.0\.1:\d+\/keys, ECONNREFUSED \(nothing listens there/,
  },
}

/** On every framework: each is found by a guard, which every adapter has for itself. */
export const guardMistakes: Readonly<Record<string, Mistake>> = {
  'scopes in permissions': {
    host: scopeRoute,
    claims: { permissions: ['write'] },
    ...guarded,
    line: /^scope: token has no scope, the route needs "write" \(.*set scopes: 'permissions'/,
  },
  'scopes in permissions beside other scopes': {
    host: scopeRoute,
    claims: { scope: 'read', permissions: ['write'] },
    ...guarded,
    line: /has it in 'permissions': set scopes: \['scope', 'permissions'\]/,
  },
  'scopes in scp': {
    host: scopeRoute,
    options: { scopes: 'scope' },
    claims: { scp: ['write'] },
    ...guarded,
    line: /looked for in 'scope'.*set scopes: 'scp'/,
  },
  'scopes nowhere': {
    host: scopeRoute,
    claims: { scope: 'read' },
    ...guarded,
    line: /^scope: token has scope "read", the route needs "write" \(the client must request/,
  },
  'nested roles': {
    host: roleRoute,
    claims: { realm_access: { roles: ['admin'] } },
    ...guarded,
    line: /^role: token has no roles, the route needs "admin" \(.*'\/realm_access\/roles'/,
  },
  'a claim that the token does not have': {
    host: roleRoute,
    options: { roles: 'app_roles' },
    claims: { realm_access: { roles: ['admin'] } },
    ...guarded,
    line: /looked for in 'app_roles'.*set roles: '\/realm_access\/roles'/,
  },
  'another role': {
    host: roleRoute,
    claims: { roles: ['clerk'] },
    ...guarded,
    line: /^role: token has roles "clerk", the route needs "admin"/,
  },
}

/** On one framework in turn: the core finds them before an adapter has a part in it. */
export const tokenMistakes: Readonly<Record<string, Mistake>> = {
  'a slash too many': {
    claims: { iss: 'https://id.example.com/' },
    options: ({ issuer: { jwks } }) => ({ issuer: 'https://id.example.com', jwks }),
    line: /^issuer: token has "https:\/\/id\.example\.com\/", configured "https:\/\/id\.example\.com" \(only the final slash differs: copy/,
  },
  'another realm': {
    claims: { iss: 'https://kc.test/realms/b' },
    options: ({ issuer: { jwks } }) => ({ issuer: 'https://kc.test/realms/a', jwks }),
    line: /realms\/b.*realms\/a.*another realm/,
  },
  'a token of version 1 of Entra': {
    claims: { iss: 'https://sts.windows.net/t/' },
    options: ({ issuer: { jwks } }) => ({ issuer: 'https://login.microsoftonline.com/t/v2.0', jwks }),
    line: /version 1 token.*requestedAccessTokenVersion/,
  },
  'no issuer': { claims: { iss: undefined }, line: /^issuer: token has no iss, configured "http/ },
  'another API': {
    claims: { aud: 'https://other.test' },
    line: /^audience: token has "https:\/\/other\.test", configured "https:\/\/api\.example\.com" \(a token for another API/,
  },
  'the audience of Keycloak': { claims: { aud: 'account' }, line: /"account".*audience mapper/ },
  'no audience': { claims: { aud: undefined }, line: /^audience: token has no aud.*clients/ },
  'an audience that is the client': {
    claims: { aud: 'client-1' },
    line: /aud is the client, as in an ID token/,
  },
  'a token for Microsoft Graph': {
    claims: { aud: '00000003-0000-0000-c000-000000000000' },
    line: /token for Microsoft Graph/,
  },
  'an encrypted token': {
    authorization: () => `Bearer ${b64('{"alg":"dir","enc":"A256GCM"}')}.b.c.d.${canary}`,
    line: /encrypted \(JWE\)/,
  },
  'an ID token': {
    claims: { nonce: canary, at_hash: canary },
    line: /^type: token has at_hash of type string, expected absent \(an ID token/,
  },
  'a nonce of Keycloak 24': { claims: { nonce: canary, typ: 'Bearer' }, line: /acceptNonce: true/ },
  'an ID token of Cognito': {
    claims: { token_use: 'id' },
    line: /^type: token has token_use of type string, expected access \(an ID token/,
  },
  'a refresh token': { claims: { typ: 'Refresh' }, line: /refresh token/ },
  'no at+jwt': {
    options: { profile: 'rfc9068' },
    header: { typ: 'JWT' },
    line: /^type: token has typ "JWT", configured "at\+jwt" .*'compatible'/,
  },
  'a clock that is behind': {
    claims: (now) => ({ iat: now - 900, exp: now - 120 }),
    line: /^expired: token has exp \d+, .*expired 1[12]\d s ago, [89]\d s beyond the tolerance of 30 s/,
  },
  'a clock that is ahead': {
    claims: (now) => ({ iat: now + 130 }),
    line: /^not_yet_valid: token has iat \d+, .*iat is 1[23]\d s ahead of this clock, (?:9|10)\d s beyond/,
  },
  'a token of yesterday': {
    claims: (now) => ({ iat: now - 90_000, exp: now - 86_400 }),
    line: /^expired: .*\(expired 864\d\d s \(24 h\) ago, .*the largest tolerance of 300 s: get a new token/,
  },
  'nbf in the future': { claims: (now) => ({ nbf: now + 130 }), line: /nbf is 1[23]\d s ahead/ },
  'exp in milliseconds': {
    claims: (now) => ({ exp: (now + 60) * 1000 }),
    line: /^claim: token has exp \d+, .*milliseconds/,
  },
  'too old': {
    options: { maxTokenAge: 60 },
    claims: (now) => ({ iat: now - 200 }),
    line: /^too_old: token has iat/,
  },
  'a numeric sub': { claims: { sub: 7 }, line: /^claim: token has sub of type number, expected string/ },
  'a missing claim': {
    options: { requiredClaims: ['tenant'] },
    line: /^claim: token has no tenant, expected present \(requiredClaims/,
  },
  'a foreign client': {
    options: { clients: ['web'] },
    line: /^claim: token has client_id "client-1", configured "web" \(.*add it to clients/,
  },
  'HS256 with public keys': {
    authorization: (_token, { issuer }) =>
      `Bearer ${unsigned({ iss: issuer.issuer, aud: issuer.audience, exp: seconds() + 60, ...secrets }, { alg: 'HS256' })}`,
    line: /^algorithm: token has alg "HS256", configured .*shared secret/,
  },
  'no signature': {
    authorization: (_token, { issuer }) =>
      `Bearer ${unsigned({ iss: issuer.issuer, exp: seconds() + 60 }, { alg: 'none' })}`,
    line: /^algorithm: token has alg "none"/,
  },
  'an unknown key after a restart': {
    header: { kid: 'old' },
    line: /^unknown_key: token has kid "old" \(.*restart/,
  },
  'a schema that refuses': {
    options: { schema },
    line: /^schema: the schema refuses the claims: profile \(the schema refuses profile\.address\.city: token has profile\.address\.city of type string\)/,
  },
  'a token bound to a key': {
    claims: { cnf: { jkt: canary } },
    line: /^binding: the token is bound to its sender/,
  },
  'a name that is not found': {
    options: { jwksUri: 'https://does-not-exist.invalid/keys' },
    status: 503,
    line: /^unavailable: .*does-not-exist\.invalid\/keys, E\w+ \(the host name cannot be found/,
  },
  'a certificate that is self-signed': {
    options: ({ selfSignedUrl }) => ({ jwksUri: `${selfSignedUrl}/keys` }),
    status: 503,
    line: /^unavailable: .*\/keys, DEPTH_ZERO_SELF_SIGNED_CERT \(.*set NODE_EXTRA_CA_CERTS/,
  },
  'https on an http port': {
    options: ({ pageUrl }) => ({ jwksUri: `${pageUrl.replace('http:', 'https:')}/keys` }),
    status: 503,
    line: /^unavailable: .*(?:does not speak https|connection was closed)/,
  },
  'a wrong path': {
    options: ({ server }) => ({ jwksUri: `${server.url}/wrong` }),
    status: 503,
    line: /status 404 at .*\/wrong \(nothing is published at this URL/,
  },
  'a page instead of keys': {
    options: ({ pageUrl }) => ({ jwksUri: `${pageUrl}/keys` }),
    status: 503,
    line: /not a JSON object at/,
  },
  'metadata of another issuer': {
    fault: ['other-issuer'],
    status: 503,
    line: /^unavailable: the metadata names another issuer .*: the metadata has iss "[^"]+", configured "http/,
  },
  'a redirect': {
    options: ({ server }) => ({ jwksUri: server.jwksUri }),
    fault: ['redirect'],
    status: 503,
    line: /redirects are not followed/,
  },
  'keys that nobody should use': {
    options: ({ server }) => ({ jwksUri: server.jwksUri }),
    fault: ['poisoned'],
    status: 503,
    line: /no usable key at .*keys\[0\]: /,
  },
}
