import { describe, expect, it, vi } from 'vitest'
import { messagesOf, sessionIdOf } from '../../src/mcp/messages.ts'

const url = 'https://api.test/mcp'
const json = { 'content-type': 'application/json' }
const message = { jsonrpc: '2.0', id: 1, method: 'ping' }
const web = (body: BodyInit | null, method = 'POST'): Request =>
  new Request(url, { method, body, ...(body instanceof ReadableStream && { duplex: 'half' }) })
const limit = 4 * 1024 * 1024

describe('the messages of a web request', () => {
  it.each([
    ['one', message, [message]],
    ['a batch', [message, message], [message, message]],
    ['null', null, [null]],
  ])('are those of its body: %s', async (_what, body, expected) => {
    const request = web(JSON.stringify(body))
    expect(await messagesOf(request)).toEqual(expected)
    // The transport reads it after us.
    expect(await request.json()).toEqual(body)
  })

  it.each([
    ['is no JSON', '{'],
    ['is empty', ''],
    ['is not there', null],
  ])('are none that can be read where the body %s', async (_what, body) => {
    expect(await messagesOf(web(body))).toEqual([undefined])
  })

  it('are read from bytes that are cut anywhere, also within a character', async () => {
    const bytes = new TextEncoder().encode('{"name":"é€"}')
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    expect(await messagesOf(web(body))).toEqual([{ name: 'é€' }])
  })

  it('are read up to 4 MiB, and no further', async () => {
    const longest = `"${'x'.repeat(limit - 2)}"`
    expect((await messagesOf(web(longest)))[0]).toHaveLength(limit - 2)
    await expect(messagesOf(web(`${longest} `))).rejects.toMatchObject({
      status: 400,
      message: 'The body of the request is too long',
    })
  })

  it('end the reading of a body that is too long', async () => {
    let sent = 0
    const cancel = vi.fn()
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1
        controller.enqueue(new Uint8Array(limit))
      },
      cancel,
    })
    const request = web(body)
    await expect(messagesOf(request)).rejects.toMatchObject({ status: 400 })
    expect(sent).toBeLessThan(5)
    // Nothing else reads it, so that the connection can end.
    await request.body?.cancel()
    expect(cancel).toHaveBeenCalledOnce()
  })

  it('are none for a method without a body', async () => {
    expect(await messagesOf(web(null, 'GET'))).toEqual([])
    expect(await messagesOf(web('{}', 'DELETE'))).toEqual([])
  })
})

describe('the messages of a request that a framework has parsed', () => {
  it.each<[string, object]>([
    ['Express and Fastify', { method: 'POST', headers: json, body: message }],
    ['Koa, whose ctx.body is the response', { method: 'POST', body: {}, request: { body: message } }],
    [
      'Koa, whose method is that of Node',
      { req: { method: 'POST', headers: json }, request: { body: message } },
    ],
  ])('are those of %s', async (_what, request) => {
    expect(await messagesOf(request)).toEqual([message])
  })

  it('are those of a batch', async () => {
    expect(await messagesOf({ method: 'POST', headers: json, body: [message, 1] })).toEqual([message, 1])
  })

  it('may be an empty object where the type is JSON, which is left to the transport', async () => {
    const headers = { 'content-type': ' Application/JSON ; charset=utf-8' }
    expect(await messagesOf({ method: 'POST', headers, body: {} })).toEqual([{}])
    expect(await messagesOf({ method: 'POST', headers: new Headers(headers), body: {} })).toEqual([{}])
    expect(await messagesOf({ method: 'POST', req: { headers }, body: {} })).toEqual([{}])
  })

  it.each([undefined, null, {}, { method: 'GET', body: 'x' }, { req: { method: 'GET' } }])(
    'are none of %j',
    async (request) => {
      expect(await messagesOf(request)).toEqual([])
    },
  )

  it.each<[string, object, unknown, string?]>([
    [
      'another type, which no parser read',
      { 'content-type': 'text/plain', 'content-length': '2' },
      undefined,
    ],
    ['another type, for which a parser left an empty object', { 'content-type': 'text/plain' }, {}],
    ['another type that names JSON', { 'content-type': 'text/plain; a=application/json' }, {}],
    ['no type', {}, undefined],
    ['no body', json, undefined],
    ['an empty body', { ...json, 'content-length': '0' }, undefined],
    ['no body, with the headers of the web', new Headers(json), undefined],
    ['text in JSON', { ...json, 'content-length': '3' }, 'x', 'string'],
    ['a number in JSON', { ...json, 'content-length': '1' }, 5, 'number'],
    ['null in JSON', { ...json, 'content-length': '4' }, null, 'null'],
  ])('are refused to a caller who sends %s', async (_what, headers, body, type) => {
    const hint = `the parsed body is ${type}, and the message must be an object or a list; a parser of text is not enough`
    const error: unknown = await messagesOf({ method: 'POST', headers, body }).catch((it: unknown) => it)
    expect(error).toMatchObject({
      status: 400,
      message: 'The body of the request must be a JSON-RPC message',
      detail: type === undefined ? {} : { hint },
    })
    if (type === undefined) expect(error).not.toHaveProperty('detail.hint')
  })

  it.each([
    ['nothing', { 'content-length': '2' }, undefined],
    ['nothing of a body without a length', { 'transfer-encoding': 'chunked' }, undefined],
    // As express.raw() leaves it: a call of any tool would pass.
    ['bytes', { 'content-length': '2' }, Buffer.from('{}')],
  ])('are asked of the developer where the parser left %s', async (_what, length, body) => {
    await expect(messagesOf({ method: 'POST', headers: { ...json, ...length }, body })).rejects.toThrow(
      new TypeError(
        'toolScopes: the body is not parsed; put express.json() (Koa: a body parser) before the guard, and use preHandler on Fastify',
      ),
    )
  })
})

describe('sessionIdOf', () => {
  it.each([
    ['Node', { headers: { 'mcp-session-id': 's' } }, 's'],
    ['Node, within ctx', { req: { headers: { 'mcp-session-id': 's' } } }, 's'],
    ['a web request', new Request(url, { headers: { 'Mcp-Session-Id': 's' } }), 's'],
    ['Node, without one', { headers: {} }, undefined],
    ['a web request without one', new Request(url), undefined],
    ['nothing', undefined, undefined],
  ])('reads the header of %s', (_what, request, expected) => {
    expect(sessionIdOf(request)).toBe(expected)
  })

  it.each([['a, b'], [['a', 'b']], [7]])('refuses %j', (value) => {
    expect(() => sessionIdOf({ headers: { 'mcp-session-id': value } })).toThrow(
      expect.objectContaining({ status: 400, message: 'The session was sent more than once' }) as Error,
    )
  })
})
