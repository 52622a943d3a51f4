import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
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

/** An answer as packages give it that are not the platform's own `fetch`. */
const answerWith = (body: unknown, headers: Record<string, string> = {}): unknown => ({
  status: 200,
  redirected: false,
  headers: new Headers(headers),
  body,
})
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
async function* pieces(...values: readonly unknown[]): AsyncGenerator {
  for (const value of values) yield await Promise.resolve(value)
}

function webStreamOf(text: string): ReadableStream {
  return new ReadableStream({
    start(stream) {
      stream.enqueue(text)
      stream.close()
    },
  })
}

describe('the body of an answer', () => {
  it.each<[string, () => unknown]>([
    ['a web stream', () => new Response('{"a":1}').body],
    ['a web stream of text', () => webStreamOf('{"a":1}')],
    ['a Node stream', () => Readable.from([Buffer.from('{"a"'), Buffer.from(':1}')])],
    ['a Node stream of text', () => Readable.from(['{"a":1}'])],
    ['an async generator', () => pieces(bytes('{"a":'), bytes('1}'))],
    ['pieces in an ArrayBuffer', () => pieces(bytes('{"a":1}').buffer)],
    ['pieces in a DataView', () => pieces(new DataView(bytes('x{"a":1}x').buffer, 1, 7))],
    ['empty pieces in between', () => pieces('', '{"a":1', '', '}')],
    ['a byte order mark', () => pieces('\u{FEFF}{"a":1}')],
    [
      'a byte order mark in two pieces',
      () => pieces(Uint8Array.of(0xef), Uint8Array.of(0xbb, 0xbf), '{"a":1}'),
    ],
  ])('may be, or hold, %s', async (_title, body) => {
    expect((await get(() => answerWith(body()))).document).toEqual({ a: 1 })
  })

  it('may come in one buffer that is used again and again', async () => {
    const buffer = new Uint8Array(1)
    async function* reusing(): AsyncGenerator<Uint8Array> {
      for (const byte of bytes('{"a":1}')) {
        buffer[0] = byte
        yield await Promise.resolve(buffer)
      }
    }
    expect((await get(() => answerWith(reusing()))).document).toEqual({ a: 1 })
  })

  it.each(['text/html', 'application/octet-stream', '?'])('may be labelled %s', async (type) => {
    const { document } = await get(() => new Response('{"a":1}', { headers: { 'content-type': type } }))
    expect(document).toEqual({ a: 1 })
  })

  it.each<[string, () => unknown, string]>([
    ['text', () => '{"a":1}', 'the body of the answer cannot be read'],
    ['bytes', () => bytes('{"a":1}'), 'the body of the answer cannot be read'],
    ['a list', () => ['{"a":1}'], 'the body of the answer cannot be read'],
    ['pieces that are numbers', () => pieces(7), 'the body of the answer cannot be read'],
    ['pieces that are null', () => pieces(null), 'the body of the answer cannot be read'],
    ['two byte order marks', () => pieces('\u{FEFF}\u{FEFF}{"a":1}'), 'the answer is not a JSON object'],
    ['a member twice', () => pieces('{"a":1,"a":1}'), 'the answer is not a JSON object'],
    ['nothing', () => undefined, 'the answer is not a JSON object'],
    ['too much', () => pieces(...Array<string>(101).fill('x')), 'the answer is longer than 100 bytes'],
    [
      'empty pieces for ever',
      () => pieces(...Array<string>(101).fill('')),
      'the answer is longer than 100 bytes',
    ],
  ])('must not be, or hold, %s', async (_title, body, message) => {
    expect((await failure(() => answerWith(body()))).message).toBe(message)
  })

  it('is not read where somebody else reads it', async () => {
    const response = new Response('{"a":1}')
    response.body?.getReader()
    expect((await failure(() => response)).message).toBe('the body of the answer cannot be read')
    const refused = new Response('{"a":1}', { status: 500 })
    refused.body?.getReader()
    expect((await failure(() => refused)).status).toBe(500)
  })

  it.each<[string, (stream: PassThrough) => unknown]>([
    ['is too long', (stream) => (stream.write('x'.repeat(200)), answerWith(stream))],
    ['is announced as too long', (stream) => answerWith(stream, { 'content-length': '101' })],
    ['comes with another status', (stream) => ({ ...(answerWith(stream) as object), status: 500 })],
    ['was redirected', (stream) => ({ ...(answerWith(stream) as object), redirected: true })],
  ])('is given up when it %s, and what its stream says later ends nothing', async (_title, answer) => {
    const stream = new PassThrough()
    await failure(() => answer(stream))
    expect(stream.destroyed).toBe(true)
    // node-fetch does this; without a listener it would be an uncaught exception.
    expect(() => stream.emit('error', new Error('aborted'))).not.toThrow()
  })

  it('is given up when its iterator knows how, which may fail', async () => {
    const end = vi.fn(() => Promise.reject(new Error('no')))
    const body = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ value: 'x'.repeat(200) }),
        return: end,
      }),
    }
    await failure(() => answerWith(body))
    expect(end).toHaveBeenCalledOnce()
  })

  it.each<[string, () => unknown]>([
    ['hangs', () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) })],
    ['hangs as a web stream', () => new ReadableStream()],
  ])('that %s is given up in time', async (_title, body) => {
    const late = new AbortController()
    const fetch = (() => Promise.resolve(answerWith(body()))) as unknown as Fetch
    const outcome = getJson(url, { fetch, maxBytes: 100, signal: late.signal })
    setImmediate(() => late.abort())
    await expect(outcome).rejects.toMatchObject({ message: 'no complete answer in time', url })
  })

  it('that throws at once is a server that cannot be reached', async () => {
    const body = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          throw new Error('broken')
        },
      }),
    }
    expect((await failure(() => answerWith(body))).message).toBe('the server cannot be reached')
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
    expect(error).toMatchObject({ message: 'the server cannot be reached', code, cause, url })
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
  await expect(asked).rejects.toThrow('no complete answer in time')
  respond({ status: 200, headers: new Headers(), body })
  await new Promise(setImmediate)
  expect(body.destroyed).toBe(true)
  // Without a listener this would be an uncaught exception.
  body.emit('error', new Error('broken off'))
})
