import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import {
  type AuthError,
  createResourceServer,
  explain,
  isAuthError,
  type ResourceServer,
  revocationList,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { Decrypter } from '../../src/jose/decrypt.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { decrypted, maxDecryptions, onlyEncrypted } from '../../src/token/encrypted.ts'
import type { TokenSource, VerifiedToken } from '../../src/token/verified-token.ts'
import { decryption, encrypt, goodHeader, junk, p256, rsa, x25519 } from '../support/encrypted.ts'
import { b64 } from '../support/tokens.ts'

const clock = createTestClock(1_800_000_000_000)
const issuer = await createTestIssuer({ issuer: 'https://issuer.test/', algorithms: ['ES256'], clock })
const withOptions = (options: object = {}): ResourceServer =>
  createResourceServer({ ...issuer.options, decryption, ...options })
const api = withOptions()
let signed: string
beforeAll(async () => {
  signed = await issuer.sign({ scope: 'read' })
})

async function outcome(token: string, by = api): Promise<string> {
  try {
    await by.verify(token)
    return 'accepted'
  } catch (error) {
    if (!isAuthError(error)) throw error
    return `${error.status} ${error.reason}`
  }
}

describe('an encrypted token', () => {
  it('is the signed token inside', async () => {
    const token = await encrypt(signed, { typ: 'other' })
    const auth = await api.verify(token)
    expect(auth).toMatchObject({ subject: 'user-1', issuer: issuer.issuer, header: { alg: 'ES256' } })
    expect(auth.token).toBe(token)
    expect([...auth.scopes]).toEqual(['read'])
    expect(inspect(auth, { showHidden: true, depth: 9 })).not.toContain(signed.split('.')[2])
  })

  it.each([
    ['RSA-OAEP-256', 'A256GCM', rsa, 'rsa'],
    ['RSA-OAEP-256', 'A128CBC-HS256', rsa, 'rsa'],
    ['RSA-OAEP-256', 'A128GCM', rsa, undefined],
    ['ECDH-ES', 'A256GCM', p256, 'p256'],
    ['ECDH-ES+A128KW', 'A128GCM', p256, undefined],
    ['ECDH-ES+A256KW', 'A128CBC-HS256', p256, 'p256'],
  ])('is accepted with %s and %s', async (alg, enc, pair, kid) => {
    expect(await outcome(await encrypt(signed, { alg, enc, kid }, pair.publicKey))).toBe('accepted')
  })

  it.each([
    ['RSA-OAEP', 'A192GCM', rsa],
    ['RSA-OAEP-384', 'A192CBC-HS384', rsa],
    ['RSA-OAEP-512', 'A256CBC-HS512', rsa],
    ['ECDH-ES+A192KW', 'A256GCM', x25519],
    ['ECDH-ES', 'A192GCM', x25519],
  ])('is accepted with %s and %s where they are listed', async (alg, enc, { jwk, publicKey }) => {
    const by = withOptions({ decryption: { keys: [jwk()], algorithms: [alg], encryption: [enc] } })
    await by.ready()
    expect(await outcome(await encrypt(signed, { alg, enc, kid: undefined }, publicKey), by)).toBe('accepted')
    expect(await outcome(await encrypt(signed, {}, rsa.publicKey), by)).toBe('401 malformed')
  })

  it.each([
    ['cty in another case', { cty: 'jwt' }],
    ['cty as a media type', { cty: 'application/JWT' }],
    ['cty of an access token, as oidc-provider writes it', { cty: 'at+jwt' }],
    ['unknown members', { foo: 1, jku: 'https://evil.test/', x5c: ['AAAA'] }],
    ['claims repeated', { iss: 'https://issuer.test/', sub: 'user-1', aud: 'https://api.test' }],
  ])('is accepted with %s', async (_title, change) => {
    expect(await outcome(await encrypt(signed, change))).toBe('accepted')
  })

  it.each([
    ['iss', { iss: 'https://issuer.test' }],
    ['sub', { sub: 'user-2' }],
    ['aud', { aud: ['https://api.test'] }],
  ])('is refused when its header repeats another %s (RFC 7519 §5.3)', async (claim, change) => {
    await expect(api.verify(await encrypt(signed, change))).rejects.toMatchObject({
      status: 401,
      reason: 'claim',
      detail: { claim, expected: 'the same in the header of the encrypted token' },
    })
  })

  it('is refused with what the signed token is refused with', async () => {
    expect(await outcome(await encrypt(await issuer.sign({ exp: 1, iat: undefined })))).toBe('401 expired')
    expect(await outcome(await encrypt(await issuer.sign({ aud: 'other' })))).toBe('401 audience')
    expect(await outcome(await encrypt(await issuer.sign({ cnf: { jkt: 'x' } })))).toBe('401 binding')
  })

  it('is found by any key where it names none, and by its own where it names one', async () => {
    const other = rsa.jwk({ kid: 'rsa' })
    const keys = [x25519.jwk({ kid: 'x' }), p256.jwk({ kid: 'p' }), other]
    const by = withOptions({ decryption: { ...decryption, keys } })
    const agreed = { alg: 'ECDH-ES', kid: undefined }
    expect(await outcome(await encrypt(signed, agreed, x25519.publicKey), by)).toBe('accepted')
    expect(await outcome(await encrypt(signed, agreed, p256.publicKey), by)).toBe('accepted')
    expect(await outcome(await encrypt(signed, { ...agreed, kid: 'x' }, p256.publicKey), by)).toBe(
      '401 malformed',
    )
    expect(await outcome(await encrypt(signed, { kid: 'other' }), by)).toBe('401 malformed')
  })

  it('is explained without a difference between causes of a failed decryption', async () => {
    const good = await encrypt(signed)
    const parts = good.split('.')
    const changed = (index: number): string =>
      parts.map((part, at) => (at === index ? flipped(part) : part)).join('.')
    const lines = new Set<string>()
    for (const token of [
      changed(1),
      changed(2),
      changed(3),
      changed(4),
      junk(goodHeader),
      await encrypt(signed, { kid: 'other' }),
    ]) {
      const error = await api.verify(token).catch((thrown: unknown) => thrown)
      lines.add(`${JSON.stringify(api.refuse(error))} ${explain(error)}`)
    }
    expect([...lines]).toHaveLength(1)
    expect([...lines][0]).toMatch(/cannot be decrypted: it was changed, or encrypted to a key that is not in/)
  })

  it.each([
    ['alg', { alg: 'RSA-OAEP' }, { claim: 'alg', actual: 'RSA-OAEP' }],
    ['enc', { enc: 'A192GCM' }, { claim: 'enc', actual: 'string' }],
    ['cty', { cty: undefined }, { claim: 'cty', actual: 'absent' }],
  ])('tells the operator which %s is not accepted', async (_name, change, detail) => {
    const error = (await api
      .verify(await encrypt(signed, change))
      .catch((thrown: unknown) => thrown)) as AuthError
    expect(error).toMatchObject({ status: 401, reason: 'malformed', detail })
  })

  it('is refused where there are no keys, with a hint', async () => {
    const error: unknown = await createResourceServer(issuer.options)
      .verify(await encrypt(signed))
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ status: 401, reason: 'malformed' })
    expect(explain(error)).toMatch(/encrypted \(JWE\): set the option decryption/)
  })

  it('is traced with what was done to it', async () => {
    const { traceOf } = await import('oauth-resource-server/testing')
    const headers = { authorization: `Bearer ${await encrypt(signed)}` }
    const { steps } = await traceOf(api, { headers })
    const names = steps.map(({ name }) => name)
    expect(names.slice(0, 4)).toEqual(['length', 'encryption', 'decryption', 'form'])
    expect(steps.every(({ ok }) => ok)).toBe(true)
  })

  it('is too long by its own length', async () => {
    const token = await encrypt(signed)
    expect(await outcome(token, withOptions({ maxTokenLength: token.length }))).toBe('accepted')
    expect(await outcome(token, withOptions({ maxTokenLength: token.length - 1 }))).toBe('401 too_large')
  })
})

