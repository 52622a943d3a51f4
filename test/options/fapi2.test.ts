import { generateKeyPairSync } from 'node:crypto'
import {
  createResourceServer,
  fromHeader,
  fromQuery,
  replayStore,
  revocationList,
} from 'oauth-resource-server'
import { protectedResourceMetadata } from 'oauth-resource-server/fetch'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'

const issuer = await createTestIssuer({ algorithms: ['PS256', 'RS256'] })
const { issuer: name, audience, jwks } = issuer.options
const resource = 'https://api.test'
const good = {
  issuer: name,
  audience,
  jwks,
  resource,
  profile: 'fapi2',
  dpop: {},
  revocation: revocationList(),
} as const
const introspection = { clientId: 'api', clientSecret: 'secret', endpoint: 'https://issuer.test/introspect' }
const make = (changes: object = {}) => createResourceServer({ ...good, ...changes })

describe("profile: 'fapi2' is accepted", () => {
  it.each<[string, object]>([
    ['with DPoP and revocation', {}],
    ['with introspection instead of revocation', { revocation: undefined, introspection }],
    [
      'with introspection of opaque tokens and revocation',
      { introspection: { ...introspection, tokens: 'opaque' } },
    ],
    ['with fromHeader() written out', { tokenFrom: fromHeader() }],
    ['with its algorithms written out', { algorithms: ['PS256', 'ES256', 'EdDSA'] }],
    ['with algorithms of proofs written out', { dpop: { algorithms: ['ES256', 'Ed25519'] } }],
    ['with the least tolerance', { clockTolerance: 10, dpop: { leeway: 10, maxAge: 10 } }],
    ['with the greatest tolerance', { clockTolerance: 59, dpop: { leeway: 59 } }],
    ['with a replay store', { dpop: { replay: replayStore() } }],
    ['with a function isRevoked', { revocation: { isRevoked: () => false } }],
    ['for several issuers', { issuer: undefined, jwks: undefined, issuers: [{ issuer: name, jwks }] }],
    ['for a function of issuers', { issuer: undefined, jwks: undefined, issuers: () => undefined }],
  ])('%s', (_what, changes) => {
    expect(() => make(changes)).not.toThrow()
  })
})

describe("profile: 'fapi2' is refused", () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const rs256 = { ...privateKey.export({ format: 'jwk' }), alg: 'RS256' }
  const many = { issuer: undefined, jwks: undefined }
  const unasked = { revocation: undefined }
  it.each<[string, object, RegExp]>([
    ['without binding', { dpop: undefined }, /^profile: 'fapi2' .*set dpop/],
    ['without revocation status', unasked, /^profile: 'fapi2' .*set revocation, or introspection/],
    [
      'with introspection of opaque tokens alone',
      { ...unasked, introspection: { ...introspection, tokens: 'opaque' } },
      /^introspection: .*drop tokens, or set revocation/,
    ],
    [
      'with introspection for one of two issuers',
      {
        ...many,
        ...unasked,
        issuers: [
          { issuer: name, jwks, introspection },
          { issuer: 'https://b.test/', jwks },
        ],
      },
      /set revocation, or introspection/,
    ],
    [
      'with introspection of opaque tokens for one of two issuers',
      {
        ...many,
        ...unasked,
        issuers: [
          { issuer: name, jwks, introspection },
          { issuer: 'https://b.test/', jwks, introspection: { ...introspection, tokens: 'opaque' } },
        ],
      },
      /^introspection: with tokens 'opaque'/,
    ],
    ['with a function of issuers alone', { ...many, ...unasked, issuers: () => undefined }, /set revocation/],
    [
      'with a list that may be left out',
      { revocation: revocationList({ onUnavailable: 'allow' }) },
      /^revocation: /,
    ],
    [
      'with a function that may be left out',
      { revocation: { isRevoked: () => false, onUnavailable: 'allow' } },
      /^revocation: onUnavailable 'allow'/,
    ],
    ['with tokens in the query', { tokenFrom: fromQuery() }, /^tokenFrom: profile 'fapi2'/],
    ['with tokens in another header', { tokenFrom: fromHeader('x-api-token') }, /^tokenFrom: /],
    ['with a function tokenFrom', { tokenFrom: () => 'x' }, /^tokenFrom: /],
    [
      'with RS256',
      { algorithms: ['PS256', 'RS256'] },
      /^algorithms: profile 'fapi2' permits PS256, ES256, EdDSA, Ed25519; drop RS256$/,
    ],
    ['with a secret', { jwks: undefined, secret: 's'.repeat(64) }, /^secret: profile 'fapi2'/],
    [
      'with an introspection key that signs RS256',
      { ...unasked, introspection: { ...introspection, clientSecret: undefined, privateKey: rs256 } },
      /^introspection\.privateKey: alg must be one of PS256 for this key with profile 'fapi2'$/,
    ],
    ['with RS256 proofs', { dpop: { algorithms: ['RS256'] } }, /^dpop\.algorithms: .*drop RS256$/],
    [
      'with proofs that are not required and nothing else that binds tokens',
      { dpop: { required: false } },
      /^dpop\.required: .*leave it out, or set mtls$/,
    ],
    ['with too little tolerance', { clockTolerance: 9 }, /^clockTolerance: must be a number from 10 to 59/],
    ['with too much tolerance', { clockTolerance: 60 }, /^clockTolerance: must be a number from 10 to 59/],
    ['with too little leeway', { dpop: { leeway: 9 } }, /^dpop\.leeway: must be a number from 10 to 59/],
    ['with too much leeway', { dpop: { leeway: 60 } }, /^dpop\.leeway: /],
    ['with too little age', { dpop: { maxAge: 9 } }, /^dpop\.maxAge: must be a number from 10/],
    [
      'with another profile for one issuer',
      { ...many, issuers: [{ issuer: name, jwks, profile: 'compatible' }] },
      /^issuers \("https:\/\/issuer\.test\/"\): profile 'fapi2' is for the whole API/,
    ],
    [
      'for one issuer alone',
      { ...many, profile: undefined, issuers: [{ issuer: name, jwks, profile: 'fapi2' }] },
      /profile 'fapi2' is for the whole API/,
    ],
  ])('%s', (_what, changes, message) => {
    expect(() => make(changes)).toThrow(TypeError)
    expect(() => make(changes)).toThrow(message)
  })

  it('by a function of issuers that chooses another profile', async () => {
    const changes = { issuer: undefined, jwks: undefined }
    const token = await issuer.sign()
    const from = make({ ...changes, issuers: () => ({ jwks, profile: 'compatible' }) })
    await expect(from.verify(token)).rejects.toThrow(/^issuers\(iss\)\.profile: /)
    const other = make({ ...changes, profile: undefined, issuers: () => ({ jwks, profile: 'fapi2' }) })
    await expect(other.verify(token)).rejects.toThrow(/^issuers\(iss\)\.profile: /)
  })
})

