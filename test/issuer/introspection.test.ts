import fc from 'fast-check'
import { explain, type ResourceServer, UpstreamError } from 'oauth-resource-server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FetchError } from '../../src/issuer/fetch-error.ts'
import type { Introspector } from '../../src/issuer/introspect.ts'
import { type Introspection, introspection, type TokenOrigin } from '../../src/issuer/introspection.ts'
import type { ActiveAnswer } from '../../src/issuer/introspection-answer.ts'
import { unknownTokens } from '../../src/issuer/limits.ts'
import type { Clock } from '../../src/lib/clock.ts'
import type { IntrospectionSettings } from '../../src/options/introspection.ts'
import { Deferred } from '../support/deferred.ts'
import {
  apiOf,
  type Endpoint,
  endpoint,
  endpointUrl,
  issuer,
  json,
  outcome,
} from '../support/introspection.ts'
import { turns } from '../support/time.ts'
import { tries } from '../support/tries.ts'

let server: Endpoint

beforeEach(() => {
  server = endpoint()
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
})
afterEach(() => vi.restoreAllMocks())

/** Questions that one more request causes. */
async function asked(api: ResourceServer, token?: string): Promise<number> {
  const before = server.questions.length
  await outcome(api, token)
  return server.questions.length - before
}

/** Settings for the memory of answers alone. */
const ofOpaqueTokens = {
  clientId: 'api-1',
  endpoint: { url: endpointUrl },
  cacheFor: 30,
  cacheInactiveFor: 10,
  timeoutMs: 3000,
  tokens: 'opaque',
} as IntrospectionSettings

describe('an answer about an active token', () => {
  it('CAC is used for 30 s', async () => {
    const api = apiOf(server)
    expect(await asked(api)).toBe(1)
    server.clock.advance(29.9)
    expect(await asked(api)).toBe(0)
    server.clock.advance(0.2)
    expect(await asked(api)).toBe(1)
  })

  it('CAC-6 INT-6 is used for cacheFor, and a revoked token is refused after that', async () => {
    const api = apiOf(server, { cacheFor: 5 })
    expect(await outcome(api)).toBe('accepted')
    server.answer = () => json({ active: false })
    server.clock.advance(4.9)
    expect(await outcome(api)).toBe('accepted')
    server.clock.advance(0.2)
    expect(await outcome(api)).toBe('401 inactive')
  })

  it('CAC-6 is as old as the question, not as the answer', async () => {
    const api = apiOf(server, { cacheFor: 5 })
    server.answer = () => {
      server.clock.advance(2)
      return json(server.active())
    }
    expect(await outcome(api)).toBe('accepted')
    // Revoked while the answer was on its way.
    server.answer = () => json({ active: false })
    server.clock.advance(2.9)
    expect(await outcome(api)).toBe('accepted')
    server.clock.advance(0.2)
    expect(await outcome(api)).toBe('401 inactive')
  })

  it('is not remembered with cacheFor 0', async () => {
    const api = apiOf(server, { cacheFor: 0 })
    expect([await asked(api), await asked(api)]).toEqual([1, 1])
  })

  it('CAC-1 INT-6 RFC7662-4-2 is never used past exp', async () => {
    const exp = server.now() + 10
    server.answer = () => json(server.active({ exp }))
    const api = apiOf(server, { cacheFor: 3600 }, { clockTolerance: 0 })
    await outcome(api)
    server.clock.advance(9.9)
    expect(await asked(api)).toBe(0)
    server.clock.advance(0.2)
    expect(await asked(api)).toBe(1)
    expect(await outcome(api)).toBe('401 expired')
  })

  it('is judged by the time on every request', async () => {
    const api = apiOf(server, { cacheFor: 3600 }, { maxTokenAge: 20, clockTolerance: 0 })
    expect(await outcome(api)).toBe('accepted')
    server.clock.advance(21)
    expect(await outcome(api)).toBe('401 too_old')
    expect(server.questions).toHaveLength(1)
  })

  it('CAC-10 is frozen, with everything in it', async () => {
    server.answer = () => json(server.active({ nested: { list: [{}] } }))
    const { claims } = await apiOf(server).verify('opaque-token')
    const { list } = claims['nested'] as { list: object[] }
    expect([claims, claims['nested'], list, list[0]].every(Object.isFrozen)).toBe(true)
  })

  it('makes one set of scopes for all its requests', async () => {
    const api = apiOf(server)
    const [first, second] = [await api.verify('opaque-token'), await api.verify('opaque-token')]
    expect(second.claims).toBe(first.claims)
    expect(second).not.toBe(first)
  })
})

