import * as crypto from 'node:crypto'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createResourceServer, type Jwk } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  audience,
  b64,
  createRange,
  expected,
  issuerName,
  jwkOf,
  type Range,
  signed,
  without,
} from '../support/range.ts'
import { pssBlock, rawRsa } from '../attacks/rsa.ts'

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 })
const ed = generateKeyPairSync('ed25519')
const x25519 = generateKeyPairSync('x25519')

const jwk = (pair: { publicKey: crypto.KeyObject }, members: object = {}): Jwk => ({
  ...(pair.publicKey.export({ format: 'jwk' }) as Jwk),
  kid: 'k',
  ...members,
})
const token = (range: Range, alg: string, pair: { privateKey: crypto.KeyObject }): string =>
  signed({ alg, kid: 'k', typ: 'at+jwt' }, range.claims(), pair.privateKey, alg)

let range: Range
beforeAll(async () => {
  range = await createRange(['ES384'])
})
/** The keys beside one that is in order, so that the set as a whole is usable. */
const among = (...keys: readonly unknown[]): unknown[] => [jwkOf(range.issuer), ...keys]

describe('requirements on keys', () => {
  it.each([
    ['RFC7517-4-2 unknown members of a key are ignored', 'ES256', ec, jwk(ec, { 'x-unknown': 1, ext: true })],
    ['RFC7517-4.2-1 use sig is used', 'ES256', ec, jwk(ec, { use: 'sig' })],
    ['RFC7517-4.3-1 key_ops with verify is used', 'ES256', ec, jwk(ec, { key_ops: ['verify'] })],
    [
      'RFC7517-4.3-2 use and key_ops that agree are used',
      'ES256',
      ec,
      jwk(ec, { use: 'sig', key_ops: ['verify'] }),
    ],
    ["RFC7517-4.4-1 an alg equal to the token's is used", 'ES256', ec, jwk(ec, { alg: 'ES256' })],
    ['RFC7517-4.4-1 an alg of EdDSA is used for Ed25519', 'Ed25519', ed, jwk(ed, { alg: 'EdDSA' })],
    [
      'RFC7517-4.7-1 x5c is not looked at, so it cannot contradict the bare key',
      'ES256',
      ec,
      jwk(ec, { x5c: ['MIIB'] }),
    ],
    ['RFC7518-3.3-1 RSA of 2048 bits is used for RS256', 'RS256', rsa, jwk(rsa)],
    ['RFC7518-3.5-1 RSA of 2048 bits is used for PS256', 'PS256', rsa, jwk(rsa)],
    ['RFC8037-2-1 OKP with crv and x is used', 'EdDSA', ed, jwk(ed)],
  ] as const)('%s', async (_title, alg, pair, key) => {
    expect(await range.judge(token(range, alg, pair), {}, among(key))).toEqual(expected('accepted'))
  })

  it.each([
    ['RFC7517-4.1-1 without kty is skipped', 'ES256', ec, without(jwk(ec), 'kty')],
    ['RFC7517-4.2-1 with use enc is skipped', 'ES256', ec, jwk(ec, { use: 'enc' })],
    ['RFC7517-4.3-1 with key_ops without verify is skipped', 'ES256', ec, jwk(ec, { key_ops: ['sign'] })],
    [
      'RFC7517-4.3-2 whose use and key_ops disagree is skipped',
      'ES256',
      ec,
      jwk(ec, { use: 'sig', key_ops: ['deriveKey'] }),
    ],
    ['RFC7517-5-3 of an unknown kty is skipped', 'ES256', ec, jwk(ec, { kty: 'NEW' })],
    ['RFC7517-5-3 with a member missing is skipped', 'ES256', ec, without(jwk(ec), 'y')],
    [
      'RFC7517-5-3 with a member out of range is skipped',
      'ES256',
      ec,
      jwk(ec, { x: b64(Buffer.alloc(32, 255)) }),
    ],
    [
      'RFC7517-9.2-1 with its private part is skipped',
      'ES256',
      ec,
      { ...(ec.privateKey.export({ format: 'jwk' }) as Jwk), kid: 'k' },
    ],
    ['RFC7518-3.3-1 RSA of 1024 bits never verifies RS256', 'RS256', rsa1024, jwk(rsa1024)],
    ['RFC7518-3.5-1 RSA of 1024 bits never verifies PS256', 'PS256', rsa1024, jwk(rsa1024)],
    ['RFC7518-6.2.1-1 with a coordinate too short is skipped', 'ES256', ec, jwk(ec, { y: 'AQAB' })],
    ['RFC7518-6.2.1-1 without crv is skipped', 'ES256', ec, without(jwk(ec), 'crv')],
    ['RFC7518-6.3.1-1 RSA without n is skipped', 'RS256', rsa, without(jwk(rsa), 'n')],
    ['RFC7518-6.3.1-1 RSA with e = 1 is skipped', 'RS256', rsa, jwk(rsa, { e: 'AQ' })],
    ['RFC7518-6.3.1-1 RSA with an even e is skipped', 'RS256', rsa, jwk(rsa, { e: 'BA' })],
    [
      'RFC7518-6.3.1-1 RSA of more than 8192 bits is skipped',
      'RS256',
      rsa,
      jwk(rsa, { n: b64(Buffer.alloc(1025, 0xc1)) }),
    ],
    ['RFC8725-3.4-1 with a point off its curve is skipped', 'ES256', ec, jwk(ec, { y: jwk(ec)['x'] })],
    [
      'RFC8037-2-1 OKP with d is skipped',
      'EdDSA',
      ed,
      { ...(ed.privateKey.export({ format: 'jwk' }) as Jwk), kid: 'k' },
    ],
    ['RFC8037-3.2-1 X25519 never verifies', 'EdDSA', ed, jwk(x25519)],
    ['OIDCD-3-2 a symmetric one is skipped', 'ES256', ec, { kty: 'oct', kid: 'k', k: b64('s'.repeat(32)) }],
    [
      'OIDCD-3-2 a private one is skipped',
      'RS256',
      rsa,
      { ...(rsa.privateKey.export({ format: 'jwk' }) as Jwk), kid: 'k' },
    ],
  ] as const)('%s, and the others are used', async (_title, alg, pair, key) => {
    expect(await range.judge(token(range, alg, pair), {}, among(key))).toEqual(expected('unknown_key', 1))
    expect(await range.judge(await range.issuer.sign(), {}, among(key))).toEqual(expected('accepted'))
    // Reported for operators, without a word of the key itself.
    const api = createResourceServer({ ...range.issuer.options, jwks: { keys: among(key) } as never })
    expect(api.health().issuers[issuerName]?.refusedKeys).toHaveLength(1)
  })

  it("RFC7517-4.4-1 an alg other than the token's is a refusal", async () => {
    expect(await range.judge(token(range, 'RS256', rsa), {}, among(jwk(rsa, { alg: 'RS512' })))).toEqual(
      expected('algorithm'),
    )
  })

  it('RFC7517-4-1 a member of a key that is there twice spoils the set', async () => {
    const text = JSON.stringify(range.issuer.jwks).replace('"kty":', '"kty":"oct","kty":')
    const api = createResourceServer({
      issuer: issuerName,
      audience,
      jwksUri: `${issuerName}keys`,
      fetch: () => Promise.resolve(new Response(text)),
    })
    await expect(api.ready()).rejects.toMatchObject({ status: 503 })
  })

  it('RFC7517-4.5-1 under one kid type and algorithm decide, never the order', async () => {
    for (const keys of [
      [jwk(ec), jwk(rsa)],
      [jwk(rsa), jwk(ec)],
    ]) {
      expect(await range.judge(token(range, 'ES256', ec), {}, keys)).toEqual(expected('accepted'))
      expect(await range.judge(token(range, 'RS256', rsa), {}, keys)).toEqual(expected('accepted'))
    }
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    for (const keys of [
      [jwk(ec), jwk(other)],
      [jwk(other), jwk(ec)],
    ]) {
      expect(await range.judge(token(range, 'ES256', ec), {}, keys)).toEqual(expected('unknown_key'))
    }
  })

  it.each(['RFC7517-5-2', 'OIDCC-10.1.1-2'])(
    '%s a set of several keys and unknown members is an ordinary set',
    async () => {
      const jwks = { keys: among(jwk(rsa), jwk(ec, { kid: 'e' })), 'x-unknown': 1 }
      const api = createResourceServer({ ...range.issuer.options, jwks: jwks as never })
      expect((await api.verify(await range.issuer.sign())).subject).toBe('user-1')
    },
  )

  it('RFC8414-2-3 a key without use is not trusted in a set that has keys for encryption too', async () => {
    const mixed = among(jwk(ec), jwk(rsa, { kid: 'enc', use: 'enc' }))
    expect(await range.judge(token(range, 'ES256', ec), {}, mixed)).toEqual(expected('unknown_key', 1))
    expect(await range.judge(token(range, 'ES256', ec), {}, among(jwk(ec)))).toEqual(expected('accepted'))
  })

  it('RFC7518-3.5-2 PS256 with a salt of another length, or another mask, is refused', async () => {
    const input = `${b64('{"alg":"PS256","kid":"k","typ":"at+jwt"}')}.${b64(JSON.stringify(range.claims()))}`
    const made = (options: Parameters<typeof pssBlock>[2]): string =>
      `${input}.${b64(rawRsa(rsa.privateKey, pssBlock(input, rsa.privateKey, options)))}`
    expect(await range.judge(made({}), {}, among(jwk(rsa)))).toEqual(expected('accepted'))
    for (const options of [
      { saltLength: 0 },
      { saltLength: 20 },
      { saltLength: 64 },
      { mgfHash: 'sha1' },
    ] as const) {
      expect(await range.judge(made(options), {}, among(jwk(rsa)))).toEqual(expected('signature'))
    }
  })

  it('RFC9964-1 ML-DSA is used where Node has it and it was asked for; a key without alg never', async () => {
    const generate = crypto.generateKeyPairSync as unknown as (type: string) => {
      publicKey: crypto.KeyObject
      privateKey: crypto.KeyObject
    }
    let pair: ReturnType<typeof generate> | undefined
    try {
      pair = generate('ml-dsa-44')
    } catch {
      // This Node has none.
    }
    const options = { algorithms: ['ML-DSA-44', 'ES384'] }
    if (pair === undefined) {
      expect(() => createResourceServer({ ...range.issuer.options, ...options } as never)).toThrow(
        /cannot check ML-DSA-44/,
      )
      const key = { kty: 'AKP', alg: 'ML-DSA-44', pub: b64(Buffer.alloc(1312, 1)), kid: 'k' }
      expect(await range.judge(await range.issuer.sign(), {}, among(key))).toEqual(expected('accepted'))
      return
    }
    const key = { ...jwk(pair), alg: 'ML-DSA-44' }
    const input = `${b64('{"alg":"ML-DSA-44","kid":"k","typ":"at+jwt"}')}.${b64(JSON.stringify(range.claims()))}`
    const pq = `${input}.${b64(crypto.sign(null, Buffer.from(input), pair.privateKey))}`
    expect(await range.judge(pq, options, among(key))).toEqual(expected('accepted'))
    expect(await range.judge(pq, options, among(without(key, 'alg')))).toEqual(expected('unknown_key', 1))
    expect(await range.judge(pq, {}, among(key))).toEqual(expected('algorithm'))
  })
})

