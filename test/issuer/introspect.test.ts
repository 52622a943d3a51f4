import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { introspector, type Introspector, type IntrospectorOptions } from '../../src/issuer/introspect.ts'
import { plainAnswer } from '../../src/issuer/introspection-answer.ts'
import { introspectionEvents } from '../../src/issuer/introspection-events.ts'
import { fetchMarginMs } from '../../src/issuer/limits.ts'
import { FetchError, type FetchInit } from '../../src/issuer/fetch-json.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { introspectionSettings, type IntrospectionOptions } from '../../src/options/introspection.ts'
import { Deferred } from '../support/deferred.ts'
import { verdict } from '../support/tokens.ts'
import { type VirtualTime, virtualTime } from '../support/time.ts'

const issuer = 'https://issuer.test/'
const url = 'https://issuer.test/introspect'

let time: VirtualTime
let sent: { url: string; init: FetchInit }[]
let answer: (init: FetchInit) => Response | Promise<Response>
beforeEach(() => {
  time = virtualTime()
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  sent = []
  answer = () => active()
})
afterEach(() => vi.restoreAllMocks())

const active = (body: unknown = { active: true, sub: 'a' }): Response => Response.json(body)
const down = (): Promise<never> => Promise.reject(new TypeError('fetch failed'))

function make(
  introspection: Partial<IntrospectionOptions> = {},
  changes: Partial<IntrospectorOptions> = {},
): Introspector {
  const options = { clientId: 'api', clientSecret: 'secret', ...introspection }
  const settings = introspectionSettings(options, 'introspection', { issuer, allowInsecureHosts: [] })
  if (settings === undefined) throw new Error('there are settings')
  return introspector({
    issuer,
    settings,
    endpoint: { known: () => url, locate: () => Promise.resolve(url) },
    read: plainAnswer,
    fetch: async (to, init) => {
      sent.push({ url: to, init })
      return answer(init)
    },
    clock: systemClock(time.now),
    random: () => 0,
    events: introspectionEvents(issuer),
    ...changes,
  })
}

const ask = async (it: Introspector, standing: 'known' | 'unknown' = 'known'): Promise<string> =>
  verdict(it.ask('token', standing))

describe('a question', () => {
  it('has the token in its form, and who asks in its header', async () => {
    const found = await make().ask('a b&c', 'known')
    expect(found?.claims).toEqual({ active: true, sub: 'a' })
    expect(sent).toMatchObject([
      {
        url,
        init: {
          method: 'POST',
          body: 'token=a+b%26c&token_type_hint=access_token',
          redirect: 'manual',
          headers: {
            accept: 'application/json',
            authorization: `Basic ${btoa('api:secret')}`,
            'content-type': 'application/x-www-form-urlencoded',
          },
        },
      },
    ])
  })

  it('asks for a signed answer where that is set', async () => {
    await ask(make({ signed: true, authMethod: 'client_secret_post' }))
    expect(sent[0]?.init.headers['accept']).toBe('application/token-introspection+jwt')
    expect(sent[0]?.init.body).toBe(
      'token=token&token_type_hint=access_token&client_id=api&client_secret=secret',
    )
  })

  it('has no answer about an inactive token', async () => {
    answer = () => active({ active: false })
    expect(await make().ask('token', 'known')).toBeUndefined()
  })

  it('is sent once more where the connection ended, and not a third time', async () => {
    const it = make()
    let failures = 1
    answer = () => (failures-- > 0 ? down() : active())
    expect([await ask(it), sent.length]).toEqual(['200', 2])
    answer = down
    expect([await ask(it), sent.length]).toEqual(['503 unavailable', 4])
  })

  it('is not sent again where there was a response', async () => {
    answer = () => new Response('', { status: 500 })
    expect([await ask(make()), sent.length]).toEqual(['503 unavailable', 1])
  })

  it('is given up after timeoutMs, and not sent again', async () => {
    answer = ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
    const asked = ask(make({ timeoutMs: 700 }))
    expect(await time.until(asked)).toBe(0.7)
    expect([await asked, sent.length]).toEqual(['503 unavailable', 1])
  })

  it('counts as late where the timer was', async () => {
    const response = new Deferred<Response>()
    answer = () => response.promise
    const it = make({ timeoutMs: 700 })
    const asked = ask(it)
    await Promise.resolve()
    time.forget()
    await time.advance(0.701)
    response.settle(() => active())
    expect(await asked).toBe('503 unavailable')
    expect(it.health().lastError).toBe('no complete response in time')
  })

  it('says in the error which URL failed, and how long the server wants to be left alone', async () => {
    answer = () => new Response('', { status: 429, headers: { 'retry-after': '7' } })
    const error: unknown = await make()
      .ask('token', 'known')
      .catch((it: unknown) => it)
    expect(error).toMatchObject({ status: 503, retryAfter: 7 })
    expect(error).toHaveProperty('detail.hint', 'introspection: the server answered with status 429')
    expect((error as Error).cause).toMatchObject({ url })
    answer = () => active([])
    const unreadable: unknown = await make()
      .ask('token', 'known')
      .catch((it: unknown) => it)
    expect(unreadable).toMatchObject({ status: 503, retryAfter: 1 })
    expect((unreadable as Error).cause).toMatchObject({ url, status: 200 })
  })

  it('shows nothing of an error of the reader', async () => {
    const read = (): never => {
      throw new Error('the token is token')
    }
    const error: unknown = await make({}, { read })
      .ask('token', 'known')
      .catch((it: unknown) => it)
    expect(error).toHaveProperty('detail.hint', 'introspection: the answer cannot be read')
    expect(((error as Error).cause as Error).cause).toBeUndefined()
  })
})

