import { EventEmitter } from 'node:events'
import { type HttpRequest, InvalidRequestError } from 'oauth-resource-server'
import { describe, expect, it, vi } from 'vitest'
import { formMember } from '../../src/http/form.ts'

const type = 'application/x-www-form-urlencoded'
const headers = { 'content-type': type }
const post: HttpRequest = { method: 'POST', headers }
const once = new InvalidRequestError('The form must have token exactly once')

/** A clock whose time is up when the test says so. */
function clock() {
  const cancel = vi.fn()
  const schedule = vi.fn((_ms: number, _run: () => void) => cancel)
  return { schedule, cancel, timeIsUp: () => schedule.mock.calls[0]?.[1]() }
}

/** A request of Node that has not ended. */
function nodeRequest(members: object = {}) {
  return Object.assign(new EventEmitter(), { pause: vi.fn(), ...members })
}

const read = async (request: HttpRequest, raw: object = nodeRequest(), time = clock()): Promise<string> =>
  formMember(request, raw, 'token', time)

/** What is read when these pieces arrive. */
async function readPieces(...pieces: readonly (string | Uint8Array)[]): Promise<string> {
  const raw = nodeRequest()
  const found = read(post, raw)
  for (const piece of pieces) raw.emit('data', piece)
  raw.emit('end')
  raw.emit('close')
  return found
}

describe('the form', () => {
  it.each([
    ['GET', type],
    [undefined, type],
    ['post', type],
    ['POST', undefined],
    ['POST', ''],
    ['POST', 'application/json'],
    ['POST', `text/plain; ${type}`],
  ])('is refused with %s of %s', async (method, contentType) => {
    const request = { method, headers: { 'content-type': contentType }, body: { token: 't' } }
    await expect(read(request)).rejects.toThrow(
      new InvalidRequestError('The request must be a POST of application/x-www-form-urlencoded'),
    )
  })

  it.each([`${type}; charset=utf-8`, `${type} ;x`, ` ${type}`, type.toUpperCase()])(
    'is read with the type %j',
    async (contentType) => {
      const request = { method: 'POST', headers: { 'content-type': contentType }, body: { token: 't' } }
      expect(await read(request)).toBe('t')
    },
  )
})

describe('what a framework parsed', () => {
  it.each([
    ['an object', { token: 't' }],
    ['a list of one', { token: ['t'] }],
    ['text', 'a=b&token=t'],
    ['bytes', new TextEncoder().encode('token=t')],
  ])('is read as %s', async (_title, body) => {
    expect(await read({ ...post, body })).toBe('t')
  })

  it.each([
    ['twice', { token: ['t', 't'] }],
    ['in an empty list', { token: [] }],
    ['as a number', { token: 7 }],
    ['as an empty text', { token: '' }],
    ['in a list in a list', { token: [['t']] }],
    ['twice in a text', 'token=t&token=t'],
    ['not at all in a text', 'a=b'],
    ['not at all in bytes', new Uint8Array()],
  ])('must have the member once: not %s', async (_title, body) => {
    await expect(read({ ...post, body })).rejects.toThrow(once)
  })

  it.each([
    ['an empty object', {}],
    ['an object that inherits it', Object.create({ token: 'inherited' })],
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
  ])('leaves the stream to be read where it is %s', async (_title, body) => {
    const raw = nodeRequest()
    const found = read({ ...post, body }, raw)
    raw.emit('data', 'token=t')
    raw.emit('end')
    expect(await found).toBe('t')
  })

  it('may be a stream itself', async () => {
    const body = nodeRequest()
    const found = read({ ...post, body }, nodeRequest({ readableEnded: true }))
    body.emit('data', 'token=t')
    body.emit('end')
    expect(await found).toBe('t')
  })

  it.each([{}, { other: 't' }, 7])('has no member where it is %j, and the stream was read', async (body) => {
    await expect(read({ ...post, body }, nodeRequest({ readableEnded: true }))).rejects.toThrow(once)
  })

  it.each([
    ['Node', nodeRequest({ readableEnded: true })],
    ['the web', { body: null, bodyUsed: true }],
  ])('must be kept: a body of %s that was read is a mistake of the application', async (_title, raw) => {
    for (const body of [undefined, null]) {
      await expect(read({ ...post, body }, raw)).rejects.toThrow(
        new Error(
          'backChannelLogout: the body was read before and nothing was left of it: mount it before what reads bodies',
        ),
      )
    }
  })
})

