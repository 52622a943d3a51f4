import { randomBytes } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import type { VerificationKey } from '../../src/jose/jwk.ts'
import { keyEvents, noEvents } from '../../src/issuer/key-events.ts'
import type { KeySource } from '../../src/issuer/key-source.ts'
import { keysByAlgorithm, secretKeys } from '../../src/issuer/secrets.ts'
import { importSecrets, type Secret } from '../../src/options/secret.ts'

const bytes = [randomBytes(64), randomBytes(64), randomBytes(64)]
const secrets = importSecrets(bytes, ['HS256'], 'secret')
const [first, second, third] = secrets as [Secret, Secret, Secret]
const header = { alg: 'HS256' }
const publicKey: VerificationKey = { kid: 'k', algorithms: ['ES256'], key: {}, material: 'x' }

/** A source of public keys that are there once `arrive` was called. */
function publishedKeys(): {
  source: KeySource
  arrive: (...keys: readonly Buffer[]) => void
  asked: () => number
} {
  let keys: { keys: readonly object[] } | undefined
  let asked = 0
  return {
    asked: () => asked,
    arrive: (...numbers) => {
      keys = { keys: numbers.map((number) => ({ kty: 'RSA', n: number.toString('base64url') })) }
    },
    source: {
      find: () => publicKey,
      stillHas: () => true,
      afterBadSignature: () => publicKey,
      ready: () => {
        asked++
        return Promise.resolve()
      },
      refresh: () => Promise.resolve(),
      pending: () => undefined,
      health: () => ({
        state: 'fresh',
        ageSeconds: 1,
        keyCount: 2,
        refusedKeys: [],
        lastError: undefined,
        counters: noEvents,
      }),
      // As an unproven issuer: its keys are no part of a snapshot.
      snapshot: () => undefined,
      publishedJwks: () => keys,
    },
  }
}

