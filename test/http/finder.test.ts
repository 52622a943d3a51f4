import {
  firstOf,
  fromBody,
  fromHeader,
  fromQuery,
  type HttpRequest,
  InvalidRequestError,
} from 'oauth-resource-server'
import { describe, expect, it, vi } from 'vitest'
import {
  attempt,
  builtInOf,
  checkOnlyAuthorization,
  extractor,
  Failure,
  finder,
  limitedFinder,
  moreThanOneToken,
  presented,
} from '../../src/http/finder.ts'
import { rejection } from '../support/rejection.ts'

const raw = { cookies: {} }
const request: HttpRequest = { headers: {}, raw }
const ours = (mayWait: boolean) =>
  extractor(() => presented('t', 'query', request), {
    mayWait,
    readsAuthorization: true,
    readsCookies: false,
  })

describe('presented', () => {
  it('is a Bearer token with its place, or nothing', () => {
    expect(presented('t', 'query', request)).toEqual({
      scheme: 'Bearer',
      token: 't',
      place: 'query',
      request,
    })
    expect(presented(undefined, 'query', request)).toBeUndefined()
  })
})

describe('an extractor of this library', () => {
  it('tells of itself, and a function of the application does not', () => {
    expect(builtInOf(ours(true))).toEqual({ mayWait: true, readsAuthorization: true, readsCookies: false })
    expect(builtInOf(extractor(() => undefined))).toEqual({
      mayWait: false,
      readsAuthorization: false,
      readsCookies: false,
    })
    expect(builtInOf(() => undefined)).toBeUndefined()
  })

  const traits = { mayWait: false, readsAuthorization: false, readsCookies: false }
  it.each([
    ['fromHeader()', fromHeader(), { ...traits, readsAuthorization: true, onlyAuthorization: true }],
    ['fromHeader() with a name', fromHeader('x-api-token'), traits],
    ['fromQuery()', fromQuery(), traits],
    ['fromBody()', fromBody(), { ...traits, readsBody: true }],
    ['firstOf() of one', firstOf(fromBody()), { ...traits, readsBody: true }],
    [
      'firstOf() of several',
      firstOf(fromBody(), fromHeader()),
      { ...traits, readsAuthorization: true, readsBody: false },
    ],
    [
      'firstOf() with a function of the application',
      firstOf(fromBody(), () => undefined),
      { mayWait: true, readsAuthorization: true, readsCookies: true, readsBody: false },
    ],
  ])('tells what it reads: %s', (_title, extract, expected) => {
    expect(builtInOf(extract)).toEqual(expected)
  })

  it('reads the Authorization header alone, or is refused where it must', () => {
    expect(() => checkOnlyAuthorization(fromHeader())).not.toThrow()
    for (const extract of [fromHeader('x-api-token'), firstOf(fromHeader()), () => undefined]) {
      expect(() => checkOnlyAuthorization(extract)).toThrow(
        new TypeError(
          "tokenFrom: profile 'fapi2' accepts tokens in the Authorization header alone; leave it out, or pass fromHeader()",
        ),
      )
    }
  })

  it('is used as it is', () => {
    const extract = ours(false)
    expect(finder(extract)).toBe(extract)
  })
})

