import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { createResourceServer, type Jwk } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { signSelf } from './certificate.ts'
import { digestInfo, padded } from './rsa.ts'
import {
  audience,
  b64,
  countingFetch,
  createRange,
  expected,
  issuerName,
  jwkOf,
  jwksUri,
  outcomeOf,
  type Range,
  shown,
  signed,
  without,
} from '../support/range.ts'

const { publicKey: rsaPublic, privateKey: rsaPrivate } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const rsa: Jwk = { ...(rsaPublic.export({ format: 'jwk' }) as Jwk), kid: 'bad', alg: 'RS256' }
const ecPair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ec: Jwk = { ...(ecPair.publicKey.export({ format: 'jwk' }) as Jwk), kid: 'bad', alg: 'ES256' }
const edPair = generateKeyPairSync('ed25519')
const ed: Jwk = { ...(edPair.publicKey.export({ format: 'jwk' }) as Jwk), kid: 'bad', alg: 'EdDSA' }

const modulus = (bits: number): string => {
  const bytes = randomBytes(Math.ceil(bits / 8))
  bytes[0] =
    ((bytes[0] as number) & (0xff >> (bytes.length * 8 - bits))) | (0x80 >> (bytes.length * 8 - bits))
  bytes[bytes.length - 1] = (bytes.at(-1) as number) | 1
  return b64(bytes)
}
const hex = (text: string): string => b64(Buffer.from(text, 'hex'))
const weak = (bits: number): { jwk: Jwk; privateKey: KeyObject } => {
  const pair = generateKeyPairSync('rsa', { modulusLength: bits })
  return {
    jwk: { ...(pair.publicKey.export({ format: 'jwk' }) as Jwk), kid: 'bad', alg: 'RS256' },
    privateKey: pair.privateKey,
  }
}
const privatePart = (key: KeyObject): Jwk => key.export({ format: 'jwk' })

type Refused = [title: string, jwk: unknown, reason: string, sign?: KeyObject]