describe('questions at the same time', () => {
  const hangs = (): Promise<Response> => new Promise(() => undefined)

  it('are maxInFlight at most, and the next is 503 without being sent', async () => {
    const it = make({ maxInFlight: 3 })
    answer = hangs
    const waiting = [1, 2, 3].map(async () => ask(it))
    const error: unknown = await it.ask('token', 'known').catch((found: unknown) => found)
    expect(error).toHaveProperty('detail.hint', 'introspection: 3 calls are pending')
    expect(error).toMatchObject({ status: 503, retryAfter: 1 })
    await time.advance(3)
    expect(await Promise.all(waiting)).toEqual(Array(3).fill('503 unavailable'))
    answer = () => active()
    expect(await ask(it)).toBe('200')
    expect(sent).toHaveLength(4)
  })

  it('about tokens of unknown standing leave a fifth of the room to the others', async () => {
    const it = make({ maxInFlight: 5 })
    answer = hangs
    const lost = (standing: 'known' | 'unknown'): void =>
      void it.ask('token', standing).catch(() => undefined)
    for (let count = 0; count < 4; count += 1) lost('unknown')
    await Promise.resolve()
    expect(await ask(it, 'unknown')).toBe('503 unavailable')
    lost('known')
    await new Promise(setImmediate)
    expect(sent).toHaveLength(5)
    expect(await ask(it)).toBe('503 unavailable')
    expect(sent).toHaveLength(5)
  })

  it.each([1, 2, 3, 4])(
    'about tokens of unknown standing are %i at most where that is maxInFlight',
    async (max) => {
      const it = make({ maxInFlight: max })
      answer = hangs
      for (let count = 0; count <= max; count += 1) it.ask('token', 'unknown').catch(() => undefined)
      await new Promise(setImmediate)
      expect(sent).toHaveLength(max)
    },
  )

  it('give their room back, one of unknown standing that found none in all included', async () => {
    const it = make({ maxInFlight: 2 })
    const [first, second] = [new Deferred<Response>(), new Deferred<Response>()]
    const responses = [first, second]
    answer = () => (responses.shift() as Deferred<Response>).promise
    const waiting = [ask(it), ask(it)]
    await new Promise(setImmediate)
    expect(await ask(it, 'unknown')).toBe('503 unavailable')
    first.settle(() => active())
    second.settle(() => active())
    expect(await Promise.all(waiting)).toEqual(['200', '200'])
    answer = () => active()
    expect(await ask(it, 'unknown')).toBe('200')
    expect(await ask(it, 'unknown')).toBe('200')
  })

  it('make room once they should have ended, where the runtime forgot them', async () => {
    const it = make({ maxInFlight: 1, timeoutMs: 1000 })
    answer = hangs
    it.ask('token', 'known').catch(() => undefined)
    await new Promise(setImmediate)
    time.forget()
    answer = () => active()
    await time.advance(1 + fetchMarginMs / 1000 - 0.01)
    expect(await ask(it)).toBe('503 unavailable')
    await time.advance(0.01)
    expect(await ask(it)).toBe('200')
  })
})