describe('a function of the application', () => {
  it("gets the framework's request, else the neutral one", () => {
    const extract = vi.fn(() => undefined)
    void finder(extract)(request)
    void finder(extract)({ headers: {} })
    expect(extract.mock.calls).toEqual([[raw], [{ headers: {} }]])
  })

  it.each([
    ['t', { scheme: 'Bearer', token: 't', place: 'custom' }],
    [{ token: 't' }, { scheme: 'Bearer', token: 't', place: 'custom' }],
    [
      { token: 't', scheme: 'DPoP', place: 'header' },
      { scheme: 'DPoP', token: 't', place: 'header' },
    ],
    [
      { token: 't', scheme: 'Basic' },
      { scheme: 'Bearer', token: 't', place: 'custom' },
    ],
  ])('may return %j, at once or later', async (returned, found) => {
    expect(finder(() => returned as never)(request)).toEqual({ ...found, request })
    expect(await finder(() => Promise.resolve(returned as never))(request)).toEqual({ ...found, request })
  })

  it('may find nothing', async () => {
    expect(finder(() => undefined)(request)).toBeUndefined()
    expect(await finder(() => Promise.resolve(undefined))(request)).toBeUndefined()
  })

  it('may return what headers.get() and the headers of Node return for nothing', async () => {
    for (const nothing of [null, []]) {
      expect(finder(() => nothing)(request)).toBeUndefined()
      expect(await finder(() => Promise.resolve(nothing))(request)).toBeUndefined()
    }
  })

  it('may return a list with one token, and no more than one', async () => {
    const found = { scheme: 'Bearer', token: 't', place: 'custom', request }
    expect(finder(() => ['t'])(request)).toEqual(found)
    expect(await finder(() => Promise.resolve(['t']))(request)).toEqual(found)
    expect(() => finder(() => ['t', 'u'])(request)).toThrow(InvalidRequestError)
    await expect(finder(() => Promise.resolve(['t', 'u']))(request)).rejects.toThrow(InvalidRequestError)
  })

  it.each<[string, (promise: Promise<never>) => unknown]>([
    ['a token', (token) => ({ token, place: 'query' })],
    ['one of a list', (token) => [token]],
  ])(
    'A5 may have a promise that rejects as %s: that is a mistake, and ends no process',
    (_what, returned) => {
      const { make, isHandled } = rejection()
      expect(() => finder(() => returned(make()) as never)(request)).toThrow(TypeError)
      expect(isHandled()).toBe(true)
    },
  )

  it.each(['cookies', 'Query', 'xyz', 5, null])('must not return %j as the place', (place) => {
    expect(() => finder(() => ({ token: 't', place }) as never)(request)).toThrow(
      new TypeError('tokenFrom: place of the credentials must be one of header, cookie, query, body, custom'),
    )
  })

  it.each([7, {}, [7], { token: 7 }])('must not return %j', async (returned) => {
    const message = /^tokenFrom: the function must return/
    expect(() => finder(() => returned as never)(request)).toThrow(message)
    await expect(finder(() => Promise.resolve(returned as never))(request)).rejects.toThrow(message)
  })
})

it('tells the client, and the operator, of two tokens', () => {
  expect(moreThanOneToken()).toMatchObject({
    message: 'Credentials were sent more than once',
    detail: { hint: 'the request has an access token in two places, or twice in one: send it once' },
  })
})

describe('limitedFinder', () => {
  it('passes on whether DPoP is accepted', () => {
    const find = vi.fn(() => undefined)
    const limit = (result: unknown): never => result as never
    void limitedFinder(extractor(find), limit)(request)
    void limitedFinder(extractor(find), limit, true)(request)
    expect(find.mock.calls).toEqual([
      [request, false],
      [request, true],
    ])
  })

  it.each([
    ['a function of the application', () => undefined, 1],
    ['an extractor of ours that may wait', ours(true), 1],
    ['an extractor of ours that never waits', ours(false), 0],
  ])('limits %s', (_title, extract, times) => {
    const limit = vi.fn((result: unknown) => result)
    void limitedFinder(extract, limit as never)(request)
    expect(limit).toHaveBeenCalledTimes(times)
  })
})

describe('attempt', () => {
  const bug = new Error('bug')

  it('returns what was found', async () => {
    const found = presented('t', 'query', request)
    expect(attempt(() => found, request)).toBe(found)
    expect(await attempt(() => Promise.resolve(found), request)).toBe(found)
  })

  it('returns an error as a value, thrown or rejected', async () => {
    const thrown = attempt(() => {
      throw bug
    }, request)
    expect(thrown).toEqual(new Failure(bug))
    expect(await attempt(() => Promise.reject(bug), request)).toEqual(new Failure(bug))
  })
})