/** Keys that must not be used, the reason operators see, and who could sign with them. */
const refused: readonly Readonly<Refused>[] = [
  ...[512, 1024, 1536, 2047].map((bits) => {
    const { jwk, privateKey } = weak(bits)
    return [`KEY-1 RSA of ${bits} bits`, jwk, 'modulus', privateKey] as const
  }),
  ...[8193, 9216, 16_384, 65_536].map(
    (bits) => [`KEY-2 RSA of ${bits} bits`, { ...rsa, n: modulus(bits) }, 'modulus'] as const,
  ),
  ['KEY-1 an RSA modulus of zero', { ...rsa, n: 'AA' }, 'modulus'],
  [
    'KEY-1 an even RSA modulus',
    {
      ...rsa,
      n: b64(Buffer.concat([Buffer.from(rsa['n'] as string, 'base64url').subarray(0, 255), Buffer.of(2)])),
    },
    'modulus',
  ],
  [
    'KEY-1 RSA of 1024 bits behind zeros',
    { ...rsa, n: b64(Buffer.concat([Buffer.alloc(128), Buffer.from(modulus(1024), 'base64url')])) },
    'modulus',
  ],
  ['KEY-3 RSA with e = 0', { ...rsa, e: 'AA' }, 'exponent'],
  ['KEY-3 RSA with e = 1', { ...rsa, e: 'AQ' }, 'exponent'],
  ['KEY-3 RSA with e = 1 behind zeros', { ...rsa, e: hex('00000001') }, 'exponent'],
  ['KEY-3 RSA with e = 2', { ...rsa, e: 'Ag' }, 'exponent'],
  ['KEY-3 RSA with e = 65536', { ...rsa, e: hex('010000') }, 'exponent'],
  ['KEY-3 RSA with e = 2^32 + 1', { ...rsa, e: hex('0100000001') }, 'exponent'],
  ['KEY-3 RSA with e = 2^64 + 1', { ...rsa, e: hex('010000000000000001') }, 'exponent'],
  ['KEY-3 RSA with e = n', { ...rsa, e: rsa['n'] }, 'exponent'],
  ['KEY-3 RSA with an empty e', { ...rsa, e: '' }, 'exponent'],
  ...[[], 65_537, null, true, { value: 'AQAB' }, 'AQAB=', 'AQ AB', 'AQ+B', 'AR'].map(
    (e) => [`KEY-3 class: ${JSON.stringify(e)} as e`, { ...rsa, e }, 'exponent'] as const,
  ),
  ...[[], 7, null, '', 'A', `${rsa['n'] as string}=`, `${rsa['n'] as string}\n`].map(
    (n) =>
      [
        `KEY-1 class: ${JSON.stringify(n).replace(rsa['n'] as string, 'the modulus')} as n`,
        { ...rsa, n },
        'modulus',
      ] as const,
  ),
  ['KEY class: RSA without n', without(rsa, 'n'), 'modulus', rsaPrivate],
  ['KEY class: RSA without e', without(rsa, 'e'), 'exponent', rsaPrivate],
  ['KEY-5 use enc', { ...rsa, use: 'enc' }, 'use', rsaPrivate],
  ...['SIG', 'Sig', 'sig ', '', 'sign', 'verify', 'encsig', 7, null, ['sig'], true, {}].map(
    (use) => [`KEY-6 ${JSON.stringify(use)} as use`, { ...rsa, use }, 'use', rsaPrivate] as const,
  ),
  ...[
    [],
    ['encrypt'],
    ['sign'],
    ['sign', 'encrypt'],
    ['wrapKey'],
    ['Verify'],
    'verify',
    ['verify', 'verify'],
    [['verify']],
    ['verify', 7],
    {},
    null,
    7,
    true,
  ].map(
    (key_ops) =>
      [`KEY-7 ${JSON.stringify(key_ops)} as key_ops`, { ...rsa, key_ops }, 'key_ops', rsaPrivate] as const,
  ),
  ['KEY-8 use sig and key_ops encrypt', { ...rsa, use: 'sig', key_ops: ['encrypt'] }, 'key_ops', rsaPrivate],
  [
    'KEY-8 use sig and key_ops verify and encrypt',
    { ...rsa, use: 'sig', key_ops: ['verify', 'encrypt'] },
    'key_ops',
    rsaPrivate,
  ],
  ['KEY-8 use enc and key_ops verify', { ...rsa, use: 'enc', key_ops: ['verify'] }, 'use', rsaPrivate],
  ...[
    'ES256',
    'EdDSA',
    'HS256',
    'none',
    'RS1',
    'RS255',
    'rs256',
    '',
    'RSA-OAEP',
    'RSA-OAEP-256',
    'RSA1_5',
    'ML-DSA-44',
    7,
    null,
    ['RS256'],
    '__proto__',
    'toString',
  ].map(
    (alg) =>
      [`KEY-9 ${JSON.stringify(alg)} as alg of an RSA key`, { ...rsa, alg }, 'alg', rsaPrivate] as const,
  ),
  ...['ES521', 'ES384', 'ES512', 'ES256K', 'RS256', 'ECDH-ES', 'EdDSA'].map(
    (alg) => [`KEY-9 ${alg} as alg of a P-256 key`, { ...ec, alg }, 'alg', ecPair.privateKey] as const,
  ),
  [
    'KEY-10 kty RSA over the members of an EC key',
    { ...ec, kty: 'RSA', alg: 'RS256' },
    'modulus',
    ecPair.privateKey,
  ],
  [
    'KEY-10 kty EC over the members of an RSA key',
    { ...rsa, kty: 'EC', crv: 'P-256', alg: 'ES256' },
    'coordinates',
    rsaPrivate,
  ],
  ['KEY-10 kty OKP over the members of an EC key', { ...ec, kty: 'OKP', alg: 'EdDSA' }, 'alg'],
  ...['rsa', 'Rsa', 'RSA ', '', 'DSA', 'DH', 7, null, ['RSA'], undefined, '__proto__'].map(
    (kty) => [`KEY-10 ${shown(kty)} as kty`, { ...rsa, kty }, 'kty', rsaPrivate] as const,
  ),
  ...['P-384', 'P-521', 'secp256k1', 'p-256', 'P256', 'prime256v1', 'Ed25519', '', 7, null, undefined].map(
    (crv) =>
      [`KEY-11 ${shown(crv)} as crv of a P-256 key`, { ...ec, crv }, 'alg', ecPair.privateKey] as const,
  ),
  ['KEY-11 P-384 said of a P-256 key, alg and all', { ...ec, crv: 'P-384', alg: 'ES384' }, 'coordinates'],
  [
    'KEY-11 x a byte short',
    { ...ec, x: b64(Buffer.from(ec['x'] as string, 'base64url').subarray(1)) },
    'coordinates',
  ],
  [
    'KEY-11 x a zero too long',
    { ...ec, x: b64(Buffer.concat([Buffer.of(0), Buffer.from(ec['x'] as string, 'base64url')])) },
    'coordinates',
  ],
  ['KEY-11 no y', without(ec, 'y'), 'coordinates'],
  ['KEY-11 no x', without(ec, 'x'), 'coordinates'],
  ['KEY-11 y that is no text', { ...ec, y: 7 }, 'coordinates'],
  [
    'KEY-11 an uncompressed point in x',
    {
      ...ec,
      x: b64(
        Buffer.concat([
          Buffer.of(4),
          Buffer.from(ec['x'] as string, 'base64url'),
          Buffer.from(ec['y'] as string, 'base64url'),
        ]),
      ),
    },
    'coordinates',
  ],
  ['SIG-17 a point that is not on its curve', { ...ec, y: ec['x'] }, 'not importable'],
  [
    'SIG-17 the point at infinity',
    { ...ec, x: b64(Buffer.alloc(32)), y: b64(Buffer.alloc(32)) },
    'not importable',
  ],
  [
    'SIG-17 coordinates beyond the field',
    { ...ec, x: b64(Buffer.alloc(32, 0xff)), y: b64(Buffer.alloc(32, 0xff)) },
    'not importable',
  ],
  [
    'SIG-17 a point of the twist',
    {
      ...ec,
      x: b64(Buffer.concat([Buffer.alloc(31), Buffer.of(1)])),
      y: b64(Buffer.concat([Buffer.alloc(31), Buffer.of(1)])),
    },
    'not importable',
  ],
  [
    'KEY-11 Ed25519 a byte short',
    { ...ed, x: b64(Buffer.from(ed['x'] as string, 'base64url').subarray(1)) },
    'coordinates',
  ],
  ['KEY-11 X25519, which is for key agreement', { ...ed, crv: 'X25519' }, 'alg', edPair.privateKey],
  ['KEY-11 X448', { ...ed, crv: 'X448', alg: undefined }, 'alg'],
  ...[
    '00',
    '01',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
    `ec${'ff'.repeat(31)}`,
    `01${'00'.repeat(30)}80`,
  ].map(
    (point) =>
      [
        `SIG-14 an Ed25519 key of small order, ${point.slice(0, 8)}`,
        { ...ed, x: hex(point.padEnd(64, '0')) },
        'coordinates',
      ] as const,
  ),
  [
    'KEY-12 an RSA key with its private part',
    { ...privatePart(rsaPrivate), kid: 'bad', alg: 'RS256' },
    'private or symmetric',
    rsaPrivate,
  ],
  [
    'KEY-12 an EC key with its private part',
    { ...privatePart(ecPair.privateKey), kid: 'bad', alg: 'ES256' },
    'private or symmetric',
    ecPair.privateKey,
  ],
  [
    'KEY-12 an Ed25519 key with its private part',
    { ...privatePart(edPair.privateKey), kid: 'bad', alg: 'EdDSA' },
    'private or symmetric',
    edPair.privateKey,
  ],
  ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'].map(
    (name) =>
      [
        `KEY-12 a key with the private member ${name}`,
        { ...rsa, [name]: 'AQAB' },
        'private or symmetric',
        rsaPrivate,
      ] as const,
  ),
  ['KEY-12 a private member that is null', { ...rsa, d: null }, 'private or symmetric', rsaPrivate],
  [
    'KEY-12 a symmetric key',
    { kty: 'oct', kid: 'bad', alg: 'HS256', k: b64(randomBytes(32)) },
    'private or symmetric',
  ],
  ...[7, null, ['bad'], {}, true, 'k'.repeat(257)].map(
    (kid) =>
      [`KEY-17 ${JSON.stringify(kid).slice(0, 12)} as kid`, { ...rsa, kid }, 'kid', rsaPrivate] as const,
  ),
  ...[null, 7, 'text', [], [rsa], true].map(
    (entry) =>
      [`KEY-19 ${JSON.stringify(entry).slice(0, 8)} among the keys`, entry, 'not an object'] as const,
  ),
]