describe('the circuit', () => {
  const failTimes = async (it: Introspector, count: number, standing: 'known' | 'unknown'): Promise<void> => {
    for (let index = 0; index < count; index += 1) await ask(it, standing)
  }

  it('opens after five failures, and one question a second later closes it', async () => {
    const it = make()
    answer = () => new Response('', { status: 500 })
    await failTimes(it, 4, 'known')
    expect(it.health().state).toBe('closed')
    await failTimes(it, 1, 'known')
    expect(it.health().state).toBe('open')
    answer = () => active()
    expect([await ask(it), sent.length]).toEqual(['503 unavailable', 5])
    await time.advance(1)
    expect([await ask(it), await ask(it), sent.length]).toEqual(['200', '200', 7])
    expect(it.health()).toEqual({
      state: 'closed',
      lastError: undefined,
      counters: { asked: 7, failures: 5 },
    })
  })

  it('of unknown tokens leaves those of unknown standing out, and no others', async () => {
    const it = make()
    answer = () => new Response('', { status: 500 })
    await failTimes(it, 5, 'unknown')
    answer = () => active()
    expect([await ask(it, 'unknown'), it.health().state]).toEqual(['503 unavailable', 'open'])
    expect(await ask(it, 'known')).toBe('200')
    // Any answer shows that the endpoint works.
    expect([await ask(it, 'unknown'), it.health().state]).toEqual(['200', 'closed'])
  })

  it('stays closed where the endpoint refuses single questions', async () => {
    const it = make()
    answer = () => new Response('', { status: 400 })
    await failTimes(it, 20, 'known')
    expect([it.health().state, sent.length]).toEqual(['closed', 20])
  })

  it('probes once more where the probe found no room', async () => {
    const it = make({ maxInFlight: 1 })
    answer = () => new Response('', { status: 500 })
    await failTimes(it, 5, 'unknown')
    await time.advance(1)
    const response = new Deferred<Response>()
    answer = () => response.promise
    const waiting = ask(it, 'known')
    await new Promise(setImmediate)
    expect(await ask(it, 'unknown')).toBe('503 unavailable')
    response.settle(() => new Response('', { status: 400 }))
    expect(await waiting).toBe('503 unavailable')
    answer = () => active()
    expect(await ask(it, 'unknown')).toBe('200')
  })
})

describe('readiness', () => {
  it('is to know the endpoint, and to have what proves who asks', async () => {
    await expect(make().ready()).resolves.toBeUndefined()
    const locate = (): Promise<never> => Promise.reject(new FetchError('nothing there', { status: 404 }))
    const lost = make({}, { endpoint: { known: () => undefined, locate } })
    await expect(lost.ready()).rejects.toMatchObject({ status: 503 })
    expect(lost.health().lastError).toBe('nothing there')
    expect(sent).toEqual([])
  })

  it('is looked for in the background when it is asked for', async () => {
    let known: string | undefined
    const endpoint = {
      known: () => known,
      locate: async () => Promise.resolve((known = url)),
    }
    const it = make({}, { endpoint })
    expect(it.isReady()).toBe(false)
    await new Promise(setImmediate)
    expect(it.isReady()).toBe(true)
    const failing = make({}, { endpoint: { known: () => undefined, locate: down } })
    expect(failing.isReady()).toBe(false)
    await new Promise(setImmediate)
    expect(failing.health().counters.failures).toBe(1)
  })
})
