import { Readable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { causedBy } from '../../src/issuer/fetch-error.ts'
import { type Fetch, type FetchInit, FetchError, getJson, postForm } from '../../src/issuer/fetch-json.ts'
import { failure, get, url } from './get-json.ts'

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
    expect(error).toMatchObject({ code: undefined, thrown: 'TypeError' })
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
    expect((await get(() => new Response('{"a":1}'), { 'if-none-match': '"1"' })).document).toEqual({ a: 1 })
  })

  it.each([
    ['a document', () => new Response('{}', { headers: { etag: '"2"' } })],
    ['304', () => new Response(null, { status: 304, headers: { etag: '"2"' } })],
  ])('has the headers of %s', async (_title, answer) => {
    const { headers } = await get(answer, { 'if-none-match': '"1"' })
    expect(headers.get('etag')).toBe('"2"')
  })

  it('asks for JSON under the signal, and follows no redirect', async () => {
    const fetch = vi.fn<Fetch>(() => Promise.resolve(new Response('{}')))
    const { signal } = new AbortController()
    await getJson(url, { fetch, signal, maxBytes: 100 })
    await getJson(url, { fetch, signal, maxBytes: 100, headers: { 'if-none-match': '"1"' } })
    const init = { method: 'GET', redirect: 'manual', signal }
    const accept = 'application/json, application/jwk-set+json'
    expect(fetch.mock.calls).toEqual([
      [url, { ...init, headers: { accept } }],
      [url, { ...init, headers: { accept, 'if-none-match': '"1"' } }],
    ])
  })

  it('takes no 304 where no headers were sent', async () => {
    const fetch = (): Promise<Response> => Promise.resolve(new Response(null, { status: 304 }))
    const { signal } = new AbortController()
    await expect(getJson(url, { fetch, signal, maxBytes: 100 })).rejects.toMatchObject({ status: 304, url })
  })

  it.each([
    ['a document that is not JSON', '{'],
    ['a document that is not an object', '[1]'],
  ])('refuses %s with a fixed sentence', async (_title, body) => {
    const error = await failure(() => new Response(body))
    expect(error).toMatchObject({ message: 'the response is not a JSON object', status: 200, url })
  })

  it.each([
    ['a mark alone', [0xef, 0xbb, 0xbf], true],
    ['its first byte', [0xef, 0x20, 0x20], false],
    ['its first two', [0xef, 0xbb, 0x20], false],
    ['its second', [0x20, 0xbb, 0x20], false],
    ['its last two', [0x20, 0xbb, 0xbf], false],
    ['its first and last', [0xef, 0x20, 0xbf], false],
    ['three spaces, which belong to JSON', [0x20, 0x20, 0x20], true],
  ])('ignores a byte order mark and nothing else: %s', async (_title, mark, isRead) => {
    const bytes = Uint8Array.from([...mark, ...new TextEncoder().encode('{"a":1}')])
    const outcome = get(() => new Response(bytes)).catch(() => undefined)
    expect((await outcome)?.document).toEqual(isRead ? { a: 1 } : undefined)
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

describe('a fetch function that returns no Response', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['the text of the document', '{"keys":[]}'],
    ['the document', { keys: [] }],
    ['an answer of another kind of client', { status: 200, headers: {}, data: { keys: [] } }],
    ['headers alone', { headers: new Headers() }],
  ])('but %s is named as such, and no issuer is blamed', async (_title, returned) => {
    const error = await failure(() => returned)
    expect(error).toMatchObject({
      message: 'the fetch function returned no Response',
      status: undefined,
      thrown: 'TypeError',
      url,
    })
    const hint = `the fetch function returned no Response at ${url}, TypeError (the fetch function itself failed)`
    expect(causedBy(error).detail).toEqual({ hint })
  })

  it('may return an object with the members of one', async () => {
    const body = new Response('{"a":1}').body
    const { document } = await get(() => ({ status: 200, headers: { get: () => null }, body }))
    expect(document).toEqual({ a: 1 })
  })
})

describe('an error', () => {
  const system = (code: unknown): Error => Object.assign(new Error('from the system'), { code })

  it.each<[string, unknown, string | undefined]>([
    ['is the system’s own', system('ECONNREFUSED'), 'ECONNREFUSED'],
    ['is its cause', new TypeError('fetch failed', { cause: system('ENOTFOUND') }), 'ENOTFOUND'],
    [
      'is the first of several',
      new TypeError('fetch failed', { cause: new AggregateError([system('ETIMEDOUT'), system('EPIPE')]) }),
      'ETIMEDOUT',
    ],
    [
      'is about a certificate',
      new TypeError('x', { cause: system('DEPTH_ZERO_SELF_SIGNED_CERT') }),
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    ],
    ['is a number', system(20), undefined],
    ['is a text of its own', system('see https://user:secret@issuer.test'), undefined],
    ['is not there', new TypeError('fetch failed'), undefined],
    ['is no error', 'ECONNREFUSED', undefined],
  ])('has the code of the system where that %s', async (_title, cause, code) => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- one case rejects with text
    const error = await failure(() => Promise.reject(cause))
    expect(error).toMatchObject({ message: 'the server cannot be reached', code, url })
    expect(error, 'whose message may have the whole URL in it').not.toHaveProperty('cause')
  })

  it('has no code where the causes go round in a circle', async () => {
    const circle = new Error('circle')
    circle.cause = circle
    expect((await failure(() => Promise.reject(circle))).code).toBeUndefined()
  })

  it('has the URL without what may be secret', async () => {
    const fetch = (() => Promise.resolve(new Response('', { status: 500 }))) as unknown as Fetch
    const { signal } = new AbortController()
    const outcome = getJson('https://issuer.test/jwks?key=secret#x', { fetch, maxBytes: 1, signal })
    await expect(outcome).rejects.toMatchObject({ status: 500, url: 'https://issuer.test/jwks' })
  })

  it('is the same for a fetch that throws at once', async () => {
    const fetch = (() => {
      throw system('ERR_INVALID_URL')
    }) as unknown as Fetch
    const { signal } = new AbortController()
    await expect(getJson(url, { fetch, maxBytes: 1, signal })).rejects.toMatchObject({
      message: 'the server cannot be reached',
      code: 'ERR_INVALID_URL',
    })
  })
})