describe('decryption.required', () => {
  it('refuses every other token', async () => {
    const by = withOptions({ decryption: { ...decryption, required: true } })
    expect(await outcome(await encrypt(signed), by)).toBe('accepted')
    expect(await outcome(signed, by)).toBe('401 type')
    expect(await outcome('opaque', by)).toBe('401 type')
    expect(await outcome(signed)).toBe('accepted')
  })
})

describe('a key that cannot be imported', () => {
  const broken = withOptions({
    decryption: { ...decryption, keys: [p256.jwk({ x: b64('x'.repeat(32)) })], algorithms: ['ECDH-ES'] },
  })

  it('stops the start of the application', async () => {
    await expect(broken.ready()).rejects.toThrow(/^decryption\.keys\[0\]: the key cannot be imported/)
    await expect(api.ready()).resolves.toBeUndefined()
  })

  it('is a mistake of the configuration, and no refusal', async () => {
    const token = await encrypt(signed, { alg: 'ECDH-ES', kid: undefined }, p256.publicKey)
    await expect(broken.verify(token)).rejects.toThrow(TypeError)
  })
})

describe('a remembered token', () => {
  it('costs no decryption', async () => {
    const token = await encrypt(signed)
    await api.verify(token)
    const decrypt = vi.spyOn(crypto.subtle, 'decrypt')
    try {
      const auths = await Promise.all(Array.from({ length: 5 }, () => api.verify(token)))
      expect(auths).toHaveLength(5)
      expect(decrypt).not.toHaveBeenCalled()
      await withOptions({ tokenCache: false }).verify(token)
      expect(decrypt).toHaveBeenCalled()
    } finally {
      decrypt.mockRestore()
    }
  })
})

