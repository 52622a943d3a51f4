import { describe, expect, it } from 'vitest'
import { type Fetch, FetchError, getJson } from '../../src/issuer/fetch-json.ts'

const url = 'https://issuer.test/jwks'

function get(answer: () => unknown, headers: Record<string, string> = {}): ReturnType<typeof getJson> {
  const fetch = (() => Promise.resolve(answer())) as unknown as Fetch
  return getJson(url, { fetch, headers, maxBytes: 100, signal: new AbortController().signal })
}

async function failure(answer: () => unknown, headers?: Record<string, string>): Promise<FetchError> {
  const error: unknown = await get(answer, headers).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(FetchError)
  return error as FetchError
}

describe('getJson', () => {
  it('gets an object', async () => {
    const { document } = await get(() => new Response('{"a":1}'))
    expect(document).toEqual({ a: 1 })
  })

  it('gets a body that comes in pieces', async () => {
    const body = new ReadableStream({
      start(stream) {
        for (const piece of ['{"a', '":', '1}']) stream.enqueue(new TextEncoder().encode(piece))
        stream.close()
      },
    })
    const { document } = await get(() => new Response(body))
    expect(document).toEqual({ a: 1 })
  })

  it('names the status of what it refuses, and nothing that was in it', async () => {
    const error = await failure(() => new Response('secret', { status: 418 }))
    expect(error.message).toBe('the server answered with status 418')
    expect(error.status).toBe(418)
  })

  it('has no status where there was no answer', async () => {
    const error = await failure(() => Promise.reject(new TypeError('fetch failed')))
    expect(error.message).toBe('the server cannot be reached')
    expect(error.status).toBeUndefined()
    expect(error.cause).toBeInstanceOf(TypeError)
  })

  it('has no status where the connection broke within the body', async () => {
    const broken = (): Response =>
      new Response(new ReadableStream({ pull: () => Promise.reject(new TypeError('terminated')) }))
    expect(await failure(broken)).toMatchObject({
      message: 'the server cannot be reached',
      status: undefined,
    })
  })

  it('takes 304 as an answer to a conditional request alone', async () => {
    const unchanged = (): Response => new Response(null, { status: 304 })
    expect((await get(unchanged, { 'if-none-match': '"1"' })).document).toBeUndefined()
    expect((await failure(unchanged)).status).toBe(304)
  })

  it.each([
    ['seconds', { 'retry-after': '7' }, 7],
    ['a date', { 'retry-after': 'Wed, 02 Jan 2030 00:00:09 GMT', date: 'Wed, 02 Jan 2030 00:00:00 GMT' }, 9],
    [
      'a date gone by',
      { 'retry-after': 'Wed, 02 Jan 2030 00:00:00 GMT', date: 'Wed, 02 Jan 2030 01:00:00 GMT' },
      0,
    ],
    ['a date nobody can compare', { 'retry-after': 'Wed, 02 Jan 2030 00:00:00 GMT' }, undefined],
    ['nonsense', { 'retry-after': 'later', date: 'Wed, 02 Jan 2030 00:00:00 GMT' }, undefined],
    ['nothing', {}, undefined],
  ])('reads a Retry-After that is %s (RFC 9110 §10.2.3)', async (_title, headers, seconds) => {
    expect((await failure(() => new Response('', { status: 503, headers }))).retryAfter).toBe(seconds)
  })
})
