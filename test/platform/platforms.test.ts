import { createHash, createHmac, sign } from 'node:crypto'
import { createTestIssuer, type TestAlgorithm } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { algorithms as known, defaultAlgorithms } from '../../src/algorithms.ts'
import * as node from '../../src/platform/node.ts'
import type { Platform } from '../../src/platform/types.ts'
import * as web from '../../src/platform/web.ts'
import type { Jwk } from '../../src/types.ts'
import { longRsa } from './long-rsa.ts'

const publicAlgorithms = defaultAlgorithms as readonly TestAlgorithm[]
const [first, ...others] = publicAlgorithms as [TestAlgorithm, ...TestAlgorithm[]]
const issuer = await createTestIssuer({ algorithms: [first, ...others] })
const stranger = await createTestIssuer({ algorithms: [first, ...others] })

const partsOf = (token: string): [input: string, signature: Buffer] => {
  const dot = token.lastIndexOf('.')
  return [token.slice(0, dot), Buffer.from(token.slice(dot + 1), 'base64url')]
}
const jwkOf = (from: typeof issuer, alg: string): Jwk => from.jwks.keys.find((key) => key.alg === alg) as Jwk

const platforms: Readonly<Record<string, Platform>> = { node, web }

describe.each(Object.entries(platforms))('signatures on platform %s', (_name, platform) => {
  it.each(publicAlgorithms)('hold under %s for the bytes that were signed', async (alg) => {
    const [input, signature] = partsOf(await issuer.sign({}, { alg }))
    const key = await platform.importPublicKey(jwkOf(issuer, alg), [alg])
    expect(await platform.verifySignature(alg, key, input, signature)).toBe(true)
  })

  it.each(publicAlgorithms)('fail under %s for anything else', async (alg) => {
    const [input, signature] = partsOf(await issuer.sign({}, { alg }))
    const key = await platform.importPublicKey(jwkOf(issuer, alg), [alg])
    const other = await platform.importPublicKey(jwkOf(stranger, alg), [alg])
    const flipped = Buffer.from(signature)
    flipped[0] = (flipped[0] as number) ^ 1
    const wrong: Readonly<Record<string, Parameters<Platform['verifySignature']>>> = {
      'another input': [alg, key, `${input}A`, signature],
      'another key': [alg, other, input, signature],
      'one bit': [alg, key, input, flipped],
      'a byte more': [alg, key, input, Buffer.concat([signature, Buffer.of(0)])],
      'a byte less': [alg, key, input, signature.subarray(0, -1)],
      'a zero in front': [alg, key, input, Buffer.concat([Buffer.of(0), signature])],
      zeros: [alg, key, input, Buffer.alloc(signature.length)],
      nothing: [alg, key, input, Buffer.alloc(0)],
    }
    for (const [what, given] of Object.entries(wrong)) {
      expect(await platform.verifySignature(...given), what).toBe(false)
    }
  })

  it('hold for each algorithm that a key without alg may serve, and for no other', async () => {
    const { alg: _alg, use: _use, ...rsa } = jwkOf(issuer, 'RS256') as { alg: string; use: string } & Jwk
    const key = await platform.importPublicKey(rsa, ['RS256', 'PS256', 'RS512'])
    const header = Buffer.from('{"alg":"RS512"}').toString('base64url')
    const signature = sign('sha512', Buffer.from(`${header}.e30`), issuer.privateKey('RS256'))
    expect(await platform.verifySignature('RS512', key, `${header}.e30`, signature)).toBe(true)
    expect(await platform.verifySignature('RS256', key, `${header}.e30`, signature)).toBe(false)
    expect(await platform.verifySignature('PS512', key, `${header}.e30`, signature)).toBe(false)
  })

  it('refuse a salt of another length than the hash (RFC 7518 §3.5)', async () => {
    const key = await platform.importPublicKey(jwkOf(issuer, 'PS256'), ['PS256'])
    const input = `${Buffer.from('{"alg":"PS256"}').toString('base64url')}.e30`
    const padding = 6
    const privateKey = issuer.privateKey('PS256')
    const salted = (saltLength: number): Buffer =>
      sign('sha256', Buffer.from(input), { key: privateKey, padding, saltLength })
    expect(await platform.verifySignature('PS256', key, input, salted(32))).toBe(true)
    expect(await platform.verifySignature('PS256', key, input, salted(0))).toBe(false)
    expect(await platform.verifySignature('PS256', key, input, salted(20))).toBe(false)
  })

  it.each(['HS256', 'HS384', 'HS512'] as const)('hold under %s for who knows the secret', async (alg) => {
    const secret = Buffer.alloc(64, 7)
    const input = `${Buffer.from(JSON.stringify({ alg })).toString('base64url')}.e30`
    const mac = createHmac(known[alg].hash as string, secret)
      .update(input)
      .digest()
    const key = await platform.importSecret(secret, [alg])
    const other = await platform.importSecret(Buffer.alloc(64, 8), [alg])
    expect(await platform.verifySignature(alg, key, input, mac)).toBe(true)
    expect(await platform.verifySignature(alg, other, input, mac)).toBe(false)
    expect(await platform.verifySignature(alg, key, `${input}A`, mac)).toBe(false)
    expect(await platform.verifySignature(alg, key, input, mac.subarray(0, -1))).toBe(false)
  })

  it('hold under RSA of more than 3072 bits, which takes longer', async () => {
    const input = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.e30`
    const key = await platform.importPublicKey({ kty: 'RSA', e: 'AQAB', n: longRsa.modulus }, ['RS256'])
    const signature = Buffer.from(longRsa.signature, 'base64url')
    expect(await platform.verifySignature('RS256', key, input, signature)).toBe(true)
    expect(await platform.verifySignature('RS256', key, `${input}A`, signature)).toBe(false)
    expect(await platform.verifySignature('RS256', key, input, signature.subarray(1))).toBe(false)
  })

  it('are never checked with a point that is not on its curve', async () => {
    const { x, ...others } = jwkOf(issuer, 'ES256')
    const off = async (): Promise<unknown> =>
      await platform.importPublicKey({ ...others, x: `A${String(x).slice(1)}`, y: x }, ['ES256'])
    await expect(off()).rejects.toThrow()
  })

  it('are offered for every default algorithm', () => {
    expect(defaultAlgorithms.filter((alg) => !platform.supports(alg))).toEqual([])
    expect((['HS256', 'HS384', 'HS512'] as const).every((alg) => platform.supports(alg))).toBe(true)
  })

  it('hash as SHA-256 does', async () => {
    const hash = createHash('sha256').update('abc').digest()
    expect(await platform.digest('abc')).toBe(hash.toString('latin1'))
    expect(await platform.sha256('abc')).toBe(hash.toString('base64url'))
    expect(await platform.sha256(Uint8Array.of(97, 98, 99))).toBe(hash.toString('base64url'))
    expect(await platform.sha256(Buffer.from('xabcx').subarray(1, 4))).toBe(hash.toString('base64url'))
  })

  it('authenticate as HMAC with SHA-256 does', async () => {
    const secret = Buffer.alloc(32, 7)
    expect(await platform.hmac(secret, 'abc')).toBe(
      createHmac('sha256', secret).update('abc').digest('base64url'),
    )
    expect(secret).toEqual(Buffer.alloc(32, 7))
  })

  it('are read and written in base64url alike', () => {
    for (const bytes of [[], [0], [255, 254], [251, 255, 191], [1, 2, 3, 4]]) {
      const text = Buffer.from(bytes).toString('base64url')
      expect(platform.encodeBase64url(Uint8Array.from(bytes))).toBe(text)
      expect(Array.from(platform.decodeBase64url(text) ?? [])).toEqual(bytes)
    }
    const middle = Uint8Array.of(9, 1, 2, 9).subarray(1, 3)
    expect(platform.encodeBase64url(middle)).toBe('AQI')
  })
})