describe('a revoked token', () => {
  it('stays revoked however it is encrypted, and signed on its own', async () => {
    const list = revocationList()
    const by = withOptions({ revocation: list })
    const token = await issuer.sign({ jti: undefined })
    const [first, second] = [await encrypt(token), await encrypt(token)]
    expect(first).not.toBe(second)
    await list.revoke({ token: await by.verify(first) })
    for (const each of [first, second, token]) expect(await outcome(each, by)).toBe('401 revoked')
    expect(await outcome(await encrypt(await issuer.sign({ jti: undefined, sub: 'other' })), by)).toBe(
      'accepted',
    )
  })

  it('is found encrypted when it was revoked without encryption', async () => {
    const list = revocationList()
    const by = withOptions({ revocation: list, schema: undefined })
    const token = await issuer.sign({ jti: undefined })
    await list.revoke({ token: await by.verify(token) })
    expect(await outcome(await encrypt(token), by)).toBe('401 revoked')
  })

  it('must be the auth of the resource server: the hash of the encrypted text would revoke nothing', async () => {
    const token = await encrypt(await issuer.sign({ jti: undefined }))
    const { claims, expiresAt } = await api.verify(token)
    const copy = { issuer: issuer.issuer, claims, expiresAt, token }
    await expect(revocationList().revoke({ token: copy as never })).rejects.toThrow(
      /the token is encrypted; pass the auth/,
    )
  })
})