describe('keys that must not be used', () => {
  let range: Range

  beforeAll(async () => {
    range = await createRange(['ES384'])
  })

  it.each(refused.map((row): Refused => [...row]))(
    '%s',
    async (_title, jwk, reason, sign: KeyObject = rsaPrivate) => {
      const keys = [jwkOf(range.issuer), jwk]
      const api = createResourceServer({ ...range.issuer.options, jwks: { keys } as never })
      await api.ready()
      expect(api.health().issuers[issuerName]).toMatchObject({
        keyCount: 1,
        refusedKeys: [{ index: 1, reason }],
      })
      const alg = { rsa: 'RS256', ec: 'ES256', ed25519: 'EdDSA' }[sign.asymmetricKeyType as 'rsa']
      // 512 bits have no room for the padding of anything longer than SHA-256, which is enough here.
      const token = signed({ alg, kid: 'bad', typ: 'at+jwt' }, range.claims(), sign)
      expect(await range.judge(token, {}, keys)).toEqual(expected('unknown_key', 1))
      // KEY-21: one bad entry does not spoil the others.
      expect(await range.judge(await range.issuer.sign(), {}, keys)).toEqual(expected('accepted'))
      // The report is for operators; key material is none of their business.
      expect(JSON.stringify(api.health())).not.toContain('AQAB')
    },
  )

  it('KEY-3 refuses the number that is its own signature under e = 1', async () => {
    const jwk = { ...rsa, e: 'AQ' }
    const input = `${b64('{"alg":"RS256","kid":"bad","typ":"at+jwt"}')}.${b64(JSON.stringify(range.claims()))}`
    const forged = `${input}.${b64(padded(digestInfo(input), 256))}`
    expect(await range.judge(forged, {}, [jwkOf(range.issuer), jwk])).toEqual(expected('unknown_key', 1))
  })

  it('SIG-14 refuses a signature made without any key, under a key of small order', async () => {
    const jwk = { ...ed, x: hex('01'.padEnd(64, '0')) }
    const input = `${b64('{"alg":"EdDSA","kid":"bad","typ":"at+jwt"}')}.${b64(JSON.stringify(range.claims()))}`
    const forged = `${input}.${b64(Buffer.concat([Buffer.from('01'.padEnd(64, '0'), 'hex'), Buffer.alloc(32)]))}`
    expect(await range.judge(forged, {}, [jwkOf(range.issuer), jwk])).toEqual(expected('unknown_key', 1))
  })

  it.each(refused.filter(([title]) => !title.includes('among the keys')))(
    'refuses a set of nothing else: %s',
    (_title, jwk) => {
      expect(() => createResourceServer({ ...range.issuer.options, jwks: { keys: [jwk] } as never })).toThrow(
        /^jwks: must be a JWK Set with at least one public key/,
      )
    },
  )
})