describe('an answer about an inactive token', () => {
  beforeEach(() => {
    server.answer = () => json({ active: false })
  })

  it('CAC-8 is used for 10 s', async () => {
    const api = apiOf(server)
    expect([await asked(api), await asked(api)]).toEqual([1, 0])
    server.clock.advance(9.9)
    expect(await asked(api)).toBe(0)
    server.clock.advance(0.2)
    expect(await asked(api)).toBe(1)
  })

  it('CAC-9 evicts no answer about an active token', async () => {
    server.answer = ({ form }) =>
      json(form.get('token') === 'good' ? server.active({ exp: server.now() + 1e6 }) : { active: false })
    const api = apiOf(server, { cacheFor: 3600, cacheInactiveFor: 3600 })
    await outcome(api, 'good')
    for (let count = 0; count < 400; count++) {
      server.clock.advance(unknownTokens.every)
      await outcome(api, `junk-${count}`)
    }
    expect(await asked(api, 'good')).toBe(0)
  })

  it('is forgotten when the token turns active', async () => {
    const api = apiOf(server, { cacheInactiveFor: 1 })
    expect(await outcome(api)).toBe('401 inactive')
    server.clock.advance(1.1)
    server.answer = () => json(server.active())
    expect(await outcome(api)).toBe('accepted')
    expect(await outcome(api)).toBe('accepted')
  })
})

describe('failures', () => {
  it('CAC-8 are never remembered', async () => {
    const api = apiOf(server)
    server.answer = () => new Response('', { status: 500 })
    expect(await outcome(api)).toBe('503 unavailable')
    server.answer = () => json(server.active())
    expect(await outcome(api)).toBe('accepted')
  })

  it('leave what is remembered as it is', async () => {
    const api = apiOf(server)
    await outcome(api)
    server.answer = () => new Response('', { status: 500 })
    expect(await outcome(api, 'other')).toBe('503 unavailable')
    expect(await outcome(api)).toBe('accepted')
  })
})

describe('the memory', () => {
  it.each([
    ['client', { clientId: 'api-2' }],
    ['endpoint', { endpoint: 'https://issuer.test/other' }],
  ])('INT-7 CAC-3 CAC-4 has a space of its own for each %s', async (_what, other) => {
    server.answer = ({ url, headers }) =>
      json({
        ...server.active(),
        active: url.endsWith('introspect') && /^Basic YXBpLTE6/.test(headers.get('authorization') ?? ''),
      })
    expect(await outcome(apiOf(server))).toBe('accepted')
    expect(await outcome(apiOf(server, other))).toBe('401 inactive')
  })

  it('INT-7 is apart from that of JWTs: a token is never recalled as one of the other kind', async () => {
    const api = apiOf(server)
    const jwt = await issuer.sign()
    expect((await api.verify(jwt)).header).toBeDefined()
    expect((await api.verify('opaque-token')).header).toBeUndefined()
    expect((await api.verify(jwt)).header).toBeDefined()
    expect((await api.verify('opaque-token')).header).toBeUndefined()
  })

  it('CAC-3 tells tokens apart by their last character', async () => {
    server.answer = ({ form }) =>
      json({ ...server.active(), active: form.get('token') === `${'a'.repeat(500)}1` })
    const api = apiOf(server)
    expect(await outcome(api, `${'a'.repeat(500)}1`)).toBe('accepted')
    expect(await outcome(api, `${'a'.repeat(500)}2`)).toBe('401 inactive')
  })
})