describe('a stream of Node', () => {
  it('is read in pieces of text and bytes, wherever they are cut', async () => {
    const [first, second] = [Buffer.from('token=é').subarray(0, 7), Buffer.from('é').subarray(1)]
    expect(await readPieces('a=b&', first, second, 'x')).toBe('éx')
    // What follows the first byte is missing: it is no character of the next piece.
    expect(await readPieces(first)).toBe('\ufffd')
  })

  it('may have 65,536 bytes, and no more', async () => {
    const longest = `token=${'t'.repeat(65_530)}`
    expect(await readPieces(longest)).toHaveLength(65_530)
    await expect(readPieces(longest, 't')).rejects.toThrow(
      new InvalidRequestError('The form must have at most 65536 bytes'),
    )
    // Two bytes each in UTF-8.
    await expect(readPieces(`token=${'é'.repeat(32_766)}`)).rejects.toThrow('at most 65536 bytes')
  })

  it('may not send empty pieces for ever', async () => {
    const empty = Array.from({ length: 65_537 }, () => '')
    await expect(readPieces(...empty.slice(0, 65_536 - 7), 'token=t')).resolves.toBe('t')
    await expect(readPieces(...empty)).rejects.toThrow('at most 65536 bytes')
  })

  it('is not read further once it is refused, and stays open for the response', async () => {
    const raw = nodeRequest()
    const time = clock()
    const found = read(post, raw, time)
    expect(time.schedule).toHaveBeenCalledWith(5000, expect.any(Function))
    time.timeIsUp()
    await expect(found).rejects.toThrow(new InvalidRequestError('The form must arrive within 5 seconds'))
    expect(raw.pause).toHaveBeenCalledOnce()
    expect(['data', 'end', 'close'].map((event) => raw.listenerCount(event))).toEqual([0, 0, 0])
    // A late error does not end the process.
    expect(() => raw.emit('error', new Error('late'))).not.toThrow()
  })

  it('leaves no timer behind', async () => {
    const [raw, time] = [nodeRequest(), clock()]
    const found = read(post, raw, time)
    expect(time.cancel).not.toHaveBeenCalled()
    raw.emit('data', 'token=t')
    raw.emit('end')
    await found
    expect(time.cancel).toHaveBeenCalledOnce()
    const refused = read(post, nodeRequest({ destroyed: true }), time)
    await expect(refused).rejects.toThrow(InvalidRequestError)
    expect(time.cancel).toHaveBeenCalledTimes(2)
  })

  it.each([
    ['closed', (raw: EventEmitter) => raw.emit('close'), {}],
    ['failed', (raw: EventEmitter) => raw.emit('error', new Error('reset')), {}],
    ['destroyed before', () => undefined, { destroyed: true }],
  ])('that is %s is refused', async (_title, end, members) => {
    const raw = nodeRequest(members)
    const found = read(post, raw)
    raw.emit('data', 'token=t')
    end(raw)
    await expect(found).rejects.toThrow(new InvalidRequestError('The form broke off'))
  })
})

describe('a web request', () => {
  const web = (body?: BodyInit): Request =>
    new Request('https://api.test/', { method: 'POST', headers, ...(body === undefined ? {} : { body }) })

  it('is read to its end', async () => {
    expect(await read(post, web('token=t'))).toBe('t')
  })

  it('has no member without a body', async () => {
    await expect(read(post, web())).rejects.toThrow(once)
  })

  it('is read no further once it is refused, and not cancelled', async () => {
    const cancel = vi.fn()
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_537)),
      cancel,
    })
    await expect(read(post, { body, bodyUsed: false })).rejects.toThrow('at most 65536 bytes')
    expect(body.locked).toBe(false)
    expect(cancel).not.toHaveBeenCalled()
  })

  it('that breaks off is refused', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) })
    await expect(read(post, { body, bodyUsed: false })).rejects.toThrow('The form broke off')
  })
})