describe('keys that are in order', () => {
  const accepted: readonly (readonly [string, Jwk, KeyObject])[] = [
    ['KEY class: an RSA key', rsa, rsaPrivate],
    ['KEY-5 use sig', { ...rsa, use: 'sig' }, rsaPrivate],
    ['KEY-7 key_ops verify', { ...rsa, key_ops: ['verify'] }, rsaPrivate],
    ['KEY-8 use sig and key_ops verify', { ...rsa, use: 'sig', key_ops: ['verify'] }, rsaPrivate],
    ['KEY-9 no alg', without(rsa, 'alg'), rsaPrivate],
    [
      'KEY-26 ext false and members nobody knows',
      { ...rsa, ext: false, iat: 1, exp: 1, 'x-note': {}, issuer: 'x' },
      rsaPrivate,
    ],
    // Ignored, as the bare key is what was published; whoever can write the one can write the other.
    [
      'KEY-18 x5c of another key',
      { ...rsa, x5c: [signSelf(weak(2048).privateKey).toString('base64')], x5t: 'AAAA' },
      rsaPrivate,
    ],
    ['KEY-18 x5c that is nonsense', { ...rsa, x5c: 'nonsense', x5u: 'https://attacker.test/' }, rsaPrivate],
    [
      'KEY-1 a zero before the modulus, as some issuers write it',
      { ...rsa, n: b64(Buffer.concat([Buffer.of(0), Buffer.from(rsa['n'] as string, 'base64url')])) },
      rsaPrivate,
    ],
    ['KEY class: an EC key', ec, ecPair.privateKey],
    ['KEY class: an Ed25519 key', ed, edPair.privateKey],
  ]

  it.each(accepted)('%s', async (_title, jwk, sign) => {
    const range = await createRange()
    const alg = { rsa: 'RS256', ec: 'ES256', ed25519: 'EdDSA' }[sign.asymmetricKeyType as 'rsa']
    const token = signed({ alg, kid: 'bad', typ: 'at+jwt' }, range.claims(), sign)
    expect(await range.judge(token, {}, [jwk])).toEqual(expected('accepted'))
  })
})

