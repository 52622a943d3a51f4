import diagnostics from 'node:diagnostics_channel'
import {
  channelNames,
  createResourceServer,
  type ResourceServerOptions,
  type TokenCacheOptions,
} from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Clock } from '../../src/lib/clock.ts'
import { issuerOf } from '../../src/token/of-issuer.ts'
import { markRecalled, remembered, wasRecalled } from '../../src/token/remembered.ts'
import type { TokenSource, VerifiedToken } from '../../src/token/verified-token.ts'
import { now } from './verdict.ts'

const heard: boolean[] = []
const listen = (message: unknown): void => void heard.push((message as { remembered: boolean }).remembered)

afterEach(() => {
  diagnostics.unsubscribe(channelNames.verified, listen)
  heard.length = 0
})

async function makeIssuer() {
  diagnostics.subscribe(channelNames.verified, listen)
  const clock = createTestClock(1_800_000_000_000)
  return { clock, issuer: await createTestIssuer({ algorithms: ['EdDSA'], clock }) }
}

/** An API, its issuer and clock, and whether each verification so far came from memory. */
async function observed(tokenCache?: TokenCacheOptions | false) {
  const { clock, issuer } = await makeIssuer()
  const more = tokenCache === undefined ? {} : { tokenCache }
  const api = createResourceServer({ ...issuer.options, ...more })
  const sign = async (claims = {}): Promise<string> =>
    issuer.sign({ exp: clock.now() / 1000 + 50_000, ...claims })
  return { api, clock, sign }
}

describe('the memory of verified tokens', () => {
  it('spares the second check of a signature', async () => {
    const { api, sign } = await observed()
    const token = await sign()
    const first = await api.verify(token)
    const second = await api.verify(token)
    expect(heard).toEqual([false, true])
    expect(second.claims).toBe(first.claims)
    expect(second).not.toBe(first)
  })

  it('forgets a token after `maxAge`, to the second', async () => {
    const { api, clock, sign } = await observed({ maxAge: 60 })
    const token = await sign()
    await api.verify(token)
    clock.advance(59)
    await api.verify(token)
    clock.advance(1)
    await api.verify(token)
    await api.verify(token)
    expect(heard).toEqual([false, true, false, true])
  })

  it('forgets a token after an hour where nothing is said', async () => {
    const { api, clock, sign } = await observed()
    const token = await sign()
    await api.verify(token)
    clock.advance(3599)
    await api.verify(token)
    clock.advance(1)
    await api.verify(token)
    expect(heard).toEqual([false, true, false])
  })

  it('holds `max` tokens, and lets go of the one that was not used for longest', async () => {
    const { api, sign } = await observed({ max: 2 })
    const [a, b, c] = [await sign(), await sign(), await sign()]
    for (const token of [a, b, a, c, a, b]) await api.verify(token)
    expect(heard).toEqual([false, false, true, false, true, false])
  })

  it('remembers nothing when it is switched off', async () => {
    const { api, sign } = await observed(false)
    const token = await sign()
    await api.verify(token)
    await api.verify(token)
    expect(heard).toEqual([false, false])
  })

  it('remembers no token that did not hold', async () => {
    const { api, sign } = await observed()
    const token = await sign({ cnf: {} })
    await expect(api.verify(token)).rejects.toMatchObject({ reason: 'binding' })
    await expect(api.verify(token)).rejects.toMatchObject({ reason: 'binding' })
    expect(heard).toEqual([])
  })

  it('checks the time of a remembered token anew', async () => {
    const { api, clock, sign } = await observed()
    const token = await sign({ exp: clock.now() / 1000 + 10 })
    await api.verify(token)
    clock.advance(40)
    await expect(api.verify(token)).rejects.toMatchObject({ reason: 'expired' })
    expect(heard).toEqual([false])
  })

  describe('where keys come from the network', () => {
    async function networked() {
      const { clock, issuer } = await makeIssuer()
      let keys: readonly object[] = issuer.jwks.keys
      const api = createResourceServer({
        issuer: issuer.issuer,
        audience: 'https://api.test',
        jwksUri: 'https://issuer.test/jwks',
        now: clock.now,
        fetch: () => Promise.resolve(Response.json({ keys })),
      })
      const token = await issuer.sign({ exp: clock.now() / 1000 + 50_000 })
      await api.verify(token)
      await api.verify(token)
      const publish = (next: readonly object[]): void => {
        keys = next
        clock.advance(601)
      }
      return { api, issuer, token, publish }
    }

    it('refuses a remembered token once another key has the id of its own', async () => {
      const { api, issuer, token, publish } = await networked()
      const kid = issuer.jwks.keys[0]?.kid
      await issuer.rotate({ keepOld: false })
      publish(issuer.jwks.keys.map((key) => ({ ...key, kid })))
      await expect(api.verify(token)).rejects.toMatchObject({ reason: 'signature' })
      expect(heard).toEqual([false, true])
    })

    it('refuses a remembered token once its key is withdrawn', async () => {
      const { api, issuer, token, publish } = await networked()
      await issuer.rotate({ keepOld: false })
      publish(issuer.jwks.keys)
      await expect(api.verify(token)).rejects.toMatchObject({ reason: 'unknown_key' })
    })

    it('goes on remembering while its key is published again, whatever else is', async () => {
      const { api, issuer, token, publish } = await networked()
      await issuer.rotate()
      publish(issuer.jwks.keys)
      await api.verify(token)
      expect(heard).toEqual([false, true, true])
    })
  })

  it('checks a remembered token anew once the rules of its issuer changed', async () => {
    const { clock, issuer } = await makeIssuer()
    const { issuer: name, audience, jwks } = issuer.options
    let profile: 'compatible' | 'rfc9068' = 'compatible'
    const issuers = (): object => ({ issuer: name, audience, jwks, profile })
    const api = createResourceServer({ issuers, now: clock.now } as ResourceServerOptions)
    const token = await issuer.sign({ exp: clock.now() / 1000 + 50_000, jti: undefined })
    await api.verify(token)
    await api.verify(token)
    profile = 'rfc9068'
    clock.advance(601)
    await expect(api.verify(token)).rejects.toMatchObject({ reason: 'claim' })
    expect(heard).toEqual([false, true])
  })
})

