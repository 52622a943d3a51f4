import { createHash, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { decodeJwt } from 'jose'
import { authorizationDetails, createResourceServer, recentLogin } from 'oauth-resource-server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { signSelf } from '../attacks/certificate.ts'
import {
  apiOf,
  clientId,
  clientSecret,
  type Endpoint,
  endpoint,
  endpointUrl,
  issuer,
  json,
  outcome,
  signedAnswer,
} from '../support/introspection.ts'

let server: Endpoint

beforeEach(() => {
  server = endpoint()
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
})
afterEach(() => vi.restoreAllMocks())

async function judged(changes: Record<string, unknown>): Promise<string> {
  server.answer = () => json(server.active(changes))
  return outcome(apiOf(server))
}

describe('requirements on introspection', () => {
  it('RFC7662-2.1-1 the token is posted in a form, and is in no URL', async () => {
    await outcome(apiOf(server))
    const [question] = server.questions
    expect([question?.method, question?.url]).toEqual(['POST', endpointUrl])
    expect(question?.headers.get('content-type')).toBe('application/x-www-form-urlencoded')
    expect(question?.form.getAll('token')).toEqual(['opaque-token'])
  })

  it('RFC7662-2.1-2 the hint says that it is an access token', async () => {
    await outcome(apiOf(server))
    expect(server.questions[0]?.form.get('token_type_hint')).toBe('access_token')
  })

  it('RFC7662-2.1-3 the API authenticates itself, and no construction goes without', async () => {
    const client = { clientId: 'a:b', clientSecret: 'p+q r\u00e9&' }
    await outcome(apiOf(server, client))
    const basic = btoa('a%3Ab:p%2Bq+r%C3%A9%26')
    expect(server.questions[0]?.headers.get('authorization')).toBe(`Basic ${basic}`)
    await outcome(apiOf(server, { ...client, authMethod: 'client_secret_post' }))
    const [, posted] = server.questions
    expect(posted?.headers.has('authorization')).toBe(false)
    expect([posted?.form.get('client_id'), posted?.form.get('client_secret')]).toEqual(Object.values(client))
    expect(() => apiOf(server, { clientSecret: undefined })).toThrow(/^introspection\.clientSecret: set/)
  })

  it('RFC8705-5-1 an alias for mutual TLS is used where it is written, with a fetch that has the certificate', async () => {
    const alias = 'https://mtls.issuer.test/introspect'
    server.metadata['mtls_endpoint_aliases'] = { introspection_endpoint: alias }
    expect(() => apiOf(server, { authMethod: 'tls_client_auth' })).toThrow(
      /^introspection\.authMethod: must be/,
    )
    expect(await outcome(apiOf(server, { endpoint: alias }))).toBe('accepted')
    // Without a certificate of ours the alias would refuse us.
    expect(await outcome(apiOf(server))).toBe('accepted')
    expect(server.questions.map(({ url }) => url)).toEqual([alias, endpointUrl])
  })

  it.each([false, 'true', 1, undefined])('RFC7662-2.2-1 active: %j is inactive', async (active) => {
    expect(await judged({ active })).toBe('401 inactive')
  })

  it('RFC7662-2.2-2 an inactive token is invalid_token, without a reason', async () => {
    server.answer = () => json({ active: false, reason: 'revoked', sub: 'user-1' })
    const api = apiOf(server)
    const error: unknown = await api.verify('opaque-token').catch((it: unknown) => it)
    expect(error).toMatchObject({ status: 401, code: 'invalid_token', detail: {} })
    const { body } = api.refuse(error)
    expect(JSON.parse(body)).toEqual({
      error: 'invalid_token',
      error_description: 'The access token is not active',
    })
  })

  it('RFC7662-2.2-3 exp, nbf, aud and iss of the answer are checked here too', async () => {
    expect(await judged({ exp: server.now() - 31 })).toBe('401 expired')
    expect(await judged({ nbf: server.now() + 31 })).toBe('401 not_yet_valid')
    expect(await judged({ aud: 'https://other.test' })).toBe('401 audience')
    expect(await judged({ iss: 'https://other.test' })).toBe('401 issuer')
  })

  it('RFC7662-2.2-4 scope is text parted by spaces', async () => {
    expect(await judged({ scope: ['read'] })).toBe('401 claim')
    server.answer = () => json(server.active({ scope: 'a  b' }))
    expect([...(await apiOf(server).verify('other')).scopes]).toEqual(['a', 'b'])
  })

  it.each([401, 403, 404, 500])('RFC7662-2.3-1 status %d is neither active nor inactive', async (status) => {
    server.answer = () => new Response('{"active":true}', { status })
    expect(await outcome(apiOf(server))).toBe('503 unavailable')
  })

  it('RFC7662-4-1 the endpoint is https, and its certificate is checked', async () => {
    expect(() => apiOf(server, { endpoint: 'http://issuer.test/i' })).toThrow(/^introspection\.endpoint/)
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const cert = `-----BEGIN CERTIFICATE-----\n${signSelf(privateKey).toString('base64')}\n-----END CERTIFICATE-----\n`
    let asked = 0
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
    const tls = createServer({ key, cert }, () => asked++)
    await once(tls.listen(0, '127.0.0.1'), 'listening')
    const url = `https://127.0.0.1:${(tls.address() as AddressInfo).port}/`
    const { fetch: _fetch, ...options } = server.options
    const introspection = { clientId, clientSecret, endpoint: url }
    expect(await outcome(createResourceServer({ ...options, introspection }))).toBe('503 unavailable')
    expect(asked).toBe(0)
    tls.close()
  })

  it('RFC7662-4-2 no answer is used beyond its exp', async () => {
    server.answer = () => json(server.active({ exp: server.now() + 5 }))
    const api = apiOf(server, {}, { clockTolerance: 0 })
    await outcome(api)
    server.answer = () => json({ active: false })
    server.clock.advance(4.9)
    expect(await outcome(api)).toBe('accepted')
    server.clock.advance(0.2)
    expect(await outcome(api)).toBe('401 inactive')
  })

  it('RFC7662-4-3 answers are remembered for a short time, inactive ones for less', async () => {
    const api = apiOf(server)
    const asked = async (seconds: number): Promise<number> => {
      server.clock.advance(seconds)
      const before = server.questions.length
      await outcome(api)
      return server.questions.length - before
    }
    expect([await asked(0), await asked(29), await asked(2)]).toEqual([1, 0, 1])
    server.answer = () => json({ active: false })
    expect([await asked(31), await asked(9), await asked(2)]).toEqual([1, 0, 1])
  })

  it('RFC7662-4-4 answers are remembered under a hash', async () => {
    const names: unknown[] = []
    const setOf = vi.spyOn(Map.prototype, 'set')
    await outcome(apiOf(server))
    names.push(...setOf.mock.calls.map(([name]) => name as unknown))
    setOf.mockRestore()
    const texts = names.filter((name) => typeof name === 'string')
    expect(texts.some((name) => name.length === createHash('sha256').digest().length)).toBe(true)
    expect(texts.filter((name) => name.includes('opaque-token'))).toEqual([])
  })

  it('RFC7662-5-1 what the issuer says is in no refusal', async () => {
    server.answer = () => json(server.active({ aud: 'https://other.test', username: 'alice-the-secret' }))
    const api = apiOf(server)
    const error: unknown = await api.verify('opaque-token').catch((it: unknown) => it)
    expect(inspect([error, api.refuse(error)], { depth: 9 })).not.toMatch(/alice|opaque-token|user-1/)
  })

  it('OAUTHSECUPD-2.1.2.1-1 an assertion has the issuer as its sole audience', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    await outcome(
      apiOf(server, { clientSecret: undefined, privateKey: pair.privateKey.export({ format: 'jwk' }) }),
    )
    const assertion = server.questions[0]?.form.get('client_assertion') ?? ''
    expect(decodeJwt(assertion).aud).toBe(issuer.issuer)
  })

  it.each(['RFC8705-3.2-1', 'RFC9449-6.2-1'])('%s a token bound in the answer needs its proof', async () => {
    expect(await judged({ cnf: { 'x5t#S256': 'a'.repeat(43) } })).toBe('401 binding')
    expect(await judged({ cnf: { jkt: 'a'.repeat(43) }, token_type: 'DPoP' })).toBe('401 binding')
    expect(await judged({ token_type: 'DPoP' })).toBe('401 binding')
  })

  it.each(['RFC9396-9.2-1', 'RFC9470-6.2-1'])(
    '%s guards see the members of the answer as claims',
    async () => {
      const members = { authorization_details: [{ type: 'payment' }], acr: 'mfa', auth_time: 1_799_999_000 }
      server.answer = () => json(server.active(members))
      const api = apiOf(server)
      const auth = await api.verify('opaque-token')
      expect(auth.claims).toMatchObject(members)
      await api.authorize(
        auth,
        authorizationDetails('payment'),
        recentLogin({ acrValues: ['mfa'], maxAge: 1000 }),
      )
      await expect(api.authorize(auth, recentLogin({ maxAge: 900 }))).rejects.toMatchObject({
        reason: 'step_up',
      })
      await expect(api.authorize(auth, authorizationDetails('account'))).rejects.toMatchObject({
        reason: 'authorization_details',
      })
    },
  )
})