describe('one question', () => {
  it('serves thousands of callers of one token', async () => {
    const answer = new Deferred<Response>()
    server.answer = () => answer.promise
    const api = apiOf(server)
    const callers = Array.from({ length: tries(10_000, 1000) }, () => outcome(api))
    await turns()
    answer.settle(() => json(server.active()))
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['accepted']))
    expect(server.questions).toHaveLength(1)
  })

  it('that fails, fails all its callers, and the next one asks again', async () => {
    const answer = new Deferred<Response>()
    server.answer = () => answer.promise
    const api = apiOf(server)
    const callers = [outcome(api), outcome(api)]
    await turns()
    answer.settle(() => new Response('', { status: 500 }))
    expect(await Promise.all(callers)).toEqual(['503 unavailable', '503 unavailable'])
    server.answer = () => json(server.active())
    expect(await outcome(api)).toBe('accepted')
  })

  it('about each of many tokens: at most maxInFlight at a time, a fifth of them for known ones', async () => {
    const answer = new Deferred<undefined>()
    server.answer = () => answer.promise.then(() => json(server.active()))
    const api = apiOf(server, { maxInFlight: 10 })
    const known = ['a', 'b', 'c']
    server.answer = () => json(server.active())
    for (const token of known) await outcome(api, token)
    server.clock.advance(31)
    server.questions.splice(0)
    server.answer = () => answer.promise.then(() => json(server.active()))
    const callers = Array.from({ length: 20 }, (_, index) => outcome(api, `token-${index}`))
    await turns()
    expect(server.questions).toHaveLength(8)
    const knownCallers = known.map((token) => outcome(api, token))
    await turns()
    expect(server.questions).toHaveLength(10)
    answer.settle(() => undefined)
    const outcomes = await Promise.all(callers)
    expect(outcomes.filter((it) => it === '503 unavailable')).toHaveLength(12)
    expect(await Promise.all(knownCallers)).toEqual(['accepted', 'accepted', '503 unavailable'])
  })
})

