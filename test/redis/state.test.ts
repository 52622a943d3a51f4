import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type ListState, listState, milliseconds } from '../../src/redis/state.ts'

const warn = vi.fn()
let now: number
const made = (): ListState =>
  listState('{a}:', { longestLife: 60, tokenLifetime: 30, warn, clock: { steady: () => now } } as never)
let state: ListState
beforeEach(() => {
  warn.mockClear()
  now = 5
  state = made()
})

it('writes whole milliseconds, and no fewer', () => {
  expect([milliseconds(1), milliseconds(0.0001), milliseconds(1.0001)]).toEqual(['1000', '1', '1001'])
})

describe('what is known of a list', () => {
  it('goes along with every script: its key, a name of this process, and the longest life', () => {
    expect(state.key).toBe('{a}:state')
    expect(state.values).toEqual([expect.stringMatching(/^[\da-f-]{36}$/), '60000'])
    expect(made().values[0]).not.toBe(state.values[0])
  })

  it('is its name, also where a reply has none', () => {
    expect(state.read([null, '0'])).toBeUndefined()
    expect(state.read(['one', '60000'])).toBe('one')
    expect(state.read([null, '60000'])).toBe('one')
    expect(state.read([undefined, '60000'])).toBe('one')
    expect(warn).not.toHaveBeenCalled()
  })

  it('warns when another list took its place, once a minute', () => {
    state.read(['one', '60000'])
    expect(state.read(['two', '0'])).toBe('two')
    state.read(['two', '60000'])
    expect(warn.mock.calls).toEqual([
      [
        'the revocation list in Redis was emptied, or replaced by an older one: what was known here stays revoked, elsewhere revoked tokens may be accepted',
        'OAUTH_REVOCATIONS_LOST',
      ],
    ])
    now += 59.9
    state.read(['one', '60000'])
    expect(warn).toHaveBeenCalledOnce()
    now += 0.1
    state.lost()
    expect(warn).toHaveBeenCalledTimes(2)
  })

  it('warns once when entries lived for less than this process needs, and of no new list', () => {
    state.read(['one', '0'])
    state.read(['one', '60000'])
    expect(warn).not.toHaveBeenCalled()
    state.read(['one', '59999'])
    state.read(['one', '59999'])
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining('set tokenLifetime: 30 in all'), 'OAUTH_REVOCATIONS_SHORT'],
    ])
  })

  it.each([[[7, '0']], [['one', 'x']], [['one', undefined]], [[]]])('cannot be read from %j', (reply) => {
    expect(() => state.read(reply)).toThrow(expect.objectContaining({ status: 503 }) as Error)
  })
})
