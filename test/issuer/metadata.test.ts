import { describe, expect, it } from 'vitest'
import { type FoundMetadata, type MetadataSearch, searchedMetadata } from '../../src/issuer/metadata.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { Deferred } from '../support/deferred.ts'

const issuer = 'https://issuer.test/'
const [first, second] = ['https://issuer.test/one', 'https://issuer.test/two']
const document = { issuer, jwks_uri: 'https://issuer.test/jwks' }
const found = (): Response => Response.json(document)
const status = (code: number) => (): Response => new Response('', { status: code })
const refuse = (): Promise<never> => Promise.reject(new TypeError('fetch failed'))

type Answer = () => Response | Promise<Response>

interface World {
  readonly outcome: Promise<FoundMetadata>
  readonly calls: string[]
  readonly signals: AbortSignal[]
  /** Lets half of the time go by. */
  readonly halfTime: () => void
  readonly timer: { ms: number; cancelled: boolean }
  /** Ends the whole search. */
  readonly abort: () => void
}

/** A search that has begun, in one or two places. */
function search(...answers: readonly Answer[]): World {
  const calls: string[] = []
  const signals: AbortSignal[] = []
  const timer = { ms: 0, cancelled: false }
  let halfTime = (): void => undefined
  const clock = {
    schedule(ms: number, run: () => void) {
      timer.ms = ms
      halfTime = run
      return () => void (timer.cancelled = true)
    },
  } as unknown as Clock
  const places = [first, second].slice(0, answers.length)
  const fetch: MetadataSearch['fetch'] = async (url, { signal }) => {
    calls.push(url)
    signals.push(signal)
    return await (answers[places.indexOf(url)] as Answer)()
  }
  const whole = new AbortController()
  const options = { issuer, fetch, clock, maxBytes: 1000, signal: whole.signal, leftMs: 5000 }
  const outcome = searchedMetadata(places, options)
  return { outcome, calls, signals, timer, halfTime: () => halfTime(), abort: () => whole.abort() }
}

describe('metadata in two places', () => {
  it('is that of the first, and the second is not asked', async () => {
    const { outcome, calls, timer } = search(found, found)
    expect(await outcome).toEqual({ document, place: first })
    expect(calls).toEqual([first])
    expect(timer).toEqual({ ms: 2500, cancelled: true })
  })

  it.each<[string, Answer]>([
    ['is not there', status(404)],
    ['is down', status(503)],
    ['cannot be reached', refuse],
    ['has no issuer', () => Response.json({ jwks_uri: 'https://issuer.test/jwks' })],
    ['has an issuer that is no text', () => Response.json({ ...document, issuer: [issuer] })],
  ])('is that of the second where the first %s', async (_title, answer) => {
    const { outcome, calls } = search(answer, found)
    expect(await outcome).toEqual({ document, place: second })
    expect(calls).toEqual([first, second])
  })

  it.each([
    ['first', [first], true],
    ['second', [first, second], false],
  ] as const)('of another issuer in the %s ends the search', async (_place, asked, isFirst) => {
    const foreign = (): Response => Response.json({ ...document, issuer: 'https://issuer.test' })
    const { outcome, calls } = isFirst ? search(foreign, found) : search(status(404), foreign)
    await expect(outcome).rejects.toMatchObject({
      message: 'the metadata names another issuer than the one configured',
      url: asked.at(-1),
      status: 200,
      detail: { claim: 'iss', expected: issuer, actual: 'https://issuer.test' },
    })
    expect(calls).toEqual(asked)
  })

  it('is asked for in the second when half of the time went by, and the loser is given up', async () => {
    const { outcome, calls, signals, halfTime } = search(() => new Promise(() => undefined), found)
    expect(calls).toEqual([first])
    halfTime()
    expect(await outcome).toEqual({ document, place: second })
    expect(signals[0]?.aborted).toBe(true)
  })

  it('is not waited for when the time of the whole search is over', async () => {
    const { outcome, abort } = search(
      () => new Promise(() => undefined),
      () => new Promise(() => undefined),
    )
    abort()
    await expect(outcome).rejects.toMatchObject({ message: 'no complete response in time', url: first })
  })

  it('is that of a slow first where the second has none', async () => {
    const slow = new Deferred<Response>()
    const { outcome, halfTime } = search(
      () => slow.promise,
      () => {
        slow.settle(found)
        return new Response('', { status: 404 })
      },
    )
    halfTime()
    expect(await outcome).toEqual({ document, place: first })
  })

  it.each<[string, Answer, Answer, number | undefined, string]>([
    ['a 503 to a 404', status(503), status(404), 503, first],
    ['a 503 to a 404 before it', status(404), status(503), 503, second],
    ['a status to none', refuse, status(500), 500, second],
    ['none to a 404', refuse, status(404), undefined, first],
    ['the first of two alike', status(404), status(404), 404, first],
    ['a 403 to a 404 before it', status(404), status(403), 403, second],
    ['a 403 to a 410 before it', status(410), status(403), 403, second],
    ['none to a 403', status(403), refuse, undefined, second],
    ['a fetch function that returns no Response', () => ({}) as Response, status(404), undefined, first],
  ])('is in neither: it tells %s', async (_title, one, other, code, url) => {
    await expect(search(one, other).outcome).rejects.toMatchObject({ name: 'FetchError', status: code, url })
  })
})

describe('metadata that a fetch function of the application cannot get', () => {
  const broken = (): Response => ({ status: 200, headers: { get: () => null }, redirected: false }) as never
  const unreadable = (): Response =>
    Object.defineProperty({ status: 200, headers: new Headers() }, 'body', {
      get() {
        throw new RangeError('no body')
      },
    }) as never

  it.each<[string, Answer, string]>([
    ['returns no Response', () => ({}) as Response, 'the fetch function returned no Response'],
    ['returns a Response that throws', unreadable, 'the metadata cannot be read'],
  ])('is not called missing where it %s', async (_title, answer, message) => {
    for (const answers of [[answer], [answer, answer]] as const) {
      await expect(search(...answers).outcome).rejects.toMatchObject({
        message,
        status: undefined,
        url: first,
      })
    }
  })

  it('is no document where the body is empty', async () => {
    const message = 'the issuer publishes no metadata: the response is not a JSON object'
    await expect(search(broken).outcome).rejects.toMatchObject({ message, status: 200 })
  })
})

describe('metadata in one place', () => {
  it('is found there', async () => {
    expect(await search(found).outcome).toEqual({ document, place: first })
  })

  it('is refused by the server', async () => {
    const message = 'the issuer publishes no metadata: the server answered with status 403'
    await expect(search(status(403)).outcome).rejects.toMatchObject({ message, status: 403 })
  })

  it('is not there', async () => {
    const { outcome, timer } = search(status(404))
    await expect(outcome).rejects.toMatchObject({ message: 'the issuer publishes no metadata', status: 404 })
    expect(timer.cancelled).toBe(true)
  })
})