describe('requirements on secrets', () => {
  const common = { issuer: issuerName, audience }

  it.each(['RFC7518-3.2-1', 'RFC8725-3.5-1'])(
    '%s a secret shorter than the hash is a mistake at start-up',
    (id) => {
      expect(id).toMatch(/^RFC/)
      for (const [bytes, alg] of [
        [31, 'HS256'],
        [47, 'HS384'],
        [63, 'HS512'],
      ] as const) {
        expect(() =>
          createResourceServer({ ...common, secret: 's'.repeat(bytes), algorithms: [alg] }),
        ).toThrow(/^secret/)
        expect(() =>
          createResourceServer({ ...common, secret: 's'.repeat(bytes + 1), algorithms: [alg] }),
        ).not.toThrow()
      }
      expect(() => createResourceServer({ ...common, secret: 'correct horse' })).toThrow(/^secret/)
    },
  )

  it('RFC7518-3.2-2 an HMAC is compared as a whole, in constant time', async () => {
    const secret = 's'.repeat(64)
    const { options } = await createTestIssuer({ issuer: issuerName, audience })
    const api = createResourceServer({ ...common, secret, now: options.now })
    const exp = Math.floor(Date.now() / 1000) + 60
    const input = `${b64('{"alg":"HS256"}')}.${b64(JSON.stringify({ iss: issuerName, aud: audience, exp }))}`
    const mac = createHmac('sha256', secret).update(input).digest()
    expect((await api.verify(`${input}.${b64(mac)}`)).issuer).toBe(issuerName)
    for (const at of mac.keys()) {
      const wrong = Buffer.from(mac)
      wrong[at] = (wrong[at] as number) ^ 1
      await expect(api.verify(`${input}.${b64(wrong)}`)).rejects.toMatchObject({ reason: 'signature' })
    }
    // Time itself cannot be measured reliably here; the means can be read.
    expect(readFileSync(new URL('../../src/platform/node.ts', import.meta.url), 'utf8')).toMatch(
      /timingSafeEqual\(/,
    )
  })
})
