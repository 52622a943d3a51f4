import diagnostics from 'node:diagnostics_channel'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import {
  type AuthError,
  channelNames,
  createResourceServer,
  explain,
  type ResourceServer,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer, type TestServer } from 'oauth-resource-server/testing'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { signSelf } from './attacks/certificate.ts'
import { type HostOptions, hosts } from './support/hosts.ts'
import { b64 } from './support/tokens.ts'

// Mistakes that people make when they set an API up. explain() has to name cause, values and fix; the response, nothing.

const canary = 'CANARY7f3a'
/** Claims whose values may be shown nowhere. */
const secrets = {
  email: `${canary}@example.com`,
  name: canary,
  amr: [canary],
  profile: { address: { city: canary } },
  [`https://example.com/x`]: canary,
}

let issuer: TestIssuer
let server: TestServer
let other: Server
let otherUrl: string
let selfSigned: Server
let selfSignedUrl: string
let deadUrl: string
const listening = async (it: Server): Promise<string> => {
  await new Promise<void>((resolve) => it.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(it.address() as AddressInfo).port}`
}
beforeAll(async () => {
  issuer = await createTestIssuer({ algorithms: ['EdDSA'], audience: 'https://api.example.com' })
  server = await issuer.listen()
  other = createServer((_request, response) => response.end('<html>sign in</html>'))
  otherUrl = `http://${await listening(other)}`
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const cert = new X509Certificate(signSelf(privateKey)).toString()
  selfSigned = createTlsServer({ key: privateKey.export({ type: 'pkcs8', format: 'pem' }), cert })
  selfSignedUrl = `https://${await listening(selfSigned)}`
  // A port that was free a moment ago. Node's fetch refuses fixed low ports before it connects.
  const dead = createServer()
  deadUrl = `http://${await listening(dead)}`
  await new Promise((resolve) => dead.close(resolve))
})
afterAll(async () => {
  other.close()
  selfSigned.close()
  await server.close()
})

const seen: unknown[] = []
const note = (message: unknown): void => void seen.push(message)
const warned: Error[] = []
const onWarning = (warning: Error): void => void warned.push(warning)
beforeAll(() => {
  for (const name of Object.values(channelNames)) diagnostics.subscribe(name, note)
  process.on('warning', onWarning)
})
afterAll(() => {
  for (const name of Object.values(channelNames)) diagnostics.unsubscribe(name, note)
  process.off('warning', onWarning)
})
afterEach(() => {
  seen.length = 0
  warned.length = 0
  server.heal()
})

type Claims = Record<string, unknown>
interface Mistake {
  readonly options?: (() => object) | object
  readonly claims?: Claims
  readonly header?: Record<string, unknown>
  /** The Authorization header made of a good token, or instead of it. */
  readonly authorization?: (token: string) => string | undefined
  readonly request?: RequestInit
  readonly host?: HostOptions
  readonly path?: string
  readonly fault?: Parameters<TestServer['fail']>
  readonly status?: number
  readonly line: RegExp
}

const now = Math.floor(Date.now() / 1000)
const roleRoute = {
  routes: {
    '/guarded': (guards: { requireRole: (...names: string[]) => unknown }) => guards.requireRole('admin'),
  },
}
const scopeRoute = {
  routes: {
    '/guarded': (guards: { requireScope: (...names: string[]) => unknown }) => guards.requireScope('write'),
  },
}
const guarded = { path: '/guarded', status: 403 }
const unsigned = (claims: Claims, header: object): string =>
  `${b64(JSON.stringify(header))}.${b64(JSON.stringify(claims))}.AAAA`
const schema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: () => ({ issues: [{ message: `not ${canary}`, path: ['profile', 'address', 'city'] }] }),
  },
}