describe('INT-14 made-up tokens', () => {
  beforeEach(() => {
    server.answer = ({ form }) =>
      json(form.get('token')?.startsWith('good') === true ? server.active() : { active: false })
  })

  it('a thousand per second cost 200 questions and 20 per second at most, and no cached token anything', async () => {
    const sent = tries(10_000, 1000)
    const api = apiOf(server)
    expect(await outcome(api, 'good')).toBe('accepted')
    const outcomes = new Map<string, number>()
    for (let count = 0; count < sent; count++) {
      server.clock.advance(0.001)
      const result = await outcome(api, `junk-${count}`)
      outcomes.set(result, (outcomes.get(result) ?? 0) + 1)
      if (count % 500 === 0) expect(await outcome(api, 'good')).toBe('accepted')
    }
    const allowed = unknownTokens.burst + sent / 1000 / unknownTokens.every
    expect(allowed).toBe(200 + sent / 50)
    expect(server.questions.length - 1).toBeLessThanOrEqual(allowed)
    expect(server.questions.length - 1).toBeGreaterThan(allowed * 0.9)
    expect([...outcomes.keys()].sort()).toEqual(['401 inactive', '503 unavailable'])
  })

  it('cost no token its question that was active before', async () => {
    const api = apiOf(server)
    await outcome(api, 'good')
    server.clock.advance(31)
    for (let count = 0; count < 300; count++) await outcome(api, `junk-${count}`)
    expect(await outcome(api, 'junk-300')).toBe('503 unavailable')
    expect(await outcome(api, 'good')).toBe('accepted')
  })

  describe.each([
    ['500', () => new Response('', { status: 500 })],
    ['502', () => new Response('<html>', { status: 502 })],
    ['429', () => new Response('', { status: 429, headers: { 'retry-after': '60' } })],
    ['no JSON', () => json('junk')],
    ['a cut connection', () => Promise.reject(new TypeError('fetch failed'))],
  ] as const)('that the endpoint answers with %s', (_title, refuse) => {
    beforeEach(() => {
      server.answer = ({ form }) =>
        form.get('token')?.startsWith('good') === true ? json(server.active()) : refuse()
    })

    it('take nothing from a token that was active before', async () => {
      const api = apiOf(server)
      await outcome(api, 'good')
      server.clock.advance(31)
      for (let count = 0; count < 20; count++) await outcome(api, `junk-${count}`)
      expect(api.health().issuers[issuer.issuer]?.introspection?.state).toBe('open')
      expect(await outcome(api, 'good')).toBe('accepted')
    })

    it('keep new tokens out only until the endpoint has answered about any other', async () => {
      const api = apiOf(server)
      await outcome(api, 'good-1')
      server.clock.advance(31)
      for (let count = 0; count < 20; count++) await outcome(api, `junk-${count}`)
      expect(await outcome(api, 'good-2')).toBe('503 unavailable')
      await outcome(api, 'good-1')
      expect(await outcome(api, 'good-2')).toBe('accepted')
      expect(api.health().issuers[issuer.issuer]?.introspection?.state).toBe('closed')
    })
  })

  it('change nothing for a token that was active before, in any order and however they are answered', async () => {
    const kind = fc.constantFrom('active', 'inactive', '500', '429', '400', 'cut', 'html', 'later')
    await fc.assert(
      fc.asyncProperty(fc.array(kind, { maxLength: 60 }), async (kinds) => {
        const own = endpoint()
        own.answer = ({ form }) => {
          const [, how = 'active'] = (form.get('token') as string).split(':')
          if (how === 'inactive') return json({ active: false })
          if (how === 'cut') return Promise.reject(new TypeError('fetch failed'))
          if (how === 'html') return new Response('<html>', { headers: { 'content-type': 'text/html' } })
          if (/^\d/.test(how)) return new Response('', { status: Number(how) })
          return json(own.active())
        }
        const api = apiOf(own)
        expect(await outcome(api, 'known')).toBe('accepted')
        for (const [index, how] of kinds.entries()) {
          if (how === 'later') own.clock.advance(31)
          else await outcome(api, `${index}:${how}`)
          expect(await outcome(api, 'known')).toBe('accepted')
        }
      }),
      { numRuns: tries(50, 10) },
    )
  })

  it('cost nothing of the budget while nobody answers', async () => {
    const api = apiOf(server)
    server.answer = () => Promise.reject(new TypeError('fetch failed'))
    for (let count = 0; count < 300; count++) {
      server.clock.advance(1)
      await outcome(api, `junk-${count}`)
    }
    server.clock.advance(11)
    server.answer = () => json({ active: false })
    expect(await outcome(api, 'junk')).toBe('401 inactive')
    for (let count = 0; count < 150; count++) expect(await outcome(api, `more-${count}`)).toBe('401 inactive')
  })

  it('pay for a connection that is cut, though other answers keep the circuit closed', async () => {
    const api = apiOf(server, { cacheFor: 0 })
    server.answer = ({ form }) =>
      form.get('token') === 'good' ? json(server.active()) : Promise.reject(new TypeError('fetch failed'))
    expect(await outcome(api, 'good')).toBe('accepted')
    for (let count = 0; count < 300; count++) {
      await outcome(api, `junk-${count}`)
      expect(await outcome(api, 'good')).toBe('accepted')
    }
    const about = server.questions.filter(({ form }) => form.get('token') !== 'good')
    // Each is sent a second time, since the connection may have been an old one.
    expect(about).toHaveLength(2 * unknownTokens.burst)
  })

  it('that the endpoint refuses with 400 neither open the circuit nor come for nothing', async () => {
    server.answer = ({ form }) =>
      form.get('token') === 'good' ? json(server.active()) : new Response('', { status: 400 })
    const api = apiOf(server)
    for (let count = 0; count < 300; count++) await outcome(api, `junk-${count}`)
    expect(server.questions).toHaveLength(unknownTokens.burst)
    server.clock.advance(2 * unknownTokens.every)
    expect(await outcome(api, 'good')).toBe('accepted')
  })

  it('cost nothing where every token is active', async () => {
    const api = apiOf(server)
    for (let count = 0; count < 500; count++) expect(await outcome(api, `good-${count}`)).toBe('accepted')
  })
})

