import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { signSelf } from './certificate.ts'
import {
  audience,
  b64,
  countingFetch,
  type CaseDetails,
  createRange,
  expected,
  issuerName,
  jwkOf,
  jwksUri,
  kidOf,
  outcomeOf,
  type Range,
  signed,
  type TokenCase,
  tryTokens,
  without,
} from '../support/range.ts'

const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const attackerRsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const attackerJwk = attacker.publicKey.export({ format: 'jwk' })
const stranger = 'the-attackers-own'

/** A token signed by the attacker, under a header that tells where to find the attacker's key. */
const forged = (change: object) => (range: Range) =>
  signed(range.header(change, 'ES256'), range.claims(), attacker.privateKey)
const forgedRsa = (change: object) => (range: Range) =>
  signed(range.header(change, 'RS256'), range.claims(), attackerRsa.privateKey)
const signedBy = (kid: unknown) => (range: Range) => range.issuer.sign({}, { kid })

const certificate = signSelf(attackerRsa.privateKey).toString('base64')
const asked: CaseDetails = { calls: 1 }
/** Where no kid chose the key, a wrong signature asks for the keys once more: the issuer may have replaced it. */
const askedAgain = asked

// Places a fetch of keys must never be led to.
const places = [
  'https://attacker.test/keys',
  'https://issuer.test/../attacker/keys',
  'https://issuer.test@attacker.test/keys',
  'https://issuer.test/redirect?to=https://attacker.test/keys',
  'https://issuer.test/keys#https://attacker.test/keys',
  'https://issuer.test:8443/keys',
  'http://issuer.test/keys',
  'http://127.0.0.1/keys',
  'http://169.254.169.254/latest/meta-data/',
  'file:///etc/passwd',
  'data:application/json,{"keys":[]}',
  '//attacker.test/keys',
]

const keyIds: readonly (readonly [string, string])[] = [
  ...[
    '../../../../dev/null',
    '/etc/passwd',
    'file:///dev/null',
    '\\\\attacker\\share\\key',
    'C:\\Windows\\win.ini',
  ].map((kid) => ['HDR-10', kid] as const),
  ...[
    "' OR '1'='1",
    "x' UNION SELECT 'key' --",
    '*)(uid=*',
    '; cat /etc/passwd',
    '$(id)',
    '${jndi:ldap://a}',
  ].map((kid) => ['HDR-10 class, an injection:', kid] as const),
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', 'length', '0'].map(
    (kid) => ['HDR-12', kid] as const,
  ),
  ...['key\r\nSet-Cookie: a=b', 'key\u001b[31m', 'key\0', 'key\n{"level":"info"}', 'schlüssel', '鍵'].map(
    (kid) => ['HDR-16', kid] as const,
  ),
]

