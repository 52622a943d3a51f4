import { boundSession } from 'oauth-resource-server/mcp'
import { fakeAuth } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'

const request = (id?: string): object => ({ headers: { 'mcp-session-id': id } })
const [alice, mallory] = [fakeAuth({ subject: 'alice' }), fakeAuth({ subject: 'mallory' })]

describe('a session', () => {
  it('is for the caller alone that it was bound to', async () => {
    const guard = boundSession()
    guard.bind('s', alice)
    expect(await guard(mallory, request('s'))).toBe(false)
    expect(await guard(alice, request('s'))).toBe(true)
    expect(await guard(mallory, request())).toBe(true)
  })

  it.each([
    ['subject', { subject: 'bob' }],
    ['client', { subject: 'alice', clientId: 'other' }],
    ['issuer', { subject: 'alice', issuer: 'https://another.test/' }],
  ])('belongs to the first caller that sends it, and not to one of another %s', async (_what, changes) => {
    const guard = boundSession()
    expect(await guard(alice, request('s'))).toBe(true)
    expect(await guard(fakeAuth(changes), request('s'))).toBe(false)
    expect(await guard(fakeAuth({ subject: 'alice', scopes: ['new'] }), request('s'))).toBe(true)
  })

  it('is for nobody who has neither subject nor client', async () => {
    const guard = boundSession()
    const { subject, clientId, ...nameless } = alice
    expect(await guard(nameless, request())).toBe(true)
    expect(await guard(nameless, request('s'))).toBe(false)
    expect(await guard({ ...nameless, clientId: String(clientId) }, request('s'))).toBe(true)
    expect(await guard({ ...nameless, subject: String(subject) }, request('t'))).toBe(true)
  })

  it('is refused when a request names two of them', () => {
    expect(() => boundSession()(alice, request('a, b'))).toThrow('The session was sent more than once')
  })

  it('stays with the caller it was bound to, whoever sent its id before', async () => {
    const guard = boundSession({ maxSessions: 1 })
    expect(await guard(mallory, request('s'))).toBe(true)
    guard.bind('s', alice)
    // The oldest of theirs is forgotten, which was the session of the other once.
    expect(await guard(mallory, request('t'))).toBe(true)
    expect(await guard(mallory, request('s'))).toBe(false)
    expect(await guard(alice, request('s'))).toBe(true)
  })
})

describe('sessions of one caller', () => {
  it('are forgotten by age of use, the oldest first, and never for those of another', async () => {
    const guard = boundSession({ maxSessions: 2 })
    guard.bind('s', alice)
    for (const id of ['one', 'two', 'one', 'three']) expect(await guard(mallory, request(id))).toBe(true)
    expect(await guard(mallory, request('s'))).toBe(false)
    expect(await guard(alice, request('one'))).toBe(false)
    expect(await guard(alice, request('three'))).toBe(false)
    expect(await guard(alice, request('two'))).toBe(true)
  })

  it('are 100 where nothing else is set', async () => {
    const guard = boundSession()
    for (let count = 0; count <= 100; count += 1) guard.bind(`s${count}`, alice)
    expect(await guard(mallory, request('s1'))).toBe(false)
    expect(await guard(mallory, request('s0'))).toBe(true)
  })
})

describe('callers', () => {
  it('are forgotten with all of their sessions, the one that was away longest first', async () => {
    const guard = boundSession({ maxCallers: 2 })
    const bob = fakeAuth({ subject: 'bob' })
    for (const [id, auth] of [
      ['a1', alice],
      ['m', mallory],
      ['a2', alice],
      ['b', bob],
    ] as const)
      guard.bind(id, auth)
    expect([await guard(bob, request('a1')), await guard(bob, request('a2'))]).toEqual([false, false])
    expect(await guard(bob, request('m'))).toBe(true)
  })

  it('are 10000 where nothing else is set', async () => {
    const guard = boundSession()
    for (let count = 0; count <= 10_000; count += 1)
      guard.bind(`s${count}`, fakeAuth({ subject: `u${count}` }))
    expect(await guard(mallory, request('s1'))).toBe(false)
    expect(await guard(mallory, request('s0'))).toBe(true)
  })
})

it.each([
  [{ maxCallers: 0 }, 'maxCallers'],
  [{ maxSessions: 1.5 }, 'maxSessions'],
  [{ maxSessions: '1' }, 'maxSessions'],
  [{ maxSessions: null }, 'maxSessions'],
])('throws for %j', (options, name) => {
  expect(() => boundSession(options as never)).toThrow(
    new TypeError(`boundSession: ${name} must be a whole number from 1`),
  )
})

it('throws for a name that is no option', () => {
  expect(() => boundSession({ maxSession: 5 } as never)).toThrow(
    new TypeError('boundSession: maxSession is no option; the options are maxCallers and maxSessions'),
  )
})

it.each([
  ['null', null],
  ['a number', 5],
  ['a list', []],
  ['a promise', Promise.resolve({})],
  ['an object that inherits', Object.create({ maxSessions: 1 })],
])('throws for %s, which is no object of options', (_what, options) => {
  expect(() => boundSession(options as never)).toThrow(
    new TypeError('boundSession: pass a plain object of options, or nothing'),
  )
})

it('D3 takes no limit from a polluted prototype', () => {
  Object.defineProperty(Object.prototype, 'maxSessions', { value: 0, configurable: true, writable: true })
  try {
    expect(() => boundSession()).not.toThrow()
  } finally {
    Reflect.deleteProperty(Object.prototype, 'maxSessions')
  }
})