describe('remembered()', () => {
  const verified = {
    issuer: 'https://issuer.test/',
    times: { exp: now + 300, tolerance: 0, validAfter: 0, validBefore: now + 300 },
  } as unknown as VerifiedToken

  /** A memory of what a source verified, with a clock in the hands of the test. */
  function memory() {
    const time = { now }
    const verify = vi.fn<TokenSource['verify']>(() => verified)
    const stillHolds = vi.fn<TokenSource['stillHolds']>(() => true)
    const clock = { wall: () => time.now } as unknown as Clock
    const source = remembered({ verify, stillHolds }, { max: 1000, maxAge: 100 }, clock)
    return { source, verify, stillHolds, time }
  }

  /** How often the source verifies one token that comes twice: the second time, it is as late as told. */
  function verifications(late: number): number {
    const { source, verify, time } = memory()
    void source.verify('a.b.c', now)
    time.now += late
    expect(source.verify('a.b.c', time.now)).toBe(verified)
    return verify.mock.calls.length
  }

  it('is the source itself where nothing is to be remembered', () => {
    const source = { verify: () => verified, stillHolds: () => true }
    expect(remembered(source, undefined, {} as Clock)).toBe(source)
  })

  it('asks the source what only the source knows', () => {
    const { source, stillHolds } = memory()
    expect(source.stillHolds).toBe(stillHolds)
  })

  it.each([
    [0, 1],
    [99, 1],
    [100, 2],
    [-1, 1],
    [-2, 2],
  ])('recalls a token %d s later or not: verified %d times', (late, expected) => {
    expect(verifications(late)).toBe(expected)
  })

  it('counts the age from when the verification ended', async () => {
    const { source, verify, time } = memory()
    verify.mockReturnValueOnce(Promise.resolve(verified))
    const waiting = source.verify('a.b.c', now)
    time.now += 50
    await waiting
    await source.verify('a.b.c', now + 149)
    expect(verify).toHaveBeenCalledExactlyOnceWith('a.b.c', now)
    await source.verify('a.b.c', now + 150)
    expect(verify).toHaveBeenCalledTimes(2)
  })

  it('holds 16 million characters, however many tokens that is', () => {
    const { source, verify } = memory()
    const present = (index: number): void => void source.verify(String(index).padEnd(50_000), now)
    for (let index = 0; index < 320; index++) present(index)
    for (let index = 0; index < 320; index++) present(index)
    expect(verify).toHaveBeenCalledTimes(320)
    present(320)
    present(0)
    expect(verify).toHaveBeenCalledTimes(322)
  })

  it('remembers no refusal that took time', async () => {
    const { source, verify } = memory()
    verify.mockReturnValueOnce(Promise.reject(new Error('refused')))
    await expect(source.verify('a.b.c', now)).rejects.toThrow('refused')
    expect(source.verify('a.b.c', now)).toBe(verified)
  })

  it('never recalls for a trace, and remembers nothing of it', () => {
    const { source, verify, stillHolds } = memory()
    const trace = (): void => undefined
    for (let time = 0; time < 2; time++) void source.verify('a.b.c', now, trace)
    void source.verify('a.b.c', now)
    expect(verify.mock.calls).toEqual([
      ['a.b.c', now, trace],
      ['a.b.c', now, trace],
      ['a.b.c', now],
    ])
    expect(stillHolds).not.toHaveBeenCalled()
  })

  it('refuses a recalled token that expired, and notes its issuer', () => {
    const { source, verify, stillHolds, time } = memory()
    time.now += 250
    void source.verify('a.b.c', now)
    let refusal: unknown
    try {
      void source.verify('a.b.c', now + 300)
    } catch (error) {
      refusal = error
    }
    expect(refusal).toMatchObject({ status: 401, reason: 'expired' })
    expect(issuerOf(refusal as object)).toBe(verified.issuer)
    expect([verify.mock.calls.length, stillHolds.mock.calls.length]).toEqual([1, 0])
  })

  it.each([
    ['at once', (holds: boolean) => holds],
    ['later', (holds: boolean) => Promise.resolve(holds)],
  ])('asks the source whether a token still holds, which says so %s', async (_when, said) => {
    const { source, verify, stillHolds, time } = memory()
    await source.verify('a.b.c', now)
    stillHolds.mockReturnValueOnce(said(true))
    expect(await source.verify('a.b.c', now)).toBe(verified)
    expect(stillHolds).toHaveBeenCalledExactlyOnceWith(verified)
    expect(verify).toHaveBeenCalledOnce()
    stillHolds.mockReturnValueOnce(said(false))
    time.now += 7
    await source.verify('a.b.c', now)
    // At the time after the source was asked.
    expect(verify).toHaveBeenLastCalledWith('a.b.c', now + 7)
  })

  it('refuses a token that expired while the source found out', async () => {
    const { source, stillHolds, time } = memory()
    await source.verify('a.b.c', now)
    stillHolds.mockReturnValueOnce(Promise.resolve(true))
    time.now += 300
    await expect(source.verify('a.b.c', now)).rejects.toMatchObject({ status: 401, reason: 'expired' })
  })

  it('marks recalled tokens only while somebody observes', () => {
    const token = {} as unknown as VerifiedToken
    expect(wasRecalled(markRecalled(token))).toBe(false)
    diagnostics.subscribe(channelNames.verified, listen)
    expect(wasRecalled(markRecalled(token))).toBe(true)
    expect(wasRecalled({} as unknown as VerifiedToken)).toBe(false)
  })
})
