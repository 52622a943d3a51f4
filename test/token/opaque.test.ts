import { createResourceServer } from 'oauth-resource-server'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Introspection } from '../../src/issuer/introspection.ts'
import type { ActiveAnswer } from '../../src/issuer/introspection-answer.ts'
import type { Issuers } from '../../src/issuer/issuers.ts'
import type { TrustedIssuer } from '../../src/issuer/trusted-issuer.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { byForm, introspected, opaqueSource } from '../../src/token/opaque.ts'
import { wasRecalled } from '../../src/token/remembered.ts'
import type { TokenSource, VerifiedToken } from '../../src/token/verified-token.ts'
import {
  apiOf,
  clientId,
  clientSecret,
  type Endpoint,
  endpoint,
  endpointUrl,
  issuer,
  json,
  outcome,
} from '../support/introspection.ts'
import { answerOf } from './answer.ts'
import { stepsOf } from './decision.ts'
import { trusted } from './stages.ts'
import { now } from './verdict.ts'

let server: Endpoint

beforeEach(() => {
  server = endpoint()
})

describe("tokens: 'all'", () => {
  it('asks about a JWT after it was verified, and keeps its header and claims', async () => {
    const auth = await apiOf(server, { tokens: 'all' }).verify(await issuer.sign({ sub: 'of the JWT' }))
    expect([auth.header?.alg, auth.subject]).toEqual(['ES256', 'of the JWT'])
    expect(server.questions).toHaveLength(1)
  })

  it('asks about opaque tokens as well', async () => {
    expect(await outcome(apiOf(server, { tokens: 'all' }))).toBe('accepted')
  })

  it.each([
    ['inactive', { active: false }, '401 inactive'],
    ['for another API', { aud: 'https://other.test' }, '401 audience'],
    ['expired', { exp: 1_700_000_000 }, '401 expired'],
    ['a refresh token', { token_type: 'refresh_token' }, '401 type'],
    ['bound to a key that the JWT does not name', { cnf: { jkt: 'a' } }, '401 binding'],
  ])('refuses a JWT that its issuer calls %s, remembered or not', async (_what, changes, expected) => {
    const api = apiOf(server, { tokens: 'all', cacheFor: 1 })
    const token = await issuer.sign()
    expect(await outcome(api, token)).toBe('accepted')
    server.answer = () => json(server.active(changes))
    server.clock.advance(2)
    expect(await outcome(api, token)).toBe(expected)
  })

  it('answers 503 for a JWT that holds while the endpoint is down', async () => {
    server.answer = () => new Response('', { status: 500 })
    expect(await outcome(apiOf(server, { tokens: 'all' }), await issuer.sign())).toBe('503 unavailable')
  })

  it('asks once while the answer is remembered', async () => {
    const api = apiOf(server, { tokens: 'all' })
    const token = await issuer.sign()
    expect([await outcome(api, token), await outcome(api, token)]).toEqual(['accepted', 'accepted'])
    expect(server.questions).toHaveLength(1)
  })
})

describe('with several issuers', () => {
  const introspection = { clientId, clientSecret, endpoint: endpointUrl }
  const { issuer: name, jwks } = issuer.options
  const make = (options: object) => {
    const { issuer: _issuer, jwks: _jwks, ...common } = server.options
    return createResourceServer({ ...common, ...options })
  }

  it('an opaque token is shown to the one issuer that is set up for it', async () => {
    const other = { issuer: 'https://other.test/', jwks }
    const api = make({ issuers: [other, { issuer: name, jwks, introspection }] })
    expect((await api.verify('opaque-token')).issuer).toBe(name)
    expect(await outcome(api, await issuer.sign({ iss: other.issuer }))).toBe('accepted')
    expect(server.questions).toHaveLength(1)
  })

  it("an opaque token is shown to nobody where two are set up for 'all'", async () => {
    const all = { ...introspection, tokens: 'all' }
    const entries = [name, 'https://other.test/'].map((it) => ({ issuer: it, jwks, introspection: all }))
    expect(await outcome(make({ issuers: entries }))).toBe('401 malformed')
    expect(server.questions).toEqual([])
  })

  it("a function of issuers may set it up for 'all' alone", async () => {
    const all = { ...introspection, tokens: 'all' }
    const token = await issuer.sign()
    expect(await outcome(make({ issuers: () => ({ jwks, introspection: all }) }), token)).toBe('accepted')
    expect(server.questions).toHaveLength(1)
    const api = make({ issuers: () => ({ jwks, introspection }) })
    await expect(api.verify(token)).rejects.toThrow(/^issuers\(iss\)\.introspection\.tokens: must be 'all'/)
  })
})