describe('several keys under one id', () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const twin: Jwk = { ...(other.publicKey.export({ format: 'jwk' }) as Jwk), kid: 'bad', alg: 'ES256' }

  it.each([
    ['KEY-14 two keys of one algorithm, signed by the first', [ec, twin], 'bad', ecPair.privateKey],
    ['KEY-14 two keys of one algorithm, signed by the second', [twin, ec], 'bad', ecPair.privateKey],
    [
      'KEY-14 two keys of one algorithm that neither names',
      [without(ec, 'alg'), without(twin, 'alg')],
      'bad',
      ecPair.privateKey,
    ],
    [
      'KEY-16 two keys without id, and a token without',
      [without(ec, 'kid'), without(twin, 'kid')],
      undefined,
      ecPair.privateKey,
    ],
  ] as const)('%s: neither is used', async (_title, keys, kid, sign) => {
    const range = await createRange()
    expect(
      await range.judge(signed({ alg: 'ES256', kid, typ: 'at+jwt' }, range.claims(), sign), {}, keys),
    ).toEqual(expected('unknown_key'))
  })

  it.each([
    ['KEY-14 one key published twice is one key', [ec, ec], 'bad', ecPair.privateKey],
    ['KEY-15 the EC key out of one id for two types', [rsa, ec], 'bad', ecPair.privateKey],
    ['KEY-15 the RSA key out of one id for two types', [rsa, ec], 'bad', rsaPrivate],
    ['KEY-16 a key without id, and a token without', [without(ec, 'kid'), rsa], undefined, ecPair.privateKey],
  ] as const)('%s, accepted', async (_title, keys, kid, sign) => {
    const range = await createRange()
    const alg = sign === rsaPrivate ? 'RS256' : 'ES256'
    expect(await range.judge(signed({ alg, kid, typ: 'at+jwt' }, range.claims(), sign), {}, keys)).toEqual(
      expected('accepted'),
    )
  })

  it('KEY-16 a key without id serves no token that names one', async () => {
    const range = await createRange()
    const keys = [without(ec, 'kid'), { ...rsa, kid: 'other' }]
    const token = signed({ alg: 'ES256', kid: 'bad', typ: 'at+jwt' }, range.claims(), ecPair.privateKey)
    expect(await range.judge(token, {}, keys)).toEqual(expected('unknown_key', 1))
  })
})

/** Answers in place of a JWK Set. */
const answers: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>> = {
  'KEY-19 no keys member': '{}',
  'KEY-19 keys null': '{"keys":null}',
  'KEY-19 keys an object': '{"keys":{"0":{}}}',
  'KEY-19 keys a text': '{"keys":"none"}',
  'KEY-19 an empty list of keys': '{"keys":[]}',
  'KEY-19 nothing but null, numbers and texts': '{"keys":[null,7,"key",[]]}',
  'KEY-19 Keys in other letters': '{"Keys":[]}',
  'KEY-20 a list in place of the set': '[]',
  'KEY-20 an HTML page': '<!doctype html><title>Sign in</title>',
  'KEY-20 nothing': '',
  'KEY-20 null': 'null',
  'KEY-20 a text': '"keys"',
  'KEY-20 invalid UTF-8': Buffer.from('7b226b657973223a5b22ff225d7d', 'hex'),
  'KEY-20 an error object': '{"error":"server_error"}',
}
/** Answers that would be good but for one thing. */
const spoiled: Readonly<Record<string, (good: string) => string>> = {
  'KEY-20 keys twice': (good) => `{"keys":[],${good.slice(1)}`,
  'KEY-20 a member of a key twice': (good) => good.replace('"kty":', '"kty":"oct","kty":'),
  'KEY-20 text behind the set': (good) => `${good};`,
  'KEY-20 a list around the set': (good) => `[${good}]`,
  'KEY-20 nesting beyond every need': (good) => `{"x":${'['.repeat(40)}${']'.repeat(40)},${good.slice(1)}`,
  'KEY-23 a set beyond the limit': (good) => `{"x":"${'x'.repeat(300_000)}",${good.slice(1)}`,
  'KEY-23 more keys than the limit': (good) => `{"keys":[${'{},'.repeat(100)}${good.slice(9)}`,
}

