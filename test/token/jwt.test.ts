import { createResourceServer } from 'oauth-resource-server'
import { describe, expect, it, vi } from 'vitest'
import type { KeySource } from '../../src/issuer/key-source.ts'
import type { TrustedIssuer } from '../../src/issuer/trusted-issuer.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { jwtSource } from '../../src/token/jwt.ts'
import { issuerOf } from '../../src/token/of-issuer.ts'
import type { TokenSource, VerifiedToken } from '../../src/token/verified-token.ts'
import { stepsOf } from './decision.ts'
import { keysWith, trusted } from './stages.ts'
import { issuer, now, verdict } from './verdict.ts'

describe('the issuer', () => {
  it.each([
    ['https://issuer.test', 'issuer'],
    ['https://issuer.test//', 'issuer'],
    ['HTTPS://issuer.test/', 'issuer'],
    ['https://issuer.test:443/', 'issuer'],
    [' https://issuer.test/', 'issuer'],
    [['https://issuer.test/'], 'issuer'],
    [null, 'issuer'],
    ['', 'issuer'],
  ])('is compared exactly: %o is refused', async (iss, expected) => {
    expect(await verdict({ iss })).toBe(expected)
  })
})

describe('an issuer that is no text', () => {
  it('is refused as such, also where there are several issuers', async () => {
    const { issuer: name, audience, jwks, now: clockNow } = issuer.options
    const api = createResourceServer({ issuers: [{ issuer: name, audience, jwks }], now: clockNow })
    await expect(api.verify(await issuer.sign({ iss: [name] }))).rejects.toMatchObject({ reason: 'issuer' })
    await expect(api.verify(await issuer.sign({ iss: 'x' }))).rejects.toMatchObject({
      reason: 'unknown_issuer',
    })
  })
})

interface World {
  readonly source: TokenSource
  readonly find: ReturnType<typeof vi.fn>
  readonly prove: ReturnType<typeof vi.fn>
  readonly time: { now: number }
  /** What the issuers are asked for from now on. */
  known: TrustedIssuer | Promise<TrustedIssuer | undefined> | undefined
}

/** A source of tokens that trusts one issuer. */
function world(known: World['known'] = trusted(), configured = [trusted()]): World {
  const prove = vi.fn()
  const find = vi.fn((name: string) => (name === issuer.issuer ? self.known : undefined))
  const time = { now }
  const issuers = {
    find,
    prove,
    known: () => [],
    proven: () => [],
    configured: () => configured,
  }
  const clock = systemClock(() => time.now * 1000)
  const source = jwtSource({ issuers, foreignIssuer: 'issuer', clock })
  const self: World = { source, find, prove, time, known }
  return self
}

const token = await issuer.sign()
const [, , signature = ''] = token.split('.')
const forged = token.replace(signature, (await issuer.sign()).split('.')[2] as string)
const refusal = (reason: string): unknown => expect.objectContaining({ status: 401, reason })