/** A clock that shows another time than the request was read at. */
const clockAt = (seconds: number): Clock => ({ wall: () => seconds }) as unknown as Clock

describe('opaqueSource()', () => {
  const sourceWith = (answer: ActiveAnswer | Promise<ActiveAnswer>, from = trusted(), time = now) => {
    const answerTo = vi.fn<Introspection['answerTo']>(() => answer)
    const introspection = { answerTo } as unknown as Introspection
    return { source: opaqueSource(from, introspection, clockAt(time)), answerTo, from }
  }

  it.each(['x', 'two words', '~!.'])('asks about %j', async (token) => {
    const { source, answerTo } = sourceWith(await answerOf())
    expect(source.verify(token, now)).toMatchObject({ subject: 'a' })
    expect(answerTo).toHaveBeenCalledExactlyOnceWith(token, 'unknown')
  })

  it.each(['', 'a\tb', '\na', 'a\n', 'é', '\u007f'])('does not ask about %j', async (token) => {
    const { source, answerTo } = sourceWith(await answerOf())
    expect(() => source.verify(token, now)).toThrow(
      expect.objectContaining({
        status: 401,
        reason: 'malformed',
        detail: { hint: 'the token has characters that no token has' },
      }),
    )
    expect(answerTo).not.toHaveBeenCalled()
  })

  it('reads one answer once, and checks its time on every request', async () => {
    const { source, from } = sourceWith(await answerOf())
    const first = source.verify('x', now)
    expect(source.verify('x', now + 59)).toBe(first)
    expect(from.scopesOf).toHaveBeenCalledOnce()
    expect(wasRecalled(first as VerifiedToken)).toBe(false)
    expect(() => source.verify('x', now + 60)).toThrow(expect.objectContaining({ reason: 'expired' }))
  })

  it('traces every check, of an answer that was read before too', async () => {
    const { source } = sourceWith(await answerOf())
    const names = () => stepsOf((trace) => source.verify('x', now, trace)).map(({ name }) => name)
    const first = names()
    expect([first[0], first.at(-1)]).toEqual(['introspection', 'scopes and roles'])
    expect(names()).toEqual(first)
  })

  it('checks the time when the answer is there', async () => {
    const waiting = Promise.resolve(await answerOf())
    await expect(sourceWith(waiting, trusted(), now + 60).source.verify('x', now)).rejects.toMatchObject({
      reason: 'expired',
    })
    expect(await sourceWith(waiting, trusted(), now + 59).source.verify('x', now)).toMatchObject({
      subject: 'a',
    })
  })

  it('holds while the issuer is the same generation', async () => {
    const { source, from } = sourceWith(await answerOf())
    const { generation } = from
    expect(source.stillHolds({ generation } as unknown as VerifiedToken)).toBe(true)
    expect(source.stillHolds({ generation: Symbol('other') } as unknown as VerifiedToken)).toBe(false)
  })
})