describe('secretKeys', () => {
  it('tries one secret after the other, and then says that there is none', () => {
    const source = secretKeys(secrets, keyEvents('https://issuer.test'), undefined)
    expect(source.find(header)).toBe(first.key)
    expect(source.afterBadSignature(header, first.key)).toBe(second.key)
    expect(source.afterBadSignature(header, second.key)).toBe(third.key)
    expect(source.afterBadSignature(header, third.key)).toBeUndefined()
  })

  it('keeps every secret it has, and no other, without a promise', () => {
    const source = secretKeys([first, third], keyEvents('https://issuer.test'), undefined)
    expect(secrets.map(({ key }) => source.stillHas(header, key))).toEqual([true, false, true])
  })

  it('does not look at kid', () => {
    expect(
      secretKeys(secrets, keyEvents('https://issuer.test'), undefined).find({ ...header, kid: 'x' }),
    ).toBe(first.key)
  })

  it('has nothing to wait for, to fetch or to remember', async () => {
    const source = secretKeys(secrets, keyEvents('https://issuer.test'), undefined)
    expect(source.ready()).toBeUndefined()
    expect(source.snapshot()).toBeUndefined()
    expect(source.pending()).toBeUndefined()
    await source.refresh()
    expect(source.health()).toMatchObject({ state: 'configured', keyCount: 3, lastError: undefined })
  })

  it('says which key a token lacks where there are no secrets, and refuses no key by name', () => {
    const source = secretKeys([], keyEvents('https://issuer.test'), undefined)
    expect(() => source.find({ ...header, kid: 'x' })).toThrow(
      expect.objectContaining({
        reason: 'unknown_key',
        detail: {
          claim: 'kid',
          actual: 'x',
          hint: expect.stringContaining('does not publish a key with this kid') as string,
        },
      }) as Error,
    )
    expect(source.health()).toEqual({
      state: 'configured',
      ageSeconds: undefined,
      keyCount: 0,
      refusedKeys: [],
      lastError: undefined,
      counters: noEvents,
    })
  })

  it('D4 has its first token wait for the public keys, and no longer', async () => {
    const { source, arrive } = publishedKeys()
    const waiting = {
      ...source,
      ready: () => {
        arrive(first.bytes as Buffer)
        return Promise.resolve()
      },
    }
    const keys = secretKeys(secrets, keyEvents('https://issuer.test'), waiting)
    expect(await keys.find(header)).toBe(second.key)
  })

  it('D4 compares each set once', () => {
    const { source, arrive } = publishedKeys()
    arrive(randomBytes(256))
    const read = vi.fn(() => source.publishedJwks()?.keys ?? [])
    const jwks = Object.defineProperty({}, 'keys', { get: read }) as { keys: readonly unknown[] }
    const keys = secretKeys(secrets, keyEvents('https://issuer.test'), {
      ...source,
      publishedJwks: () => jwks,
    })
    for (let request = 0; request < 3; request++) expect(keys.find(header)).toBe(first.key)
    expect(read).toHaveBeenCalledOnce()
  })

  it('D4 waits until the public keys were fetched once', async () => {
    const { source, arrive, asked } = publishedKeys()
    const keys = secretKeys(secrets, keyEvents('https://issuer.test'), source)
    await expect((async () => keys.find(header))()).rejects.toMatchObject({
      status: 503,
      detail: { hint: 'the secrets cannot be compared with the public keys' },
    })
    expect(asked()).toBe(1)
    arrive(randomBytes(256))
    expect(keys.find(header)).toBe(first.key)
    expect(asked()).toBe(1)
  })

  it('F4 counts a token once, when no secret made its signature', () => {
    const source = secretKeys(secrets, keyEvents('https://issuer.test'), undefined)
    void source.afterBadSignature(header, first.key)
    expect(source.health().counters.badSignatures).toBe(0)
    void source.afterBadSignature(header, third.key)
    expect(source.health().counters.badSignatures).toBe(1)
  })

  it('D4 leaves out a secret that is a public key, for good', () => {
    const { source, arrive } = publishedKeys()
    const keys = secretKeys(secrets, keyEvents('https://issuer.test'), source)
    arrive(first.bytes as Buffer, randomBytes(256))
    expect(keys.find(header)).toBe(second.key)
    expect(keys.stillHas(header, first.key)).toBe(false)
    expect(keys.stillHas(header, second.key)).toBe(true)
    expect(keys.health()).toMatchObject({
      keyCount: 2,
      lastError: 'a secret is one of the public keys, and is not used',
    })
    arrive(randomBytes(256))
    expect(keys.find(header)).toBe(second.key)
    arrive(second.bytes as Buffer, third.bytes as Buffer)
    expect(() => keys.find(header)).toThrow(expect.objectContaining({ reason: 'unknown_key' }) as Error)
  })

  it('D4 compares a key that comes to others, and decodes no secret again', () => {
    const { source, arrive } = publishedKeys()
    const keys = secretKeys(secrets, keyEvents('https://issuer.test'), source)
    const numbers = Array.from({ length: 3 }, () => randomBytes(256))
    arrive(...numbers)
    expect(keys.find(header)).toBe(first.key)
    // What the secrets were decoded to is kept: a change of these bytes is not seen.
    const published = Buffer.from(first.bytes)
    first.bytes.fill(0)
    arrive(...numbers, published)
    expect(keys.find(header)).toBe(second.key)
    first.bytes.set(published)
  })
})

describe('keysByAlgorithm', () => {
  const both = keysByAlgorithm(
    publishedKeys().source,
    secretKeys(secrets, keyEvents('https://issuer.test'), undefined),
  )

  it.each(['HS256', 'HS384', 'HS512'])('asks the secrets for %s', (alg) => {
    expect(both.find({ alg })).toBe(first.key)
    expect(both.stillHas({ alg }, publicKey)).toBe(false)
    expect(both.afterBadSignature({ alg }, first.key)).toBe(second.key)
  })

  it.each(['ES256', 'RS256', 'EdDSA', 'none', 'hs256', 'HS1', '__proto__'])(
    'asks the public keys for %s',
    (alg) => {
      expect(both.find({ alg })).toBe(publicKey)
      expect(both.stillHas({ alg }, first.key)).toBe(true)
      expect(both.afterBadSignature({ alg }, first.key)).toBe(publicKey)
    },
  )

  it('counts the keys of both, and tells the state of the public ones', () => {
    expect(both.health()).toMatchObject({ state: 'fresh', keyCount: 5, lastError: undefined })
  })

  it('counts the wrong signatures of both, and tells an error of either, of the public keys first', () => {
    const source = (lastError: string | undefined, badSignatures: number): KeySource => {
      const { source } = publishedKeys()
      const counters = { ...noEvents, fetches: 1, badSignatures }
      return { ...source, health: () => ({ ...source.health(), lastError, counters }) }
    }
    const counters = { ...noEvents, fetches: 1, badSignatures: 3 }
    for (const [one, other, lastError] of [
      ['down', 'a secret', 'down'],
      [undefined, 'a secret', 'a secret'],
    ] as const) {
      expect(keysByAlgorithm(source(one, 1), source(other, 2)).health()).toMatchObject({
        lastError,
        counters,
      })
    }
  })
})