const mistakes: Readonly<Record<string, Mistake>> = {
  'a slash too many': {
    claims: { iss: 'https://id.example.com/' },
    options: { issuer: 'https://id.example.com', jwksUri: 'https://id.example.com/keys' },
    line: /^issuer: token has "https:\/\/id\.example\.com\/", configured "https:\/\/id\.example\.com" \(only the final slash differs: copy/,
  },
  'another realm': {
    claims: { iss: 'https://kc.test/realms/b' },
    options: { issuer: 'https://kc.test/realms/a', jwksUri: 'https://kc.test/k' },
    line: /realms\/b.*realms\/a.*another realm/,
  },
  'a token of version 1 of Entra': {
    claims: { iss: 'https://sts.windows.net/t/' },
    options: { issuer: 'https://login.microsoftonline.com/t/v2.0' },
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
  'an opaque token': { authorization: () => `Bearer ${canary}`, line: /^malformed: .*opaque/ },
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
  'no Bearer': { authorization: (token) => token, line: /^missing: .*without a scheme/ },
  'another scheme': { authorization: (token) => `Token ${token}`, line: /scheme Token: the word Bearer/ },
  'nothing at all': { authorization: () => undefined, line: /^missing: the request has no access token$/ },
  'Bearer twice': {
    authorization: (token) => `Bearer Bearer ${token}`,
    status: 400,
    line: /^malformed: .*Bearer stands before the token twice/,
  },
  'an empty variable': { authorization: () => 'Bearer undefined', line: /placeholder/ },
  'a clock that is behind': {
    claims: { iat: now - 900, exp: now - 120 },
    line: /^expired: token has exp \d+, .*expired 1[12]\d s ago, [89]\d s beyond the tolerance of 30 s/,
  },
  'a clock that is ahead': {
    claims: { iat: now + 130 },
    line: /^not_yet_valid: token has iat \d+, .*iat is 1[23]\d s ahead of this clock, (?:9|10)\d s beyond/,
  },
  'a token of yesterday': {
    claims: { iat: now - 90_000, exp: now - 86_400 },
    line: /^expired: .*\(expired 864\d\d s \(24 h\) ago, .*the largest tolerance of 300 s: get a new token/,
  },
  'nbf in the future': { claims: { nbf: now + 130 }, line: /nbf is 1[23]\d s ahead/ },
  'exp in milliseconds': {
    claims: { exp: (now + 60) * 1000 },
    line: /^claim: token has exp \d+, .*milliseconds/,
  },
  'too old': { options: { maxTokenAge: 60 }, claims: { iat: now - 200 }, line: /^too_old: token has iat/ },
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
    authorization: () =>
      `Bearer ${unsigned({ iss: issuer.issuer, aud: issuer.audience, exp: now + 60, ...secrets }, { alg: 'HS256' })}`,
    line: /^algorithm: token has alg "HS256", configured .*shared secret/,
  },
  'no signature': {
    authorization: () => `Bearer ${unsigned({ iss: issuer.issuer, exp: now + 60 }, { alg: 'none' })}`,
    line: /^algorithm: token has alg "none"/,
  },
  'an unknown key after a restart': {
    header: { kid: 'old' },
    line: /^unknown_key: token has kid "old" \(.*restart/,
  },
  'a schema that refuses': {
    options: { schema },
    line: /^schema: the schema refuses the claims, token has profile of type object, expected valid \(the schema refuses profile\.address\.city\)/,
  },
  'a token bound to a key': {
    claims: { cnf: { jkt: canary } },
    line: /^binding: the token is bound to its sender/,
  },
  'a preflight without cors()': {
    authorization: () => undefined,
    request: { method: 'OPTIONS', headers: { 'access-control-request-method': 'GET' } },
    line: /CORS preflight.*cors\(\) before verifyJwt\(\)/,
  },
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
  'nobody listens': {
    options: () => ({ jwksUri: `${deadUrl}/keys?secret=${canary}` }),
    status: 503,
    line: /^unavailable: the server cannot be reached at http:\/\/127\.0\.0\.1:\d+\/keys, ECONNREFUSED \(nothing listens there/,
  },
  'a name that is not found': {
    options: { jwksUri: 'https://does-not-exist.invalid/keys' },
    status: 503,
    line: /^unavailable: .*does-not-exist\.invalid\/keys, E\w+ \(the host name cannot be found/,
  },
  'a certificate that is self-signed': {
    options: () => ({ jwksUri: `${selfSignedUrl}/keys` }),
    status: 503,
    line: /^unavailable: .*\/keys, DEPTH_ZERO_SELF_SIGNED_CERT \(.*set NODE_EXTRA_CA_CERTS/,
  },
  'https on an http port': {
    options: () => ({ jwksUri: `${otherUrl.replace('http:', 'https:')}/keys` }),
    status: 503,
    line: /^unavailable: .*(?:does not speak https|connection was closed)/,
  },
  'a wrong path': {
    options: () => ({ jwksUri: `${server.url}/wrong` }),
    status: 503,
    line: /status 404 at .*\/wrong \(nothing is published at this URL/,
  },
  'a page instead of keys': {
    options: () => ({ jwksUri: `${otherUrl}/keys` }),
    status: 503,
    line: /not a JSON object at/,
  },
  'metadata of another issuer': {
    fault: ['other-issuer'],
    status: 503,
    line: /^unavailable: the metadata names another issuer .*: the metadata has iss "[^"]+", configured "http/,
  },
  'a redirect': {
    options: () => ({ jwksUri: server.jwksUri }),
    fault: ['redirect'],
    status: 503,
    line: /redirects are not followed/,
  },
  'keys that nobody should use': {
    options: () => ({ jwksUri: server.jwksUri }),
    fault: ['poisoned'],
    status: 503,
    line: /no usable key at .*keys\[0\]: /,
  },
}

const [express5, ...otherHosts] = ['express 5', 'fastify 5', 'koa 3', 'fetch'] as const
const frameworks = [express5, ...otherHosts]

interface Result {
  readonly status: number
  readonly line: string
  readonly everything: string
  readonly body: string
}

async function run(
  { options, claims, header, host, path = '/', ...mistake }: Mistake,
  framework: string,
): Promise<Result> {
  const refusals: [AuthError, unknown][] = []
  const given = typeof options === 'function' ? (options as () => object)() : options
  const api: ResourceServer = createResourceServer({
    issuer: issuer.issuer,
    audience: issuer.audience as string,
    ...given,
    onRefused: (error: AuthError, request: unknown) => void refusals.push([error, request]),
  })
  if (mistake.fault !== undefined) await server.fail(...mistake.fault)
  const token = await issuer.sign({ ...secrets, ...claims }, header)
  const running = await (hosts[framework] as (typeof hosts)[string])(api, host)
  try {
    const authorization =
      mistake.authorization === undefined ? `Bearer ${token}` : mistake.authorization(token)
    const headers = new Headers(mistake.request?.headers)
    if (authorization !== undefined) headers.set('authorization', authorization)
    const response = await fetch(`${running.origin}${path}`, { ...mistake.request, headers })
    const body = await response.text()
    expect(refusals, 'one refusal').toHaveLength(1)
    const [error, request] = refusals[0] as [AuthError, unknown]
    expect(request, 'the request of the framework').toBeTypeOf('object')
    await new Promise((resolve) => setImmediate(resolve))
    const line = explain(error)
    const everything = [
      line,
      body,
      JSON.stringify([...response.headers]),
      JSON.stringify(error),
      inspect(error, { showHidden: true, depth: 10 }),
      JSON.stringify(pino.stdSerializers.err(error)),
      JSON.stringify(error.detail),
      JSON.stringify(seen),
      inspect(seen, { showHidden: true, depth: 10 }),
      JSON.stringify(api.health()),
      inspect(warned, { showHidden: true, depth: 10 }),
    ].join('\n')
    for (const part of token.split('.').slice(1))
      expect(everything.includes(part), 'a part of the token').toBe(false)
    return { status: response.status, line, everything, body }
  } finally {
    await running.close()
  }
}

describe('a mistake in the set-up', () => {
  it.each(
    Object.entries(mistakes).map(
      ([name, mistake], index) => [name, frameworks[index % 4] as string, mistake] as const,
    ),
  )('%s, on %s, is explained in one line, and no secret is anywhere', async (_name, framework, mistake) => {
    const { status, line, everything, body } = await run(mistake, framework)
    expect(line).toMatch(mistake.line)
    expect(status).toBe(mistake.status ?? 401)
    expect(everything).not.toContain(canary)
    expect(line).not.toMatch(/\n/)
    // Fixed text: nothing of the token, the configuration or the network.
    const { error, error_description: description, ...rest } = JSON.parse(body) as Record<string, string>
    expect([error, description]).toEqual([expect.any(String), expect.stringMatching(/^[A-Z][A-Za-z ]+$/)])
    expect(rest).toEqual({})
  })

  it.each(frameworks)('is told to onRefused with the request of the framework: %s', async (framework) => {
    const { line } = await run(mistakes['a slash too many'] as Mistake, framework)
    expect(line).toMatch(/only the final slash/)
  })

  it('is told to onRefused by verify() as well, without a request', async () => {
    const refusals: unknown[][] = []
    const api = createResourceServer({
      ...issuer.options,
      onRefused: (...given) => void refusals.push(given),
    })
    const error: unknown = await api.verify(await issuer.sign({ exp: 1 })).catch((it: unknown) => it)
    expect(refusals).toEqual([[error, undefined]])
    expect(seen).toMatchObject([{ reason: 'expired', status: 401 }])
  })
})

describe('a mistake that shows at construction', () => {
  it('is a dotted path, and the error names the right one', () => {
    expect(() => createResourceServer({ ...issuer.options, roles: 'realm_access.roles' })).toThrow(
      /'\/realm_access\/roles'/,
    )
  })
})

describe('a guard without verifyJwt()', () => {
  it.each(frameworks)('is a 500 whose error names what is missing, on %s', async (framework) => {
    const refusals: unknown[] = []
    const api = createResourceServer({
      ...issuer.options,
      onRefused: (error) => void refusals.push(error),
    })
    const running = await (hosts[framework] as (typeof hosts)[string])(api, {
      ...roleRoute,
      unverified: true,
    })
    try {
      const headers = { authorization: `Bearer ${await issuer.sign({ ...secrets, roles: ['admin'] })}` }
      expect((await fetch(`${running.origin}/guarded`, { headers })).status).toBe(500)
      const [error] = running.errors()
      expect(explain(error)).toMatch(
        /a guard runs on a route without verifyJwt\(\) before it; add verifyJwt\(\)/,
      )
      expect([running.calls(), refusals]).toEqual([0, []])
      expect(inspect([error, seen], { showHidden: true, depth: 5 })).not.toContain(canary)
    } finally {
      await running.close()
    }
  })
})

/** What the lines above tell to do. */
const cures: Readonly<Record<string, Pick<Mistake, 'options' | 'claims' | 'host' | 'path'>>> = {
  'scopes in permissions': {
    ...guarded,
    host: scopeRoute,
    options: { scopes: ['scope', 'permissions'] },
    claims: { scope: 'read', permissions: ['write'] },
  },
  'nested roles': {
    ...guarded,
    host: roleRoute,
    options: { roles: '/realm_access/roles' },
    claims: { realm_access: { roles: ['admin'] } },
  },
  'a nonce of Keycloak 24': {
    options: { acceptNonce: true },
    claims: { nonce: canary, typ: 'Bearer' },
  },
  'no audience': { options: { audience: null, clients: ['client-1'] }, claims: { aud: undefined } },
  'a clock within the tolerance': { claims: { iat: now + 20, nbf: now + 20, exp: now + 300 } },
  'a required claim': { options: { requiredClaims: ['email'] } },
}

describe('a correct set-up', () => {
  it.each(
    Object.entries(cures).map(
      ([name, cure], index) => [name, frameworks[index % 4] as string, cure] as const,
    ),
  )('passes, and nothing is reported: %s, on %s', async (_name, framework, cure) => {
    const refusals: unknown[] = []
    const api: ResourceServer = createResourceServer({
      issuer: issuer.issuer,
      audience: issuer.audience as string,
      ...(cure.options as object | undefined),
      onRefused: (error: AuthError) => void refusals.push(explain(error)),
    })
    const running = await (hosts[framework] as (typeof hosts)[string])(api, cure.host)
    try {
      const headers = { authorization: `Bearer ${await issuer.sign({ ...secrets, ...cure.claims })}` }
      const { status } = await fetch(`${running.origin}${cure.path ?? '/'}`, { headers })
      expect([refusals, status]).toEqual([[], 200])
    } finally {
      await running.close()
    }
    await new Promise((resolve) => setImmediate(resolve))
    expect(warned.filter(({ message }) => message.includes(issuer.issuer))).toEqual([])
  })

  it.each(frameworks)('warns of nothing and refuses nothing: %s', async (framework) => {
    const refusals: unknown[] = []
    const api = createResourceServer({
      issuer: issuer.issuer,
      audience: issuer.audience as string,
      onRefused: (error) => void refusals.push(error),
    })
    const running = await (hosts[framework] as (typeof hosts)[string])(api)
    try {
      const headers = { authorization: `Bearer ${await issuer.sign(secrets)}` }
      expect((await fetch(running.origin, { headers })).status).toBe(200)
    } finally {
      await running.close()
    }
    await new Promise((resolve) => setImmediate(resolve))
    // Those of other rows may come late.
    const ours = warned.filter(({ message }) => message.includes(issuer.issuer))
    expect([refusals, ours]).toEqual([[], []])
    expect(new UpstreamError(1).message).toBe('Access cannot be checked at the moment')
  })
})