describe('introspected()', () => {
  const verified = {
    issuer: issuer.issuer,
    claims: { cnf: { jkt: 'k' } },
    times: { exp: now + 60, tolerance: 0, validAfter: 0, validBefore: now + 60 },
  } as unknown as VerifiedToken

  /** A source of one verified token, whose issuer says more about it. */
  function asking(answer: ActiveAnswer, tokens: 'all' | 'opaque' = 'all', time = now) {
    const answerTo = vi.fn<Introspection['answerTo']>(() => answer)
    const known: { issuer: TrustedIssuer | undefined } = {
      issuer: trusted(undefined, { introspection: { tokens, answerTo } as unknown as Introspection }),
    }
    const issuers = { find: () => known.issuer } as unknown as Issuers
    const inner: TokenSource = { verify: () => verified, stillHolds: () => true }
    return { source: introspected(inner, issuers, clockAt(time)), inner, answerTo, known }
  }

  it('asks about a token that was verified, and returns that token', async () => {
    const { source, inner, answerTo } = asking(await answerOf({ cnf: { jkt: 'k' } }))
    expect(source.verify('x', now)).toBe(verified)
    expect(answerTo).toHaveBeenCalledExactlyOnceWith('x', 'signed')
    expect(stepsOf((trace) => source.verify('x', now, trace))[0]).toEqual({ name: 'introspection', ok: true })
    expect(source.stillHolds).toBe(inner.stillHolds)
  })

  it('refuses the token of an issuer that is not trusted any more, and asks nobody', async () => {
    const it = asking(await answerOf({ exp: 1 }))
    it.known.issuer = undefined
    const refusal: unknown = (() => {
      try {
        return it.source.verify('x', now)
      } catch (error) {
        return error
      }
    })()
    expect(refusal).toMatchObject({
      reason: 'unknown_issuer',
      detail: {
        claim: 'iss',
        expected: [],
        actual: verified.issuer,
        hint: expect.stringMatching(/^the issuers function returns no options for this issuer/) as string,
      },
    })
    expect(it.answerTo).not.toHaveBeenCalled()
  })

  it('asks nobody where the issuer is not set up to be asked', async () => {
    const it = asking(await answerOf({ exp: 1 }))
    it.known.issuer = trusted()
    expect(it.source.verify('x', now)).toBe(verified)
    expect(it.answerTo).not.toHaveBeenCalled()
  })

  it('asks nobody about a JWT where introspection is for opaque tokens', async () => {
    const { source, answerTo } = asking(await answerOf(), 'opaque')
    expect(source.verify('x', now)).toBe(verified)
    expect(answerTo).not.toHaveBeenCalled()
  })

  it('refuses a token that the issuer binds to another key', async () => {
    const { source } = asking(await answerOf({ cnf: { jkt: 'other' } }))
    expect(() => source.verify('x', now)).toThrow(
      expect.objectContaining({
        reason: 'binding',
        detail: { claim: 'cnf', hint: 'the issuer names another key' },
      }),
    )
  })

  it('refuses a token that expired before the answer came', async () => {
    const answer = await answerOf({ exp: now + 300 })
    expect(asking(answer, 'all', now + 59).source.verify('x', now)).toBe(verified)
    const { source } = asking(answer, 'all', now + 60)
    expect(() => source.verify('x', now)).toThrow(expect.objectContaining({ reason: 'expired' }))
  })
})

describe('byForm()', () => {
  const named = (name: string): TokenSource => ({
    verify: (token, at, trace) => [name, token, at, trace] as unknown as VerifiedToken,
    stillHolds: () => name === 'jwt',
  })
  const source = byForm(named('jwt'), named('opaque'))
  const header = Buffer.from('{"alg":"none"}').toString('base64url')

  it.each([
    ['a.b.c', 'jwt'],
    ['..', 'jwt'],
    ['a.b.c.d.e', 'jwt'],
    [header, 'jwt'],
    ['e30', 'jwt'],
    [`${header}.a`, 'jwt'],
    [`${header}.a.b.c`, 'jwt'],
    [`${header}.a.b.c.d.e.f`, 'jwt'],
    ['', 'opaque'],
    ['a', 'opaque'],
    ['a.b', 'opaque'],
    ['a.b.c.d', 'opaque'],
    ['a.b.c.d.e.f', 'opaque'],
    ['e30=', 'opaque'],
    ['eyJhbGci', 'opaque'],
    ['bnVsbA', 'opaque'],
  ])('verifies %s as %s', (token, name) => {
    const trace = (): void => undefined
    expect(source.verify(token, 7, trace)).toEqual([name, token, 7, trace])
  })

  it('asks the source that a token is of whether it still holds', () => {
    expect(source.stillHolds({ header: {} } as unknown as VerifiedToken)).toBe(true)
    expect(source.stillHolds({ header: undefined } as unknown as VerifiedToken)).toBe(false)
  })
})
