import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import * as oauth from 'oauth4webapi'
import { Provider, type Configuration } from 'oidc-provider'
import { createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { createTestClock } from 'oauth-resource-server/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api as audience, nightlyJob } from '../examples/demo/registrations.ts'
import { running, type Running } from '../examples/demo/running.ts'
import { outcome } from './support/introspection.ts'

const { privateKey } = await generateKeyPair('ES256', { extractable: true })
const clientKey = { ...(await exportJWK(privateKey)), kid: 'api-key', alg: 'ES256', use: 'sig' }
const { d: _d, ...publicKey } = clientKey
const machine = { redirect_uris: [], response_types: [], grant_types: ['client_credentials'] }
const secret = 'se:cret+/ &%'

let server: Running

beforeAll(async () => {
  const http = createServer()
  server = await running('authorization server', http.listen(0, '127.0.0.1'))
  const { privateKey: signing } = await generateKeyPair('RS256', { extractable: true })
  const configuration = {
    clients: [
      { ...nightlyJob, ...machine },
      { ...machine, client_id: 'basic api', client_secret: secret },
      {
        ...machine,
        client_id: 'post',
        client_secret: secret,
        token_endpoint_auth_method: 'client_secret_post',
      },
      {
        ...machine,
        client_id: 'jwt',
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [publicKey] },
        introspection_signed_response_alg: 'RS256',
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(signing)), alg: 'RS256', use: 'sig', kid: randomUUID() }] },
    cookies: { keys: [randomUUID()] },
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      jwtIntrospection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        getResourceServerInfo: () => ({ scope: 'reports:read', audience, accessTokenFormat: 'opaque' }),
      },
    },
  }
  const provider = new Provider(server.url, configuration as unknown as Configuration)
  http.on('request', provider.callback())
})
afterAll(() => server.close())

/** Posts a form as the program that tokens are issued to. */
async function post(path: string, form: Record<string, string>): Promise<Response> {
  const credentials = btoa(`${nightlyJob.client_id}:${nightlyJob.client_secret}`)
  const headers = { authorization: `Basic ${credentials}` }
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(form),
  })
  expect(response.status).toBe(200)
  return response
}

async function opaqueToken(): Promise<string> {
  const form = { grant_type: 'client_credentials', scope: 'reports:read', resource: audience }
  return ((await (await post('/token', form)).json()) as { access_token: string }).access_token
}

const clients = {
  client_secret_basic: { clientId: 'basic api', clientSecret: secret },
  client_secret_post: { clientId: 'post', clientSecret: secret, authMethod: 'client_secret_post' },
  private_key_jwt: { clientId: 'jwt', privateKey: clientKey },
  'private_key_jwt and signed answers': { clientId: 'jwt', privateKey: clientKey, signed: true },
} as const

describe.each(Object.entries(clients))(
  'an opaque token of oidc-provider, with %s',
  (_name, introspection) => {
    const clock = createTestClock()
    let api: ResourceServer

    beforeAll(() => {
      api = createResourceServer({ issuer: server.url, audience, introspection, now: clock.now })
    })

    it('is accepted', async () => {
      await api.ready()
      const auth = await api.verify(await opaqueToken())
      expect(auth).toMatchObject({ issuer: server.url, clientId: nightlyJob.client_id })
      expect([...auth.scopes]).toEqual(['reports:read'])
      expect(auth.header).toBeUndefined()
    })

    it('CAC-6 is refused once it was revoked and cacheFor is over', async () => {
      const token = await opaqueToken()
      expect(await outcome(api, token)).toBe('accepted')
      await post('/token/revocation', { token })
      expect(await outcome(api, token)).toBe('accepted')
      clock.advance(31)
      expect(await outcome(api, token)).toBe('401 inactive')
    })

    it('is inactive when it was made up', async () => {
      expect(await outcome(api, randomUUID())).toBe('401 inactive')
    })

    it('INT-4 is refused by another API', async () => {
      const other = createResourceServer({
        issuer: server.url,
        audience: 'https://other.test',
        introspection,
      })
      expect(await outcome(other, await opaqueToken())).toBe('401 audience')
    })
  },
)

/** What oauth4webapi reads of the endpoint's response, plain or signed. */
async function judged(token: string, signed: boolean): Promise<oauth.IntrospectionResponse> {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the servers of tests have no TLS
  const http = { [oauth.allowInsecureRequests]: true }
  const url = new URL(server.url)
  const metadata = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, http))
  const client: oauth.Client = signed
    ? { client_id: 'jwt', introspection_signed_response_alg: 'RS256' }
    : { client_id: 'basic api' }
  const key = await crypto.subtle.importKey('jwk', clientKey, { name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
  ])
  const authentication = signed
    ? oauth.PrivateKeyJwt({ key, kid: clientKey.kid })
    : oauth.ClientSecretBasic(secret)
  const response = await oauth.introspectionRequest(metadata, client, authentication, token, {
    ...http,
    requestJwtResponse: signed,
  })
  return oauth.processIntrospectionResponse(metadata, client, response)
}

describe.each([
  ['plain', false, clients.client_secret_basic],
  ['signed', true, clients['private_key_jwt and signed answers']],
] as const)('oauth4webapi reads the same of a %s answer', (_name, signed, introspection) => {
  it('about an active, a revoked and a made-up token', async () => {
    const api = createResourceServer({ issuer: server.url, audience, introspection })
    const [token, revoked] = [await opaqueToken(), await opaqueToken()]
    await post('/token/revocation', { token: revoked })
    const theirs = await judged(token, signed)
    const auth = await api.verify(token)
    expect(theirs.active).toBe(true)
    expect(auth.claims).toEqual({ ...theirs, iss: server.url })
    for (const other of [revoked, randomUUID()]) {
      expect(await judged(other, signed)).toMatchObject({ active: false })
      expect(await outcome(api, other)).toBe('401 inactive')
    }
  })
})

it('INT-8 wrong credentials are 503, and health says so', async () => {
  const introspection = { clientId: 'basic api', clientSecret: 'wrong' }
  const api = createResourceServer({ issuer: server.url, audience, introspection })
  expect(await outcome(api, await opaqueToken())).toBe('503 unavailable')
  expect(api.health().issuers[server.url]?.introspection?.lastError).toContain('status 401')
})
