import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { type Fetch, getJson } from '../../src/issuer/fetch-json.ts'
import { readBody } from '../../src/issuer/response-body.ts'
import { rejection } from '../support/rejection.ts'
import { failure, get, url } from './get-json.ts'

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

const endless = () => ({ next: () => Promise.resolve({ value: 'x'.repeat(200) }) })
const broken = (): never => {
  throw new Error('broken')
}

function webStreamOf(text: string): ReadableStream {
  return new ReadableStream({
    start(stream) {
      stream.enqueue(text)
      stream.close()
    },
  })
}

const notJson = 'the response is not a JSON object'

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

  it('may come in one ArrayBuffer that is used again and again', async () => {
    const buffer = new ArrayBuffer(1)
    async function* reusing(): AsyncGenerator<ArrayBuffer> {
      for (const byte of bytes('{"a":1}')) {
        new Uint8Array(buffer)[0] = byte
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
    ['text', () => '{"a":1}', 'the body of the response cannot be read'],
    ['bytes', () => bytes('{"a":1}'), 'the body of the response cannot be read'],
    ['a list', () => ['{"a":1}'], 'the body of the response cannot be read'],
    ['pieces that are numbers', () => pieces(7), 'the body of the response cannot be read'],
    ['pieces that are null', () => pieces(null), 'the body of the response cannot be read'],
    ['the first byte of a mark', () => pieces(Uint8Array.of(0xef, 0, 0), '{"a":1}'), notJson],
    ['two bytes of a mark', () => pieces(Uint8Array.of(0xef, 0xbb, 0), '{"a":1}'), notJson],
    ['the last bytes of a mark', () => pieces(Uint8Array.of(0, 0xbb, 0xbf), '{"a":1}'), notJson],
    ['the ends of a mark', () => pieces(Uint8Array.of(0xef, 0, 0xbf), '{"a":1}'), notJson],
    ['two byte order marks', () => pieces('\u{FEFF}\u{FEFF}{"a":1}'), notJson],
    ['a member twice', () => pieces('{"a":1,"a":1}'), notJson],
    ['nothing', () => undefined, notJson],
    ['too much', () => pieces(...Array<string>(101).fill('x')), 'the answer is longer than 100 bytes'],
    [
      'empty pieces for ever',
      () => pieces(...Array<string>(101).fill('')),
      'the answer is longer than 100 bytes',
    ],
  ])('must not be, or hold, %s', async (_title, body, message) => {
    expect(await failure(() => answerWith(body()))).toMatchObject({ message, status: 200, thrown: undefined })
  })

  it('is not read where somebody else reads it', async () => {
    const response = new Response('{"a":1}')
    response.body?.getReader()
    expect(await failure(() => response)).toMatchObject({
      message: 'the body of the response cannot be read',
      status: 200,
      code: 'ERR_INVALID_STATE',
    })
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

  it.each<[string, (make: () => Promise<never>) => object]>([
    ['destroy()', (make) => ({ [Symbol.asyncIterator]: endless, destroy: make })],
    ['return()', (make) => ({ [Symbol.asyncIterator]: () => ({ ...endless(), return: make }) })],
    ['cancel() of a reader', (make) => ({ getReader: () => ({ read: endless().next, cancel: make }) })],
  ])('A1 is given up by %s, whose promise may reject later', async (_title, body) => {
    const { make, isHandled } = rejection()
    expect((await failure(() => answerWith(body(make)))).message).toBe('the answer is longer than 100 bytes')
    expect(isHandled()).toBe(true)
    const other = rejection()
    const refused = { ...(answerWith(body(other.make)) as object), status: 404 }
    expect((await failure(() => refused)).status).toBe(404)
    expect(other.isHandled()).toBe(true)
  })

  it.each<[string, object]>([
    ['destroy()', { [Symbol.asyncIterator]: endless, destroy: broken }],
    ['return()', { [Symbol.asyncIterator]: () => ({ ...endless(), return: broken }) }],
    ['cancel() of a reader', { getReader: () => ({ read: endless().next, cancel: broken }) }],
  ])('is given up for its own fault, also where %s throws', async (_title, body) => {
    expect((await failure(() => answerWith(body))).message).toBe('the answer is longer than 100 bytes')
  })

  it('that throws at once as a web stream is a server that cannot be reached', async () => {
    const body = { getReader: () => ({ read: broken, cancel: () => undefined }) }
    expect((await failure(() => answerWith(body))).message).toBe('the server cannot be reached')
  })

  it('is given up as a web stream, which may fail', async () => {
    const cancel = vi.fn(() => Promise.reject(new Error('no')))
    await failure(() =>
      answerWith(new ReadableStream({ pull: (body) => body.enqueue('x'.repeat(200)), cancel })),
    )
    expect(cancel).toHaveBeenCalledOnce()
  })

  it.each<[string, () => unknown]>([
    ['hangs', () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) })],
    ['hangs as a web stream', () => new ReadableStream()],
  ])('that %s is given up in time', async (_title, body) => {
    const late = new AbortController()
    const fetch = (() => Promise.resolve(answerWith(body()))) as unknown as Fetch
    const outcome = getJson(url, { fetch, maxBytes: 100, signal: late.signal })
    setImmediate(() => late.abort())
    await expect(outcome).rejects.toMatchObject({ message: 'no complete response in time', url })
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

describe('the limit of a body', () => {
  const { signal } = new AbortController()
  const lengthOf = async (body: BodyInit | null, headers: HeadersInit = {}): Promise<number> =>
    (await readBody(new Response(body, { headers }), 10, signal)).length

  it('is a number of bytes, not of characters', async () => {
    expect(await lengthOf('x'.repeat(10))).toBe(10)
    expect(await lengthOf('\u{e9}'.repeat(5))).toBe(10)
    await expect(lengthOf('x'.repeat(11))).rejects.toThrow('the answer is longer than 10 bytes')
    await expect(lengthOf('\u{e9}'.repeat(6))).rejects.toThrow('the answer is longer than 10 bytes')
  })

  it('counts for what is announced, too', async () => {
    expect(await lengthOf('x', { 'content-length': '10' })).toBe(1)
    await expect(lengthOf('x', { 'content-length': '11' })).rejects.toThrow('longer than 10 bytes')
  })

  it('is not reached by a response without a body', async () => {
    expect(await lengthOf(null)).toBe(0)
  })
})
