import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import diagnostics from 'node:diagnostics_channel'
import { createTestIssuer, type TestAlgorithm } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type AlgorithmName, algorithms as known, defaultAlgorithms } from '../../src/algorithms.ts'
import * as node from '../../src/platform/node.ts'
import type { Platform } from '../../src/platform/types.ts'
import * as web from '../../src/platform/web.ts'
import type { Jwk } from '../../src/types.ts'

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
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 3088 })
    const input = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.e30`
    const key = await platform.importPublicKey(publicKey.export({ format: 'jwk' }), ['RS256'])
    const signature = sign('sha256', Buffer.from(input), privateKey)
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

  it('give a token one name, and another token another', async () => {
    expect(await platform.digest('abc')).toBe(await platform.digest('abc'))
    expect(await platform.digest('abc')).not.toBe(await platform.digest('abd'))
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

describe('platform node', () => {
  afterEach(() => vi.unstubAllGlobals())

  it.each([
    ['20.20.2', false],
    ['23.11.1', false],
    ['24.5.0', false],
    ['24.6.0', true],
    ['24.11.1', true],
    ['25.0.0', true],
    ['26.1.0', true],
  ])('of version %s checks ML-DSA: %s', async (version, supported) => {
    vi.stubGlobal('process', Object.create(process, { versions: { value: { node: version } } }))
    vi.resetModules()
    const { supports } = await import('../../src/platform/node.ts')
    expect(supports('ML-DSA-65')).toBe(supported)
    expect(supports('ES256')).toBe(true)
  })

  it.each([
    ['ES256', undefined, false],
    ['ES512', undefined, true],
    ['RS256', 2048, false],
    ['RS256', 3072, false],
    ['RS256', 3080, true],
  ] as const)('checks %s of %s bits in the thread pool: %s', async (alg, bits, pooled) => {
    const jwk =
      bits === undefined
        ? jwkOf(issuer, alg)
        : (generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' }) as Jwk)
    const key = await node.importPublicKey(jwk, [alg, alg.startsWith('RS') ? 'PS256' : alg])
    const answer = node.verifySignature(
      alg,
      key,
      'a.b',
      Buffer.alloc(known[alg].signatureLength ?? (bits ?? 0) / 8),
    )
    expect(answer instanceof Promise).toBe(pooled)
    expect(await answer).toBe(false)
  })

  it('checks Ed448 in the thread pool too', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed448')
    const key = await node.importPublicKey(publicKey.export({ format: 'jwk' }), ['Ed448'])
    const answer = node.verifySignature('Ed448', key, 'a.b', sign(null, Buffer.from('a.b'), privateKey))
    expect(answer).toBeInstanceOf(Promise)
    expect(await answer).toBe(true)
  })

  it('names a token by 32 characters', () => {
    expect(node.digest('abc')).toHaveLength(32)
  })

  it.each(['ML-DSA-44', 'Ed448'] as const)('says of %s what it can do', (alg: AlgorithmName) => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    expect(node.supports(alg)).toBe(alg === 'Ed448' || major > 24 || (major === 24 && minor >= 6))
  })

  it('tells subscribers of a channel', () => {
    const name = 'oauth-resource-server.test'
    const heard: unknown[] = []
    const listen = (message: unknown): void => void heard.push(message)
    expect(node.channel(name).hasSubscribers).toBe(false)
    diagnostics.subscribe(name, listen)
    const channel = node.channel(name)
    expect(channel.hasSubscribers).toBe(true)
    channel.publish({ said: 1 })
    diagnostics.unsubscribe(name, listen)
    expect(heard).toEqual([{ said: 1 }])
  })
})

describe('platform web', () => {
  it.each(['ML-DSA-44', 'ML-DSA-87', 'Ed448'] as const)('does not offer %s', (alg) => {
    expect(web.supports(alg)).toBe(false)
  })

  it('has channels that nobody listens to', () => {
    const channel = web.channel('oauth-resource-server.test')
    expect(channel.hasSubscribers).toBe(false)
    expect(() => channel.publish({ said: 1 })).not.toThrow()
  })

  it('reads no base64url out of what is none', () => {
    expect(web.decodeBase64url('A')).toBeUndefined()
    expect(web.decodeBase64url('é')).toBeUndefined()
  })
})
