import { describe, expect, it, vi } from 'vitest'
import { listOfReply, numberOf, redisOf, textOf } from '../../src/redis/client.ts'

type Call = readonly unknown[]

/** A client with these methods, and what they were called with, on what. */
function client(...methods: readonly string[]): { client: object; calls: Call[]; owners: unknown[] } {
  const calls: Call[] = []
  const owners: unknown[] = []
  const object = Object.fromEntries(
    methods.map((name) => [
      name,
      function (this: unknown, ...values: unknown[]) {
        calls.push([name, ...values])
        owners.push(this)
        return Promise.resolve('reply')
      },
    ]),
  )
  return { client: object, calls, owners }
}

describe('redisOf', () => {
  it.each<[string, readonly string[], Call]>([
    ['redis', ['eval', 'sendCommand'], ['eval', 'script', { keys: ['k', 'l'], arguments: ['v'] }]],
    ['ioredis and iovalkey', ['eval', 'sendCommand', 'call'], ['eval', 'script', 2, 'k', 'l', 'v']],
    ['valkey-glide', ['customCommand'], ['customCommand', ['EVAL', 'script', '2', 'k', 'l', 'v']]],
  ])('runs scripts as %s does, on the client itself', async (_name, methods, expected) => {
    const { client: it, calls, owners } = client(...methods)
    expect(await redisOf(it).run('script', ['k', 'l'], ['v'])).toBe('reply')
    expect(calls).toEqual([expected])
    expect(owners).toEqual([it])
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a URL', 'redis://127.0.0.1'],
    ['eval alone', client('eval').client],
    ['sendCommand alone', client('sendCommand', 'call').client],
    ['members that are no functions', { eval: 1, sendCommand: 1, customCommand: 1 }],
  ])('refuses %s', (_what, value) => {
    expect(() => redisOf(value)).toThrow(
      new TypeError(
        'client: pass a client of redis, ioredis, iovalkey or @valkey/valkey-glide, for example createClient({ url })',
      ),
    )
  })

  it.each([
    [0, 1],
    [1, 0],
  ])('adds a listener for errors to a client that has %i of them: %i', (listeners, added) => {
    const on = vi.fn<(event: string, listener: () => void) => void>()
    const listenerCount = vi.fn(() => listeners)
    redisOf({ ...client('customCommand').client, on, listenerCount })
    expect(listenerCount).toHaveBeenCalledWith('error')
    expect(on).toHaveBeenCalledTimes(added)
    if (added === 1) {
      expect(on.mock.calls[0]?.[0]).toBe('error')
      expect(on.mock.calls[0]?.[1]()).toBeUndefined()
    }
  })

  it('leaves a client alone that cannot tell its listeners', () => {
    const on = vi.fn()
    expect(() => redisOf({ ...client('customCommand').client, on })).not.toThrow()
    expect(() => redisOf({ ...client('customCommand').client, listenerCount: () => 0 })).not.toThrow()
    expect(on).not.toHaveBeenCalled()
  })
})

describe('a reply', () => {
  const unreadable = expect.objectContaining({ status: 503 }) as Error

  it('is text, also as bytes', () => {
    expect([textOf('a'), textOf(new TextEncoder().encode('\u00e9'))]).toEqual(['a', '\u00e9'])
  })

  it.each([undefined, null, 7, true, {}, []])('is no text as %j', (value) => {
    expect(() => textOf(value)).toThrow(unreadable)
  })

  it('is a whole number, also as text, bytes or bigint', () => {
    const bytes = new TextEncoder().encode('7')
    expect([numberOf(7), numberOf(7n), numberOf('0'), numberOf('9007199254740991'), numberOf(bytes)]).toEqual(
      [7, 7, 0, 9007199254740991, 7],
    )
  })

  it.each([
    1.5,
    NaN,
    Infinity,
    2 ** 53,
    '',
    ' 7',
    '7 ',
    '-1',
    '1.5',
    '1e3',
    '0x7',
    '99999999999999999',
    null,
    undefined,
    true,
    [7],
  ])('is no whole number as %j', (value) => {
    expect(() => numberOf(value)).toThrow(unreadable)
  })

  it('is a list', () => {
    expect(listOfReply([1])).toEqual([1])
    for (const value of ['a', undefined, null, { length: 1 }]) {
      expect(() => listOfReply(value)).toThrow(unreadable)
    }
  })

  it('that is unreadable tells that another program may have written it', () => {
    expect(() => textOf(1)).toThrow(
      expect.objectContaining({
        detail: {
          hint: 'a value in Redis cannot be read: another program may have written under this prefix',
        },
      }) as Error,
    )
  })
})