it('A1 ends no process with the body of a response that comes after the limit', async () => {
  const body = new Readable({ read: () => undefined })
  let respond: (response: unknown) => void = () => undefined
  const fetch = (): Promise<never> => new Promise((resolve) => (respond = resolve as never))
  const deadline = new AbortController()
  const asked = getJson('https://issuer.test/jwks', { fetch, signal: deadline.signal, maxBytes: 1000 })
  deadline.abort()
  await expect(asked).rejects.toThrow('no complete response in time')
  respond({ status: 200, headers: new Headers(), body })
  await new Promise(setImmediate)
  expect(body.destroyed).toBe(true)
  // Without a listener this would be an uncaught exception.
  body.emit('error', new Error('broken off'))
})

/** A body that tells whether it was given up, and never ends. */
function observed(): { body: ReadableStream; cancelled: () => boolean } {
  let cancelled = false
  const body = new ReadableStream({
    cancel: () => {
      cancelled = true
    },
  })
  return { body, cancelled: () => cancelled }
}

describe('a response that is not read', () => {
  it.each<[string, (body: ReadableStream) => unknown, object]>([
    [
      'was redirected by a fetch function that follows',
      (body) => ({ status: 200, redirected: true, headers: new Headers(), body }),
      { message: 'the server redirects elsewhere', status: 302, url },
    ],
    [
      'redirects',
      (body) => new Response(body, { status: 302 }),
      { message: 'the server answered with status 302', status: 302, url },
    ],
    [
      'is an error',
      (body) => new Response(body, { status: 500 }),
      { message: 'the server answered with status 500', status: 500, url },
    ],
  ])('because it %s gives its connection back', async (_title, answer, error) => {
    const { body, cancelled } = observed()
    expect(await failure(() => answer(body))).toMatchObject(error)
    expect(cancelled()).toBe(true)
  })

  it('because it is 304 gives its connection back, too', async () => {
    const { body, cancelled } = observed()
    const unchanged = { status: 304, headers: new Headers(), body }
    expect((await get(() => unchanged, { 'if-none-match': '"1"' })).document).toBeUndefined()
    expect(cancelled()).toBe(true)
  })
})

describe('postForm', () => {
  const options = { headers: {}, maxBytes: 10, signal: new AbortController().signal }
  const answering = (answer: () => unknown) => vi.fn<Fetch>(() => Promise.resolve(answer() as Response))

  it('posts the form with the headers given, and follows no redirect', async () => {
    const fetch = answering(() => new Response('seen', { headers: { 'x-seen': '1' } }))
    const headers = { accept: 'application/json', authorization: 'Basic x' }
    const { bytes, headers: seen } = await postForm(url, 'token=a%20b', { ...options, fetch, headers })
    expect(new TextDecoder().decode(bytes)).toBe('seen')
    expect(seen.get('x-seen')).toBe('1')
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const init: FetchInit = {
      method: 'POST',
      body: 'token=a%20b',
      headers: { ...type, ...headers },
      redirect: 'manual',
      signal: options.signal,
    }
    expect(fetch.mock.calls).toEqual([[url, init]])
  })

  it.each<[string, () => unknown, object]>([
    ['another status', () => new Response('', { status: 401 }), { status: 401, url }],
    ['304, which was not asked for', () => new Response(null, { status: 304 }), { status: 304, url }],
    ['a body that is too long', () => new Response('x'.repeat(11)), { status: 200, url }],
    ['no Response', () => 'seen', { message: 'the fetch function returned no Response', url }],
  ])('fails for %s', async (_title, answer, error) => {
    const outcome = postForm(url, '', { ...options, fetch: answering(answer) })
    await expect(outcome).rejects.toBeInstanceOf(FetchError)
    await expect(postForm(url, '', { ...options, fetch: answering(answer) })).rejects.toMatchObject(error)
  })
})

it.each([
  ['getJson', (fetch: Fetch, signal: AbortSignal) => getJson(url, { fetch, signal, maxBytes: 10 })],
  [
    'postForm',
    (fetch: Fetch, signal: AbortSignal) => postForm(url, '', { fetch, signal, maxBytes: 10, headers: {} }),
  ],
])('%s blames no issuer for a response whose members throw', async (_title, ask) => {
  const bug = new RangeError('a bug')
  const throwing = {
    status: 500,
    headers: {
      get: () => {
        throw bug
      },
    },
  }
  const fetch = (() => Promise.resolve(throwing)) as unknown as Fetch
  await expect(ask(fetch, new AbortController().signal)).rejects.toBe(bug)
})