describe('A3 a question that the runtime never settles', () => {
  const about = { claims: { exp: 2_000_000_000 }, bytes: 100 } as unknown as ActiveAnswer
  let now: number
  let timersFire: boolean
  let answers: ((answer: ActiveAnswer | undefined) => void)[]
  let memory: Introspection

  beforeEach(() => {
    now = 1_900_000_000
    timersFire = false
    answers = []
    const ask = (): Promise<ActiveAnswer | undefined> => new Promise((resolve) => answers.push(resolve))
    memory = introspection({
      introspector: { ask } as unknown as Introspector,
      settings: ofOpaqueTokens,
      issuer: issuer.issuer,
      clock: {
        wall: () => now,
        steady: () => now,
        schedule: (_ms: number, run: () => void) => {
          if (timersFire) queueMicrotask(run)
          return () => undefined
        },
      } as Clock,
    })
  })
  const wait = (origin: TokenOrigin = 'unknown'): Promise<ActiveAnswer> =>
    (async () => memory.answerTo('token', origin))()

  it('is asked again when its time is over, and the late answer changes nothing', async () => {
    const first = wait()
    now += 3.4
    const second = wait()
    expect(answers).toHaveLength(1)
    now += 0.1
    const third = wait()
    expect(answers).toHaveLength(2)
    answers[1]?.(undefined)
    await expect(third).rejects.toMatchObject({ reason: 'inactive' })
    answers[0]?.(about)
    expect(await Promise.all([first, second])).toEqual([about, about])
    // The token was revoked in between.
    await expect(wait()).rejects.toMatchObject({ reason: 'inactive' })
    expect(answers).toHaveLength(2)
  })

  it('leaves the newer question alone when it ends after all', async () => {
    const first = wait()
    now += 3.5
    const second = wait()
    answers[0]?.(about)
    await first
    const third = wait()
    expect(answers).toHaveLength(2)
    answers[1]?.(about)
    expect(await Promise.all([second, third])).toEqual([about, about])
  })

  it('is 503 for each request that waits for it', async () => {
    timersFire = true
    const detail = { hint: 'introspection: no result within 3500 ms' }
    await expect(wait()).rejects.toMatchObject({ status: 503, detail })
  })

  it('costs a permit, unless a signature shows who made the token', async () => {
    for (let index = 0; index < unknownTokens.burst; index++) {
      void (memory.answerTo(`token-${index}`, 'unknown') as Promise<unknown>).catch(() => undefined)
    }
    const detail = { hint: 'introspection: too many tokens that were never active' }
    await expect(wait()).rejects.toMatchObject({ status: 503, detail })
    const signed = wait('signed')
    answers.at(-1)?.(about)
    expect(await signed).toBe(about)
  })
})

describe('a question that the endpoint refuses', () => {
  it.each([
    [401, 'check clientId, clientSecret or privateKey, and authMethod'],
    [404, 'check introspection.endpoint'],
  ])('with %i is explained by the options of introspection', async (status, advice) => {
    server.answer = () => new Response('', { status })
    const error: unknown = await apiOf(server)
      .verify('opaque')
      .catch((thrown: unknown) => thrown)
    expect(explain(error)).toBe(
      `unavailable: the server answered with status ${status} at ${endpointUrl} (${advice})`,
    )
  })

  it('with JSON, where signed answers are wanted, is explained by the registration of the client', async () => {
    const error: unknown = await apiOf(server, { signed: true })
      .verify('opaque')
      .catch((thrown: unknown) => thrown)
    expect(explain(error)).toMatch(
      /it is not application\/token-introspection\+jwt .*introspection_signed_response_alg/,
    )
  })
})