describe("with profile: 'fapi2'", () => {
  it('a token that is bound to nothing is refused, and one signed with RS256', async () => {
    const api = make()
    await expect(api.verify(await issuer.sign())).rejects.toMatchObject({ status: 401, reason: 'binding' })
    await expect(api.verify(await issuer.sign({}, { alg: 'RS256' }))).rejects.toMatchObject({
      status: 401,
      reason: 'algorithm',
    })
    expect(
      api.refuse(await api.authenticate({ headers: {} }).catch((it: unknown) => it)).headers,
    ).toMatchObject({
      'WWW-Authenticate': expect.stringContaining('algs="PS256 ES256 EdDSA Ed25519"') as string,
    })
  })

  it.each([
    ['PS256', { status: 401, reason: 'binding' }],
    ['RS256', { status: 503 }],
  ])('a signed answer of introspection with %s: %j', async (alg, error) => {
    const answer = { iat: Math.floor(Date.now() / 1000), exp: undefined, sub: undefined, aud: 'api' }
    const token = await issuer.sign({ cnf: { jkt: 'A'.repeat(43) } }, { alg: 'PS256' })
    const active = { active: true, aud: audience, exp: answer.iat + 300 }
    const fetch = async (): Promise<Response> =>
      new Response(
        await issuer.sign(
          { ...answer, token_introspection: active },
          {
            alg,
            typ: 'token-introspection+jwt',
          },
        ),
        { headers: { 'content-type': 'application/token-introspection+jwt' } },
      )
    const signed = { ...introspection, signed: true }
    const api = make({ revocation: undefined, introspection: signed, fetch })
    // Without a request no proof can be checked, which is what comes next.
    await expect(api.verify(token)).rejects.toMatchObject(error)
  })

  const [certificate, dpop] = [{ certificate: 'socket' }, {}] as const
  const [certificates, proofs] = [
    { tls_client_certificate_bound_access_tokens: true },
    { dpop_bound_access_tokens_required: true },
  ]
  it.each<[string, object, readonly string[], object]>([
    ['dpop', { dpop }, ['DPoP'], proofs],
    ['dpop and required: undefined', { dpop: { required: undefined } }, ['DPoP'], proofs],
    [
      'dpop and required: false, and mtls',
      { dpop: { required: false }, mtls: certificate },
      ['Bearer', 'DPoP'],
      certificates,
    ],
    ['mtls', { dpop: undefined, mtls: certificate }, ['Bearer'], certificates],
    ['dpop and mtls', { dpop, mtls: certificate }, ['Bearer', 'DPoP'], certificates],
    [
      'dpop, mtls and required',
      { dpop: { required: true }, mtls: certificate },
      ['DPoP'],
      { ...certificates, ...proofs },
    ],
    ['dpop, without the profile', { profile: undefined }, ['Bearer', 'DPoP'], {}],
  ])(
    '%s: challenges and metadata name the tokens that can pass',
    async (_what, options, schemes, members) => {
      const api = make(options)
      const missing: unknown = await api.authenticate({ headers: {} }).catch((it: unknown) => it)
      const challenge = api.refuse(missing).headers['WWW-Authenticate'] ?? ''
      expect([...challenge.matchAll(/(?:^|, )(\w+) realm=/g)].map(([, scheme]) => scheme)).toEqual(schemes)
      const url = `${resource}/.well-known/oauth-protected-resource`
      const document = (await protectedResourceMetadata(api)(new Request(url))?.json()) as object
      const about = Object.entries(document).filter(([member]) => /bound_access_tokens/.test(member))
      expect(Object.fromEntries(about)).toEqual(members)
    },
  )
})