describe('answers that are no usable set', () => {
  const all = [
    ...Object.entries(answers).map(([title, text]) => [title, () => text] as const),
    ...Object.entries(spoiled),
  ]

  it.each(all)('%s never replaces a good set, and is 503 where there is none', async (_title, spoil) => {
    const range = await createRange()
    const good = JSON.stringify(range.issuer.jwks)
    let answer: string | Uint8Array<ArrayBuffer> = good
    const { fetch, calls } = countingFetch({ [jwksUri]: () => new Response(answer) })
    const options = { issuer: issuerName, audience, jwksUri, fetch, now: range.clock.now }
    const warm = createResourceServer(options)
    await warm.ready()
    answer = spoil(good)
    expect(answer).not.toBe(good)

    // An unknown kid makes it ask again; what comes then is no better than what is there.
    const unknown = await range.issuer.sign({}, { kid: 'other' })
    expect(await outcomeOf(() => warm.verify(unknown), unknown)).toMatchObject({
      status: 503,
      reason: 'unavailable',
    })
    const token = await range.issuer.sign()
    expect(await outcomeOf(() => warm.verify(token), token)).toMatchObject({ reason: 'accepted' })
    expect(calls).toHaveLength(2)

    const cold = createResourceServer(options)
    expect(await outcomeOf(() => cold.verify(token), token)).toMatchObject({ status: 503, code: undefined })
    await expect(cold.ready()).rejects.toMatchObject({ status: 503 })
  })
})

describe('keys that change', () => {
  it('KEY-24 refuses the key that was taken out, remembered tokens included', async () => {
    const { api, issuer, clock } = await withPublishedKeys()
    const token = await issuer.sign()
    await api.verify(token)
    await issuer.rotate({ keepOld: false })
    clock.advance(3601)
    const fresh = await issuer.sign()
    expect(await outcomeOf(() => api.verify(fresh), fresh)).toMatchObject({ reason: 'accepted' })
    expect(await outcomeOf(() => api.verify(token), token)).toMatchObject({ reason: 'unknown_key' })
  })

  it('KEY-25 uses the new key under an old id, and forgets what the old one signed', async () => {
    const { api, issuer, clock, publish } = await withPublishedKeys()
    const kid = jwkOf(issuer)['kid']
    const old = await issuer.sign()
    await api.verify(old)
    await issuer.rotate({ keepOld: false })
    publish(() => ({ keys: [{ ...jwkOf(issuer), kid }] }))
    clock.advance(3601)
    const fresh = await issuer.sign({}, { kid })
    expect(await outcomeOf(() => api.verify(fresh), fresh)).toMatchObject({ reason: 'accepted' })
    expect(await outcomeOf(() => api.verify(old), old)).toMatchObject({ reason: 'signature' })
  })

  async function withPublishedKeys(): Promise<
    Pick<Range, 'issuer' | 'clock'> & {
      api: ReturnType<typeof createResourceServer>
      publish: (set: () => unknown) => void
    }
  > {
    const { issuer, clock } = await createRange()
    // Long enough to outlive the freshness of the keys.
    const patient = await createTestIssuer({ issuer: issuerName, audience, clock })
    const sign = patient.sign
    const long = Object.create(patient, {
      sign: {
        value: (claims = {}, header = {}) => sign({ exp: clock.now() / 1000 + 9999, ...claims }, header),
      },
      jwks: { get: () => patient.jwks },
      algorithms: { value: issuer.algorithms },
    }) as typeof patient
    let document: () => unknown = () => patient.jwks
    const { fetch } = countingFetch({ [jwksUri]: () => document() })
    const api = createResourceServer({ issuer: issuerName, audience, jwksUri, fetch, now: clock.now })
    return { api, issuer: long, clock, publish: (set) => (document = set) }
  }
})