describe('decrypted()', () => {
  const header = { ...goodHeader, kid: 'rsa' }
  const seconds = { now: 1_800_000_000 }
  const wall = systemClock(() => seconds.now * 1000)

  function world(): {
    source: TokenSource
    asked: string[]
    pending: ((text: string | undefined) => void)[]
  } {
    const asked: string[] = []
    const pending: ((text: string | undefined) => void)[] = []
    const decrypter: Decrypter = {
      ready: () => Promise.resolve(),
      decrypt: (token) => {
        asked.push(token)
        return new Promise((resolve) => pending.push(resolve))
      },
    }
    const inner: TokenSource = {
      verify: (token, now) => ({ claims: { token }, now }) as unknown as VerifiedToken,
      stillHolds: () => true,
    }
    return { source: decrypted(inner, { accepted: decryption, decrypter, clock: wall }), asked, pending }
  }

  it('decrypts a token once for requests that come together, and forgets it', async () => {
    const { source, asked, pending } = world()
    const token = junk(header)
    const results = [source.verify(token, 0), source.verify(token, 0)]
    expect(asked).toEqual([token])
    seconds.now += 7
    pending[0]?.('a.b.c')
    const [first, second] = await Promise.all(results)
    expect(first).toMatchObject({ claims: { token: 'a.b.c' }, now: seconds.now })
    expect(second).toMatchObject({ claims: { token: 'a.b.c' } })
    const third = source.verify(token, 0)
    expect(asked).toHaveLength(2)
    pending[1]?.('a.b.c')
    await third
    const fourth = source.verify(token, 0)
    // Not for its age: no time has passed.
    expect(asked).toHaveLength(3)
    pending[2]?.('a.b.c')
    await fourth
  })

  it('is 503 over the cap, and accepts again when decryptions end', async () => {
    const { source, asked, pending } = world()
    const results = Array.from({ length: maxDecryptions }, async () => source.verify(junk(header), 0))
    await expect(source.verify(junk(header), 0)).rejects.toThrow(UpstreamError)
    await expect(source.verify(junk(header), 0)).rejects.toMatchObject({
      status: 503,
      retryAfter: 1,
      detail: { hint: `decryption: ${maxDecryptions} tokens are being decrypted` },
    })
    expect(asked).toHaveLength(maxDecryptions)
    for (const settle of pending) settle(undefined)
    await Promise.all(results.map((it) => expect(it).rejects.toMatchObject({ reason: 'malformed' })))
    const next = source.verify(junk(header), 0)
    expect(asked).toHaveLength(maxDecryptions + 1)
    pending.at(-1)?.('a.b.c')
    await next
  })

  it('does not count what is refused for its header', async () => {
    const { source, asked } = world()
    await Promise.all(
      Array.from({ length: maxDecryptions + 1 }, () =>
        expect(source.verify(junk({ ...header, alg: 'dir' }), 0)).rejects.toMatchObject({ status: 401 }),
      ),
    )
    expect(asked).toEqual([])
  })

  it('passes signed tokens on at once, and asks the source whether tokens still hold', () => {
    const { source } = world()
    expect(source.verify('a.b.c', 5)).toMatchObject({ claims: { token: 'a.b.c' }, now: 5 })
    expect(source.stillHolds({} as unknown as VerifiedToken)).toBe(true)
  })

  it('begins again for a token whose decryption never ended, and forgets the old one', async () => {
    vi.useFakeTimers()
    try {
      const { source, asked, pending } = world()
      const token = junk(header)
      void source.verify(token, 0)
      // As on Workers, where the timers of a request end with it.
      vi.clearAllTimers()
      seconds.now += 4
      const joined = expect(source.verify(token, 0)).rejects.toMatchObject({ status: 503 })
      expect(asked).toEqual([token])
      seconds.now += 1
      await vi.advanceTimersByTimeAsync(1000)
      await joined
      const again = source.verify(token, 0)
      expect(asked).toEqual([token, token])
      pending[0]?.('late')
      await vi.advanceTimersByTimeAsync(1)
      const joinedAgain = source.verify(token, 0)
      expect(asked).toEqual([token, token])
      pending[1]?.('a.b.c')
      for (const it of [again, joinedAgain]) expect(await it).toMatchObject({ claims: { token: 'a.b.c' } })
    } finally {
      vi.useRealTimers()
    }
  })

  it('lets a request that joins a decryption wait for the rest of its time', async () => {
    vi.useFakeTimers()
    try {
      const { source, pending } = world()
      const token = junk(header)
      const first = source.verify(token, 0)
      seconds.now += 4
      const joined = source.verify(token, 0)
      await vi.advanceTimersByTimeAsync(900)
      pending[0]?.('a.b.c')
      for (const it of [first, joined]) expect(await it).toMatchObject({ claims: { token: 'a.b.c' } })
    } finally {
      vi.useRealTimers()
    }
  })

  it('is 503 when a decryption does not end', async () => {
    vi.useFakeTimers()
    try {
      const { source } = world()
      const result = expect(source.verify(junk(header), 0)).rejects.toMatchObject({
        status: 503,
        detail: { hint: 'decryption: no result within 5000 ms' },
      })
      await vi.advanceTimersByTimeAsync(5000)
      await result
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('onlyEncrypted()', () => {
  const inner = { verify: vi.fn<TokenSource['verify']>(), stillHolds: () => true }
  const source = onlyEncrypted(inner)

  it('passes encrypted tokens on', () => {
    const trace = (): void => undefined
    void source.verify('a.b.c.d.e', 7, trace)
    expect(inner.verify).toHaveBeenCalledExactlyOnceWith('a.b.c.d.e', 7, trace)
    expect(source.stillHolds).toBe(inner.stillHolds)
  })

  it('tells why it refuses others', () => {
    expect(() => source.verify('a.b.c', 7)).toThrow(
      expect.objectContaining({
        status: 401,
        reason: 'type',
        detail: { hint: 'the token is not encrypted, and decryption.required is set' },
      }),
    )
  })
})

function flipped(part: string): string {
  const bytes = Buffer.from(part, 'base64url')
  bytes[0] = (bytes[0] ?? 0) ^ 1
  return bytes.toString('base64url')
}

it('the hash of the signed token is that of header and payload', async () => {
  const { identityOf } = await import('../../src/caller/token-identity.ts')
  const token = await issuer.sign({ jti: undefined })
  const by = createResourceServer({ ...issuer.options, decryption })
  const hash = createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')))
    .digest('base64url')
  for (const presented of [token, await encrypt(token)]) {
    const { identityOf: ours } = { identityOf }
    expect(await ours(await by.verify(presented), 'x')).toMatchObject({ kind: 'hash', value: hash })
  }
})