const cases: readonly TokenCase[] = [
  ['HDR class: the token the others differ from is accepted', (range) => range.issuer.sign(), 'accepted'],
  [
    'HDR-1 a key of the attacker in jwk, without kid',
    forged({ jwk: attackerJwk, kid: undefined }),
    'signature',
    askedAgain,
  ],
  [
    'HDR-1 a key of the attacker in jwk, under a kid of its own',
    forged({ jwk: attackerJwk, kid: stranger }),
    'unknown_key',
    asked,
  ],
  [
    'HDR-3 a symmetric key in jwk',
    (range) =>
      signed(
        range.header({ alg: 'HS256', jwk: { kty: 'oct', k: b64('s'.repeat(32)) } }),
        range.claims(),
        's'.repeat(32),
      ),
    'algorithm',
  ],
  [
    'HDR-4 a key of the attacker in jwk, under the id of a real key',
    forged({ jwk: attackerJwk }),
    'signature',
  ],
  [
    'HDR-4 a key of the attacker in jwk that bears the id of a real key',
    (range) => forged({ jwk: { ...attackerJwk, kid: kidOf(range.issuer, 'ES256') } })(range),
    'signature',
  ],
  ...places.flatMap((place): TokenCase[] => [
    [`HDR-6 jku to ${place}`, forged({ jku: place }), 'signature'],
    [`HDR-7 x5u to ${place}`, forged({ x5u: place }), 'signature'],
  ]),
  [
    'HDR-5 jku to keys of the attacker, under a kid that only those have',
    forged({ jku: places[0], kid: stranger }),
    'unknown_key',
    asked,
  ],
  ['HDR-8 x5c with a certificate of the attacker', forgedRsa({ x5c: [certificate] }), 'signature'],
  [
    'HDR-8 x5c with a certificate of the attacker, without kid',
    forgedRsa({ x5c: [certificate], kid: undefined }),
    'signature',
    askedAgain,
  ],
  [
    'HDR-8 x5c that begins with the certificate of the real key',
    (range) =>
      forgedRsa({ x5c: [signSelf(range.issuer.privateKey('RS256')).toString('base64'), certificate] })(range),
    'signature',
  ],
  [
    'HDR-8 x5c of a thousand certificates',
    forgedRsa({ x5c: Array.from({ length: 1000 }, () => certificate) }),
    'too_large',
  ],
  ['HDR-8 x5c that is no list', (range) => range.issuer.sign({}, { x5c: 'certificate' }), 'accepted'],
  // Ignored, as a parameter nobody acts on may be (RFC 7515 §4): it selects no key.
  [
    'HDR-9 x5t#S256 of another certificate changes nothing',
    (range) => range.issuer.sign({}, { 'x5t#S256': 'AAAA' }),
    'accepted',
  ],
  [
    'HDR-9 x5t of another certificate changes nothing',
    (range) => range.issuer.sign({}, { x5t: 'AAAA' }),
    'accepted',
  ],
  [
    'HDR-9 x5t#S256 instead of kid picks no key',
    forgedRsa({ kid: undefined, 'x5t#S256': 'AAAA' }),
    'signature',
    askedAgain,
  ],
  ...keyIds.map(([id, kid]): TokenCase => [
    `${id} ${JSON.stringify(kid)} as kid`,
    signedBy(kid),
    'unknown_key',
    asked,
  ]),
  ...[7, null, ['a'], {}, true, 0, false, []].map((kid): TokenCase => [
    `HDR-13 ${JSON.stringify(kid)} as kid`,
    signedBy(kid),
    'malformed',
  ]),
  [
    'HDR-13 a list that contains the right kid',
    (range) => range.issuer.sign({}, { kid: [kidOf(range.issuer)] }),
    'malformed',
  ],
  ['HDR-14 an empty kid', signedBy(''), 'unknown_key', asked],
  [
    'HDR-14 an empty kid where a key really has it is accepted',
    signedBy(''),
    'accepted',
    (range) => ({ keys: [{ ...jwkOf(range.issuer), kid: '' }] }),
  ],
  ['HDR-15 a kid of 100 kB', signedBy('k'.repeat(100_000)), 'too_large'],
  ['HDR-15 a kid of 257 characters', signedBy('k'.repeat(257)), 'malformed'],
  ['HDR-15 a kid of 256 characters is looked up', signedBy('k'.repeat(256)), 'unknown_key', asked],
  [
    'HDR-17 a kid in other letters',
    (range) => range.issuer.sign({}, { kid: kidOf(range.issuer).toUpperCase() }),
    'unknown_key',
    asked,
  ],
  [
    'HDR-17 a kid with a space behind it',
    (range) => range.issuer.sign({}, { kid: `${kidOf(range.issuer)} ` }),
    'unknown_key',
    asked,
  ],
  [
    'HDR-17 a kid with a space before it',
    (range) => range.issuer.sign({}, { kid: ` ${kidOf(range.issuer)}` }),
    'unknown_key',
    asked,
  ],
  [
    'HDR-17 the beginning of a kid',
    (range) => range.issuer.sign({}, { kid: kidOf(range.issuer).slice(0, -1) }),
    'unknown_key',
    asked,
  ],
  [
    'HDR-17 a kid in the other normal form of Unicode',
    signedBy('cle\u0301'),
    'unknown_key',
    (range) => ({ keys: [{ ...jwkOf(range.issuer), kid: 'cl\u00e9' }], calls: 1 }),
  ],
  ['HDR-18 no kid, and one key that fits, is accepted', signedBy(undefined), 'accepted'],
  [
    'HDR-19 no kid, and two keys that fit',
    signedBy(undefined),
    'unknown_key',
    (range) => ({
      keys: [...range.issuer.jwks.keys, { ...attackerJwk, kid: 'second', alg: 'ES256' }],
    }),
  ],
  [
    'HDR-19 no kid, and a key of another algorithm beside the one that fits, is accepted',
    signedBy(undefined),
    'accepted',
    (range) => ({ keys: [jwkOf(range.issuer), jwkOf(range.issuer, 'RS256')] }),
  ],
  [
    'HDR-19 no kid, and no key that fits',
    signedBy(undefined),
    'unknown_key',
    (range) => ({ keys: [jwkOf(range.issuer, 'RS256')], calls: 1 }),
  ],
  // Ignored beside a signature of a configured key: refusing would break issuers that add them, and nothing is used.
  ...Object.entries({ jwk: attackerJwk, jku: places[0], x5u: places[0], x5c: [certificate] }).map(
    ([name, value]): TokenCase => [
      `HDR-21 ${name} beside a signature of a configured key is ignored`,
      (range) => range.issuer.sign({}, { [name]: value }),
      'accepted',
    ],
  ),
  [
    'HDR class: the key of the issuer in jwk, taken out of the published set',
    (range) => range.issuer.sign({}, { jwk: jwkOf(range.issuer) }),
    'unknown_key',
    (range) => ({ keys: [{ ...without(jwkOf(range.issuer, 'RS256'), 'alg') }], calls: 1 }),
  ],
]