describe('verify', () => {
  it('proves the issuer once the signature is verified', () => {
    const { source, prove, known } = world()
    expect(source.verify(token, now)).toMatchObject({ subject: 'user-1' })
    expect(prove).toHaveBeenCalledExactlyOnceWith(known)
  })

  it('proves nobody by a signature that is wrong', () => {
    const { source, prove } = world()
    expect(() => source.verify(forged, now)).toThrow(refusal('signature'))
    expect(prove).not.toHaveBeenCalled()
  })

  it('waits for the issuer where it has to', async () => {
    const { source } = world(Promise.resolve(trusted()))
    expect((await source.verify(token, now)).subject).toBe('user-1')
    await expect(world(Promise.resolve(undefined)).source.verify(token, now)).rejects.toEqual(
      refusal('issuer'),
    )
  })

  it('refuses an unknown issuer, and names the configured ones', async () => {
    const foreign = await issuer.sign({ iss: 'https://other.test/' })
    expect(() => world().source.verify(foreign, now)).toThrow(
      expect.objectContaining({
        reason: 'issuer',
        detail: {
          claim: 'iss',
          expected: issuer.issuer,
          actual: 'https://other.test/',
          hint: expect.any(String) as string,
        },
      }),
    )
  })

  it('names all issuers where several are configured', async () => {
    const foreign = await issuer.sign({ iss: 'https://other.test/' })
    const { source } = world(trusted(), [trusted(), trusted(keysWith(), { name: 'https://b.test' })])
    expect(() => source.verify(foreign, now)).toThrow(
      expect.objectContaining({
        detail: expect.objectContaining({ expected: [issuer.issuer, 'https://b.test'] }) as object,
      }),
    )
  })

  it('looks for no issuer whose name is no text', async () => {
    const { source, find } = world()
    const nameless = await issuer.sign({ iss: undefined })
    expect(() => source.verify(nameless, now)).toThrow(refusal('issuer'))
    expect(find).not.toHaveBeenCalled()
  })

  it.each([
    ['at once', keysWith()],
    ['later', keysWith({ find: (header) => Promise.resolve(keysWith().find(header)) })],
  ])('notes whose token it refuses, %s', async (_when, keys) => {
    const { source } = world(trusted(keys))
    const error: unknown = await (async () => source.verify(forged, now))().catch((it: unknown) => it)
    expect(error).toEqual(refusal('signature'))
    expect(issuerOf(error as object)).toBe(issuer.issuer)
  })

  it('traces its stages in order', async () => {
    const { source } = world()
    const stages = stepsOf((trace) => source.verify(token, now, trace)).map(({ name }) => name)
    const ends = ['form', 'known algorithm', 'issuer', 'algorithm', 'key', 'signature', 'scopes and roles']
    expect(stages.filter((name) => ends.includes(name))).toEqual(ends)
    const foreign = await issuer.sign({ iss: 'https://other.test/' })
    expect(stepsOf((trace) => source.verify('a', now, trace))).toMatchObject([{ name: 'form', ok: false }])
    expect(stepsOf((trace) => source.verify(foreign, now, trace)).at(-1)).toMatchObject({
      name: 'issuer',
      ok: false,
      claim: 'iss',
      actual: 'https://other.test/',
    })
  })

  it('refuses a token that expired while its key was fetched', async () => {
    const { source, time } = world(
      trusted(keysWith({ find: (header) => Promise.resolve(keysWith().find(header)) })),
    )
    const late = source.verify(token, now)
    time.now += 300
    await expect(late).rejects.toEqual(refusal('expired'))
    time.now -= 1
    await expect(source.verify(token, now)).resolves.toBeDefined()
  })
})

describe('stillHolds', () => {
  /** A token verified in a world, in which the source of keys says from then on whether it has the key. */
  function remembered(stillHas: KeySource['stillHas']): World & { readonly verified: VerifiedToken } {
    const it = world(trusted(keysWith({ stillHas })))
    const verified = it.source.verify(token, now) as VerifiedToken
    it.prove.mockClear()
    return Object.assign(it, { verified })
  }

  it('is true while nothing changed, and proves the issuer once more', () => {
    const { source, verified, prove } = remembered(() => true)
    expect(source.stillHolds(verified)).toBe(true)
    expect(prove).toHaveBeenCalledOnce()
  })

  it('is false once the key is gone, which proves nobody', () => {
    const { source, verified, prove } = remembered(() => false)
    expect(source.stillHolds(verified)).toBe(false)
    expect(prove).not.toHaveBeenCalled()
  })

  it('is false when the rules are of another generation', () => {
    const it = remembered(() => true)
    it.known = { ...(it.known as TrustedIssuer), generation: Symbol('another') }
    expect(it.source.stillHolds(it.verified)).toBe(false)
  })

  it.each(['header', 'key'])('is false for a token without %s', (name) => {
    const { source, verified } = remembered(() => true)
    expect(
      source.stillHolds(Object.create(verified, { [name]: { value: undefined } }) as VerifiedToken),
    ).toBe(false)
  })

  it('refuses the token when its issuer is not trusted any more', async () => {
    const it = remembered(() => true)
    it.known = undefined
    expect(() => it.source.stillHolds(it.verified)).toThrow(refusal('issuer'))
    it.known = Promise.resolve(undefined)
    await expect(it.source.stillHolds(it.verified)).rejects.toEqual(refusal('issuer'))
  })

  it('waits where the keys have to be fetched', async () => {
    const { source, verified } = remembered(() => Promise.resolve(false))
    expect(await source.stillHolds(verified)).toBe(false)
  })
})
