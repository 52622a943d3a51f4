import { createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { beforeEach, describe, expect, it } from 'vitest'
import { decryption, encrypt } from './support/encrypted.ts'
import {
  apiOf,
  clientId,
  clientSecret,
  type Endpoint,
  endpoint,
  endpointUrl,
  issuer,
  outcome,
} from './support/introspection.ts'

let server: Endpoint

beforeEach(() => {
  server = endpoint()
})

const other = 'https://other.test/'
const introspection = { clientId, clientSecret, endpoint: endpointUrl }
const all = { ...introspection, tokens: 'all' }
const opaque = { ...introspection, tokens: 'opaque' }

/** An API that trusts two issuers, each of which may have an introspection endpoint. */
function apiOfTwo(first?: object, second?: object, options: object = {}): ResourceServer {
  const { issuer: name, jwks, ...common } = server.options
  const issuers = [
    { issuer: name, jwks, introspection: first },
    { issuer: other, jwks, introspection: second },
  ]
  return createResourceServer({ ...common, issuers, ...options } as never)
}
const ofOther = await issuer.sign({ iss: other })
const ofStranger = await issuer.sign({ iss: 'https://stranger.test/' })

describe('a token of an issuer that is not trusted', () => {
  it('has another issuer where one is set', async () => {
    expect(await outcome(createResourceServer(server.options), ofStranger)).toBe('401 issuer')
  })

  it('has an unknown issuer where several are', async () => {
    expect(await outcome(apiOfTwo(), ofStranger)).toBe('401 unknown_issuer')
    const { issuer: _name, jwks: _jwks, ...common } = server.options
    const api = createResourceServer({ ...common, issuers: () => undefined })
    expect(await outcome(api, ofStranger)).toBe('401 unknown_issuer')
  })
})

describe('an issuer is asked about JWTs', () => {
  it('where it says so', async () => {
    server.answer = () => Response.json({ active: false })
    expect(await outcome(apiOf(server, { tokens: 'all' }), await issuer.sign())).toBe('401 inactive')
  })

  it('where one of several says so', async () => {
    const api = apiOfTwo(undefined, all)
    expect(await outcome(api, await issuer.sign())).toBe('accepted')
    expect(server.questions).toHaveLength(0)
    server.answer = () => Response.json({ active: false })
    expect(await outcome(api, ofOther)).toBe('401 inactive')
  })

  it('where a function returns one that says so', async () => {
    const { issuer: _name, jwks, ...common } = server.options
    const api = createResourceServer({
      ...common,
      issuers: () => ({ jwks, introspection: all }) as never,
    })
    server.answer = () => Response.json({ active: false })
    expect(await outcome(api, await issuer.sign())).toBe('401 inactive')
  })

  it('not where it is asked about opaque tokens alone', async () => {
    expect(await outcome(apiOfTwo(opaque), await issuer.sign())).toBe('accepted')
    expect(server.questions).toHaveLength(0)
  })
})

describe('an opaque token', () => {
  it.each<[string, object | undefined, object | undefined, string]>([
    ['nobody, where none can be asked', undefined, undefined, '401 malformed'],
    ['the only one that can be asked', undefined, all, '401 issuer'],
    ['the only one that can be asked, whoever else is trusted', all, undefined, 'accepted'],
    ['the one that is set up for opaque tokens', opaque, all, 'accepted'],
    ['the one that is set up for opaque tokens, in any place', all, opaque, '401 issuer'],
    ['nobody, where two are set up for all tokens', all, all, '401 malformed'],
  ])('is shown to %s', async (_what, first, second, expected) => {
    // The endpoint says that it is of the first.
    expect(await outcome(apiOfTwo(first, second))).toBe(expected)
  })
})

describe('where tokens must be encrypted', () => {
  it('every other token is refused', async () => {
    const api = apiOf(server, { tokens: 'all' }, { decryption: { ...decryption, required: true } })
    const token = await issuer.sign()
    expect([await outcome(api, token), await outcome(api)]).toEqual(['401 type', '401 type'])
    expect(server.questions).toHaveLength(0)
    expect(await outcome(api, await encrypt(token))).toBe('accepted')
  })

  it('no other token is refused where they only may be', async () => {
    const api = apiOf(server, {}, { decryption })
    const token = await issuer.sign()
    expect([await outcome(api, await encrypt(token)), await outcome(api, token), await outcome(api)]).toEqual(
      ['accepted', 'accepted', 'accepted'],
    )
  })

  it('an encrypted token is refused without a key', async () => {
    expect(await outcome(createResourceServer(server.options), await encrypt(await issuer.sign()))).toBe(
      '401 malformed',
    )
  })
})

it('no token is longer than maxTokenLength', async () => {
  const api = apiOf(server, {}, { maxTokenLength: 256 })
  expect([await outcome(api, 't'.repeat(256)), await outcome(api, 't'.repeat(257))]).toEqual([
    'accepted',
    '401 too_large',
  ])
})