describe('what is remembered of an answer, by two clocks', () => {
  let wall: number
  let steady: number
  let asked: string[]
  let exp: unknown
  let end: () => Promise<ActiveAnswer | undefined>
  let memory: Introspection

  beforeEach(() => {
    wall = 1_900_000_000
    steady = 5000
    asked = []
    exp = wall + 100
    end = () => Promise.resolve({ claims: { exp }, bytes: 100 } as unknown as ActiveAnswer)
    memory = introspection({
      introspector: {
        ask: (token: string) => {
          asked.push(token)
          return end()
        },
      } as unknown as Introspector,
      settings: ofOpaqueTokens,
      issuer: issuer.issuer,
      clock: {
        wall: () => wall,
        steady: () => steady,
        schedule: () => () => undefined,
      } as unknown as Clock,
    })
  })
  const ask = async (token = 'token', origin: TokenOrigin = 'unknown'): Promise<unknown> =>
    memory.answerTo(token, origin)
  const inactive = { reason: 'inactive', detail: { hint: expect.stringMatching(/is not active/) as string } }

  it('is used until cacheFor is over, to the second', async () => {
    await ask()
    steady += 29.9
    await ask()
    expect(asked).toHaveLength(1)
    steady = 5030
    await ask()
    expect(asked).toHaveLength(2)
  })

  it('is not used from exp on, though the clock was set ahead', async () => {
    exp = wall + 20
    await ask()
    wall += 19.5
    await ask()
    expect(asked).toHaveLength(1)
    wall = 1_900_000_020
    await ask()
    expect(asked).toHaveLength(2)
  })

  it('is not used for longer than until exp, though the clock was set back', async () => {
    exp = wall + 20
    await ask()
    wall -= 10
    steady += 19.5
    await ask()
    expect(asked).toHaveLength(1)
    steady = 5020
    await ask()
    expect(asked).toHaveLength(2)
  })

  it.each<[string, () => unknown]>([
    ['is no number', () => String(wall + 100)],
    ['is missing', () => undefined],
    ['is reached', () => wall],
  ])('is not used where exp %s', async (_title, value) => {
    exp = value()
    await ask()
    await ask()
    expect(asked).toHaveLength(2)
  })

  it('is refused for cacheInactiveFor, to the second, with what may be the cause', async () => {
    end = () => Promise.resolve(undefined)
    await expect(ask()).rejects.toMatchObject(inactive)
    steady += 9.9
    await expect(ask()).rejects.toMatchObject(inactive)
    expect(asked).toHaveLength(1)
    steady = 5010
    await expect(ask()).rejects.toMatchObject(inactive)
    expect(asked).toHaveLength(2)
  })

  /** Asks about so many tokens that were never active. @returns how many of them the endpoint was asked about */
  async function flood(count: number, origin: TokenOrigin = 'unknown'): Promise<number> {
    const before = asked.length
    for (let index = 0; index < count; index++)
      await ask(`${origin}-${before}-${index}`, origin).catch(() => undefined)
    return asked.length - before
  }
  const unsent = (): Promise<never> => Promise.reject(new UpstreamError(1))
  const sent = (): Promise<never> => Promise.reject(new UpstreamError(1, { cause: new FetchError('down') }))

  it('costs a permit where the endpoint was asked, and none where it was not', async () => {
    end = unsent
    expect(await flood(unknownTokens.burst + 50)).toBe(unknownTokens.burst + 50)
    end = sent
    expect(await flood(unknownTokens.burst + 50)).toBe(unknownTokens.burst)
  })

  it('costs no permit where the token is active', async () => {
    expect(await flood(unknownTokens.burst + 50)).toBe(unknownTokens.burst + 50)
  })

  it.each([
    ['is active', () => Promise.resolve({ claims: {}, bytes: 1 } as unknown as ActiveAnswer)],
    ['could not be asked about', unsent],
  ])('gives back no permit that was never taken: a signed token that %s', async (_title, answer) => {
    end = sent
    await flood(unknownTokens.burst)
    end = answer
    expect(await flood(5, 'signed')).toBe(5)
    expect(await flood(1)).toBe(0)
  })
})