describe('keys in the configuration', () => {
  const pem = rsaPublic.export({ type: 'spki', format: 'pem' }) as string
  const common = { issuer: issuerName, audience }

  it.each([
    ['KEY-27 a PEM as jwks', { jwks: pem }, /^jwks:/],
    ['KEY-27 a PEM with text before it as jwks', { jwks: `Bag Attributes\n${pem}` }, /^jwks:/],
    ['KEY-27 a KeyObject as jwks', { jwks: rsaPublic }, /^jwks:/],
    ['KEY-27 a list of keys as jwks', { jwks: [rsa] }, /^jwks:/],
    ['KEY-27 a bare key as jwks', { jwks: rsa }, /^jwks:/],
    ['KEY-27 a set as JSON text', { jwks: JSON.stringify({ keys: [rsa] }) }, /^jwks:/],
    [
      'KEY-28 a public key and an HMAC algorithm',
      { jwks: { keys: [rsa] }, algorithms: ['HS256'] },
      /^algorithms: HS256/,
    ],
    [
      'KEY-28 public keys with an HMAC algorithm among others',
      { jwks: { keys: [rsa] }, algorithms: ['RS256', 'HS256'] },
      /^algorithms: HS256/,
    ],
    [
      'KEY-28 a secret and only an algorithm of public keys',
      { secret: 's'.repeat(64), algorithms: ['RS256'] },
      /^algorithms:/,
    ],
    ['KEY-28 a secret of 31 bytes', { secret: 's'.repeat(31) }, /^secret:/],
    [
      'KEY-28 a secret of 47 bytes for HS384',
      { secret: 's'.repeat(47), algorithms: ['HS384'] },
      /^secret: HS384/,
    ],
    [
      'KEY-28 a secret of 63 bytes for HS512',
      { secret: 's'.repeat(63), algorithms: ['HS512'] },
      /^secret: HS512/,
    ],
    ['KEY-28 an empty secret', { secret: '' }, /^secret:/],
    ['KEY-28 an empty secret of bytes', { secret: new Uint8Array() }, /^secret:/],
    ['KEY-28 null as secret', { secret: null }, /^secret:/],
    ['KEY-28 an empty list as secret', { secret: [] }, /^secret:/],
    ['KEY-28 a JWK as secret', { secret: { kty: 'oct', k: b64('s'.repeat(64)) } }, /^secret:/],
    ['KEY-28 a number as secret', { secret: 1234567890123456 }, /^secret:/],
    [
      'KEY-28 a secret beside public keys, without a list of algorithms',
      { secret: 's'.repeat(64), jwks: { keys: [rsa] } },
      /^secret and jwks/,
    ],
    ['KEY-27 a public key in PEM as secret', { secret: pem }, /^secret:/],
    [
      'KEY-27 a public key in PEM with text before it as secret',
      { secret: `Bag Attributes\n${pem}` },
      /^secret:/,
    ],
    ['KEY-27 a public key in PEM as bytes for secret', { secret: Buffer.from(pem) }, /^secret:/],
    ['KEY-28 a public JWK as text for secret', { secret: JSON.stringify(rsa) }, /^secret:/],
    ['KEY-28 a JWK Set as text for secret', { secret: JSON.stringify({ keys: [rsa] }) }, /^secret:/],
  ])('%s is a mistake at start-up', (_title, options, message) => {
    const create = (): unknown => createResourceServer({ ...common, ...options } as never)
    expect(create).toThrow(TypeError)
    expect(create).toThrow(message)
  })

  it('KEY-27 a private key in the configuration is refused', () => {
    const keys = [
      createPrivateKey(rsaPrivate.export({ type: 'pkcs8', format: 'pem' })).export({ format: 'jwk' }),
    ]
    expect(() => createResourceServer({ ...common, jwks: { keys } })).toThrow(/^jwks:/)
  })
})