tryTokens('keys and key ids in the header', cases, ['ES256', 'RS256'])

describe('key ids', () => {
  it('HDR-12 a key published as __proto__ is found, and nothing else is', async () => {
    const range = await createRange()
    const keys = [{ ...jwkOf(range.issuer), kid: '__proto__' }]
    expect(await range.judge(await range.issuer.sign({}, { kid: '__proto__' }), {}, keys)).toEqual(
      expected('accepted'),
    )
    expect(await range.judge(await range.issuer.sign({}, { kid: 'constructor' }), {}, keys)).toEqual(
      expected('unknown_key', 1),
    )
  })

  it('HDR-15 an unknown kid that is too long is not remembered, and costs no fetch', async () => {
    const issuer = await createTestIssuer({ issuer: issuerName, audience })
    const { fetch, calls } = countingFetch({ [jwksUri]: () => issuer.jwks })
    const api = createResourceServer({ issuer: issuerName, audience, jwksUri, fetch })
    await api.ready()
    for (let length = 257; length < 300; length++) {
      const token = await issuer.sign({}, { kid: 'k'.repeat(length) })
      expect(await outcomeOf(() => api.verify(token), token)).toMatchObject({ reason: 'malformed' })
    }
    expect(calls).toEqual([jwksUri])
    expect(api.health().issuers[issuerName]?.counters.unknownKeyIds).toBe(0)
  })

  it('HDR-16 a kid of control characters reaches neither the challenge nor the body', async () => {
    const issuer = await createTestIssuer({ issuer: issuerName, audience })
    const api = createResourceServer(issuer.options)
    const token = await issuer.sign({}, { kid: 'evil\r\nSet-Cookie: a=b' })
    const error: unknown = await api.verify(token).catch((reason: unknown) => reason)
    const { headers, body } = api.refuse(error)
    expect(JSON.stringify(headers) + body).not.toContain('evil')
    expect(headers['WWW-Authenticate']).toMatch(/^[\x20-\x7e]+$/)
  })
})

it('HDR class: the public key of a private JWK in the header is no key either', async () => {
  const range = await createRange()
  const jwk = attacker.privateKey.export({ format: 'jwk' })
  expect(createPublicKey({ key: jwk, format: 'jwk' }).asymmetricKeyType).toBe('ec')
  expect(await range.judge(forged({ jwk })(range))).toEqual(expected('signature'))
})
