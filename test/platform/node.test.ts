import { generateKeyPairSync, sign } from 'node:crypto'
import diagnostics from 'node:diagnostics_channel'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type AlgorithmName, algorithms as known } from '../../src/algorithms.ts'
import * as node from '../../src/platform/node.ts'
import type { Jwk } from '../../src/types.ts'

const issuer = await createTestIssuer({ algorithms: ['ES256', 'ES384', 'ES512', 'EdDSA'] })
const jwkOf = (alg: string): Jwk => issuer.jwks.keys.find((key) => key.alg === alg) as Jwk

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
    ['ES384', undefined, true],
    ['ES512', undefined, true],
    ['RS256', 2048, false],
    ['RS256', 3072, false],
    ['RS256', 3080, true],
  ] as const)('A8 checks %s of %s bits in the thread pool: %s', async (alg, bits, pooled) => {
    const jwk =
      bits === undefined
        ? jwkOf(alg)
        : // Any odd number will do for a signature that is wrong anyway.
          { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(bits / 8, 0xff).toString('base64url') }
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

  it.each([
    ['at once', 'EdDSA', 'RS256'],
    ['at once', 'EdDSA', 'PS256'],
    ['in the thread pool', 'ES384', 'PS256'],
  ] as const)('calls a check that OpenSSL refuses to make a failed one: %s, %s', async (_where, of, name) => {
    const key = await node.importPublicKey(jwkOf(of), [name, ...(of === 'ES384' ? ([of] as const) : [])])
    expect(await node.verifySignature(name, key, 'a.b', Buffer.alloc(64))).toBe(false)
  })

  it('warns through the process, with a code', () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockReturnValue()
    node.warn('look', 'CODE')
    expect(emitWarning).toHaveBeenCalledExactlyOnceWith('look', { code: 'CODE' })
    emitWarning.mockRestore()
  })

  it('prints lines for developers as they are, while NODE_DEBUG names it', async () => {
    const log = Object.assign(vi.fn(), { enabled: false })
    const debuglog = vi.fn(() => log)
    vi.doMock('node:util', () => ({ debuglog }))
    vi.resetModules()
    const { debug } = await import('../../src/platform/node.ts')
    vi.doUnmock('node:util')
    expect(debuglog).toHaveBeenCalledExactlyOnceWith('oauth-resource-server')
    expect(debug.enabled).toBe(false)
    log.enabled = true
    expect(debug.enabled).toBe(true)
    debug('100 %s')
    expect(log).toHaveBeenCalledExactlyOnceWith('%s', '100 %s')
  })
})
