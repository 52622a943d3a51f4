import { createResourceServer } from 'oauth-resource-server'
import { beforeEach, describe, expect, it } from 'vitest'
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
} from '../support/introspection.ts'

let server: Endpoint

beforeEach(() => {
  server = endpoint()
})

describe("tokens: 'all'", () => {
  it('asks about a JWT after it was verified, and keeps its header and claims', async () => {
    const auth = await apiOf(server, { tokens: 'all' }).verify(await issuer.sign({ sub: 'of the JWT' }))
    expect([auth.header?.alg, auth.subject]).toEqual(['ES256', 'of the JWT'])
    expect(server.questions).toHaveLength(1)
  })

  it('asks about opaque tokens as well', async () => {
    expect(await outcome(apiOf(server, { tokens: 'all' }))).toBe('accepted')
  })

  it.each([
    ['inactive', { active: false }, '401 inactive'],
    ['for another API', { aud: 'https://other.test' }, '401 audience'],
    ['expired', { exp: 1_700_000_000 }, '401 expired'],
    ['a refresh token', { token_type: 'refresh_token' }, '401 type'],
    ['bound to a key that the JWT does not name', { cnf: { jkt: 'a' } }, '401 binding'],
  ])('refuses a JWT that its issuer calls %s, remembered or not', async (_what, changes, expected) => {
    const api = apiOf(server, { tokens: 'all', cacheFor: 1 })
    const token = await issuer.sign()
    expect(await outcome(api, token)).toBe('accepted')
    server.answer = () => json(server.active(changes))
    server.clock.advance(2)
    expect(await outcome(api, token)).toBe(expected)
  })

  it('answers 503 for a JWT that holds while the endpoint is down', async () => {
    server.answer = () => new Response('', { status: 500 })
    expect(await outcome(apiOf(server, { tokens: 'all' }), await issuer.sign())).toBe('503 unavailable')
  })

  it('asks once while the answer is remembered', async () => {
    const api = apiOf(server, { tokens: 'all' })
    const token = await issuer.sign()
    expect([await outcome(api, token), await outcome(api, token)]).toEqual(['accepted', 'accepted'])
    expect(server.questions).toHaveLength(1)
  })
})

describe('with several issuers', () => {
  const introspection = { clientId, clientSecret, endpoint: endpointUrl }
  const { issuer: name, jwks } = issuer.options
  const make = (options: object) => {
    const { issuer: _issuer, jwks: _jwks, ...common } = server.options
    return createResourceServer({ ...common, ...options })
  }

  it('an opaque token is shown to the one issuer that is set up for it', async () => {
    const other = { issuer: 'https://other.test/', jwks }
    const api = make({ issuers: [other, { issuer: name, jwks, introspection }] })
    expect((await api.verify('opaque-token')).issuer).toBe(name)
    expect(await outcome(api, await issuer.sign({ iss: other.issuer }))).toBe('accepted')
    expect(server.questions).toHaveLength(1)
  })

  it("an opaque token is shown to nobody where two are set up for 'all'", async () => {
    const all = { ...introspection, tokens: 'all' }
    const entries = [name, 'https://other.test/'].map((it) => ({ issuer: it, jwks, introspection: all }))
    expect(await outcome(make({ issuers: entries }))).toBe('401 malformed')
    expect(server.questions).toEqual([])
  })

  it("a function of issuers may set it up for 'all' alone", async () => {
    const all = { ...introspection, tokens: 'all' }
    const token = await issuer.sign()
    expect(await outcome(make({ issuers: () => ({ jwks, introspection: all }) }), token)).toBe('accepted')
    expect(server.questions).toHaveLength(1)
    const api = make({ issuers: () => ({ jwks, introspection }) })
    await expect(api.verify(token)).rejects.toThrow(/^issuers\(iss\)\.introspection\.tokens: must be 'all'/)
  })
})