describe('requirements on signed answers', () => {
  const signed = async (changes: object = {}, header: object = {}, options: object = {}): Promise<string> => {
    server.answer = () => signedAnswer(server, { ...changes }, { ...header })
    return outcome(apiOf(server, { signed: true }, { ...options }))
  }

  it('RFC9701-4-1 a signed answer is asked for by its media type', async () => {
    expect(await signed()).toBe('accepted')
    expect(server.questions[0]?.headers.get('accept')).toBe('application/token-introspection+jwt')
  })

  it('RFC9701-5-1 it has its own media type and typ', async () => {
    expect(await signed({}, { typ: 'JWT' })).toBe('503 unavailable')
    const withType = async (): Promise<Response> =>
      new Response(await (await signedAnswer(server)).text(), {
        headers: { 'content-type': 'application/jwt' },
      })
    server.answer = withType
    expect(await outcome(apiOf(server, { signed: true }))).toBe('503 unavailable')
  })

  it.each([
    ['RFC9701-5-2 its iss is the server', { iss: 'https://other.test/' }],
    ['RFC9701-5-3 its aud is this client', { aud: 'api-2' }],
    ['RFC9701-5-4 its iat is recent', { iat: 1_799_999_000 }],
  ])('%s', async (_title, changes) => {
    expect(await signed(changes)).toBe('503 unavailable')
    expect(await signed()).toBe('accepted')
  })

  it('RFC9701-5-5 only its token_introspection member speaks of the token', async () => {
    expect(await signed({ active: true, token_introspection: { active: false } })).toBe('401 inactive')
  })

  it('RFC9701-5-7 a plain answer is refused where a signed one is required', async () => {
    server.answer = () => json(server.active())
    expect(await outcome(apiOf(server, { signed: true }))).toBe('503 unavailable')
  })

  it('RFC9701-6-1 its algorithm is one that is configured', async () => {
    expect(await signed({}, {}, { algorithms: ['ES256'] })).toBe('accepted')
    expect(await signed({}, {}, { algorithms: ['ES256', 'RS256'] })).toBe('accepted')
    const text = await (await signedAnswer(server)).text()
    const none = Buffer.from('{"alg":"none","typ":"token-introspection+jwt"}').toString('base64url')
    const type = { 'content-type': 'application/token-introspection+jwt' }
    server.answer = () => new Response(text.replace(/^[^.]+/, none), { headers: type })
    expect(await outcome(apiOf(server, { signed: true }))).toBe('503 unavailable')
  })
})
