import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { configuredKeys, noKey } from '../../src/issuer/configured-keys.ts'
import { keyEvents } from '../../src/issuer/key-events.ts'
import type { VerificationKey } from '../../src/jose/jwk.ts'
import { importKeySet, type KeySet } from '../../src/jose/key-set.ts'

const issuer = await createTestIssuer({ algorithms: ['ES256', 'EdDSA'] })
const set = await importKeySet(issuer.jwks, ['ES256', 'EdDSA'], 10)
const [key, other] = ['ES256', 'EdDSA'].map((alg) =>
  set.keys.find(({ algorithms }) => algorithms.includes(alg as 'ES256')),
) as [VerificationKey, VerificationKey]
const header = { alg: 'ES256', kid: key.kid as string }
const source = (keys: KeySet | Promise<KeySet> = set) =>
  configuredKeys(keys, keyEvents('https://issuer.test/'))

describe('keys in the configuration', () => {
  it('are there at once', () => {
    expect(source().find(header)).toBe(key)
    expect(source().stillHas(header, key)).toBe(true)
    expect(source().stillHas(header, other)).toBe(false)
  })

  it('are waited for while they are imported, and then there at once', async () => {
    const keys = source(Promise.resolve(set))
    const [found, has] = [keys.find(header), keys.stillHas(header, key)]
    expect(found).toBeInstanceOf(Promise)
    expect(keys.health()).toMatchObject({ keyCount: 0, refusedKeys: [] })
    expect(await found).toBe(key)
    expect(await has).toBe(true)
    expect(keys.find(header)).toBe(key)
    expect(keys.health().keyCount).toBe(2)
  })

  it('that cannot be imported are reported to whoever needs them, and to nobody else', async () => {
    const error = new Error('no key')
    const keys = source(Promise.reject(error))
    await expect(keys.find(header)).rejects.toBe(error)
    await expect(keys.ready()).rejects.toBe(error)
  })

  it.each([
    ['an unknown kid', { alg: 'ES256', kid: 'lost' }, 'unknown_key'],
    ['another algorithm', { alg: 'EdDSA', kid: key.kid as string }, 'algorithm'],
  ])('do not serve %s', (_what, wrong, reason) => {
    expect(() => source().find(wrong)).toThrow(expect.objectContaining({ status: 401, reason }))
  })

  it('without kid serve any kid', async () => {
    const jwks = { keys: issuer.jwks.keys.map(({ kid: _kid, ...rest }) => rest) }
    const keys = source(await importKeySet(jwks, ['ES256', 'EdDSA'], 10))
    expect(keys.find({ alg: 'ES256', kid: 'any' })).toMatchObject({ algorithms: ['ES256'] })
  })

  it('are all there are: a wrong signature is counted, and final', () => {
    const keys = source()
    expect(keys.afterBadSignature(header, key)).toBeUndefined()
    expect(keys.health().counters.badSignatures).toBe(1)
  })

  it('are never fetched', async () => {
    const keys = source()
    expect(keys.health()).toMatchObject({ state: 'configured', ageSeconds: undefined, keyCount: 2 })
    expect([keys.pending(), keys.snapshot(), keys.publishedJwks()]).toEqual([undefined, undefined, undefined])
    await expect(keys.refresh()).resolves.toBeUndefined()
    expect(keys.health().counters.fetches).toBe(0)
  })
})

describe('noKey', () => {
  it.each([
    ['absent', 'unknown_key', { claim: 'kid', actual: header.kid }],
    ['ambiguous', 'unknown_key', { claim: 'kid', actual: header.kid }],
    ['misfit', 'algorithm', { claim: 'alg', expected: 'the algorithm of the key', actual: 'ES256' }],
  ] as const)('of an outcome that is %s says %s', (outcome, reason, facts) => {
    const error = noKey(outcome, header)
    expect(error).toMatchObject({ reason, detail: { ...facts, hint: expect.any(String) as string } })
  })

  it('knows what an issuer is known for', () => {
    const { detail } = noKey('absent', { ...header, nonce: 'x' }, 'https://sts.windows.net/tenant/')
    expect(detail.hint).not.toBe(noKey('absent', header).detail.hint)
    expect(noKey('absent', { ...header, nonce: 'x' }).detail).toEqual(noKey('absent', header).detail)
  })
})
