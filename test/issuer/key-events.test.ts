import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type channelNames, createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { channelNames as names } from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FetchError } from '../../src/issuer/fetch-error.ts'
import { type KeyCounters, keyEvents, noEvents } from '../../src/issuer/key-events.ts'
import {
  type Network,
  network,
  publishes,
  status,
  verdict,
  type VirtualTime,
  virtualTime,
} from '../support/world.ts'

// NODE_DEBUG is read when a process starts.
const debug = vi.hoisted(() => Object.assign(vi.fn<(line: string) => void>(), { enabled: false }))
vi.mock('../../src/lib/diagnostics.ts', async (original) => ({ ...(await original<object>()), debug }))

type Name = keyof typeof channelNames

let time: VirtualTime
let issuer: TestIssuer
let net: Network
let api: ResourceServer
let seen: [Name, Record<string, unknown>][]
let listeners: [string, (message: unknown) => void][]

beforeEach(async () => {
  time = virtualTime()
  issuer = await createTestIssuer({ now: time.now })
  net = network(publishes(issuer))
  const { issuer: name, audience } = issuer
  api = createResourceServer({
    issuer: name,
    audience,
    jwksUri: 'https://issuer.test/jwks',
    fetch: net.fetch,
    now: time.now,
  })
  seen = []
  listeners = Object.entries(names).map(([key, channel]) => [
    channel,
    (message) => void seen.push([key as Name, message as Record<string, unknown>]),
  ])
  for (const [channel, listener] of listeners) subscribe(channel, listener)
})
afterEach(() => {
  for (const [channel, listener] of listeners) unsubscribe(channel, listener)
  vi.restoreAllMocks()
})

async function judge(token: string): Promise<void> {
  const outcome = api.verify(token).catch((error: unknown) => api.refuse(error))
  await time.until(outcome)
}

const events = (): readonly Name[] => seen.splice(0).map(([name]) => name)

describe('the diagnostics channels', () => {
  it('have names that are public API', () => {
    expect(names).toEqual({
      verified: 'oauth-resource-server:verified',
      refused: 'oauth-resource-server:refused',
      fetchStart: 'oauth-resource-server:fetch.start',
      fetched: 'oauth-resource-server:fetch.success',
      notModified: 'oauth-resource-server:fetch.not-modified',
      fetchFailed: 'oauth-resource-server:fetch.failure',
      keysChanged: 'oauth-resource-server:keys.changed',
      staleServed: 'oauth-resource-server:keys.stale-served',
      unknownKeyId: 'oauth-resource-server:key-id.unknown',
      refreshLimited: 'oauth-resource-server:key-id.refresh-limited',
    })
  })

  it('tell the life of a key set', async () => {
    const token = await issuer.sign({ exp: time.now() / 1000 + 1e6 })
    const named = { issuer: issuer.issuer }
    const url = 'https://issuer.test/jwks'
    await judge(token)
    expect(seen.splice(0)).toEqual([
      ['fetchStart', named],
      ['fetched', { ...named, url, keyCount: 1, seconds: 0 }],
      ['keysChanged', { ...named, added: 1, removed: 0, refused: 0 }],
      ['verified', { ...named, remembered: false }],
    ])
    await judge(token)
    expect(seen.splice(0)).toEqual([['verified', { ...named, remembered: true }]])
    await time.advance(480)
    await judge(token)
    expect(seen.splice(0)).toEqual([
      ['fetchStart', named],
      ['verified', { ...named, remembered: true }],
      ['notModified', { ...named, seconds: 0 }],
    ])
    await issuer.rotate({ keepOld: false })
    await time.advance(480)
    await judge(token)
    expect(seen.splice(0).slice(2)).toEqual([
      ['fetched', { ...named, url, keyCount: 1, seconds: 0 }],
      ['keysChanged', { ...named, added: 1, removed: 1, refused: 0 }],
    ])
    net.answer = status(503, { 'retry-after': '60' })
    await time.advance(700)
    await judge(await issuer.sign())
    expect(seen.splice(0)).toEqual([
      ['fetchStart', named],
      [
        'fetchFailed',
        {
          ...named,
          error: 'the server answered with status 503',
          url,
          code: undefined,
          seconds: 0,
          failures: 1,
          retryIn: 60,
        },
      ],
      ['staleServed', { ...named, ageSeconds: 700 }],
      ['verified', { ...named, remembered: false }],
    ])
  })

  it('tell of unknown key ids, and of those that were not looked for', async () => {
    await api.ready()
    for (const kid of ['1', '2', '3']) await judge(await issuer.sign({}, { kid }))
    expect(events().filter((name) => name !== 'fetchStart' && name !== 'notModified')).toEqual([
      'fetched',
      'keysChanged',
      'unknownKeyId',
      'refused',
      'unknownKeyId',
      'refused',
      'unknownKeyId',
      'refreshLimited',
      'refused',
    ])
  })

  it('tell why a request was refused', async () => {
    await judge(await issuer.sign({ exp: 1, iat: undefined }))
    const detail = expect.objectContaining({ claim: 'exp', actual: 1 }) as object
    expect(seen).toEqual([['refused', { reason: 'expired', status: 401, issuer: undefined, detail }]])
  })

  it('never tell a token, nor a claim that may not be shown', async () => {
    const tokens = [
      await issuer.sign({ sub: 'alice' }),
      await issuer.sign({ jti: 'a-secret-jti', exp: 1, iat: undefined }),
    ]
    for (const token of tokens) await judge(token)
    const told = JSON.stringify(seen)
    for (const secret of [...tokens.flatMap((token) => token.split('.')), 'alice', 'a-secret-jti']) {
      expect(told).not.toContain(secret)
    }
  })

  it('change no verdict', async () => {
    expect(await verdict(api.verify(await issuer.sign()))).toBe('200')
  })
})

describe('the events of one issuer', () => {
  const issuer = 'https://other.test/'
  const url = 'https://other.test/jwks'
  const error = new FetchError('the server cannot be reached', {
    url,
    cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
  })

  it.each<[Name, Partial<KeyCounters>]>([
    ['fetchStart', { fetches: 1 }],
    ['fetched', {}],
    ['notModified', { notModified: 1 }],
    ['fetchFailed', { failures: 1 }],
    ['keysChanged', {}],
    ['staleServed', { staleServed: 1 }],
    ['unknownKeyId', { unknownKeyIds: 1 }],
    ['refreshLimited', { refreshLimited: 1 }],
  ])('are counted and reported: %s', (event, counted) => {
    const events = keyEvents(issuer)
    events.note(event, { seconds: 2 })
    expect(events.counters()).toEqual({ ...noEvents, ...counted })
    expect(seen).toEqual([[event, { issuer, seconds: 2 }]])
  })

  it('start at zero, and are counted for each issuer apart', () => {
    const [one, other] = [keyEvents(issuer), keyEvents(issuer)]
    one.note('fetchStart')
    one.note('fetchStart')
    const zeros = {
      fetches: 0,
      failures: 0,
      notModified: 0,
      staleServed: 0,
      unknownKeyIds: 0,
      refreshLimited: 0,
      badSignatures: 0,
    }
    expect(one.counters()).toEqual({ ...zeros, fetches: 2 })
    expect(other.counters()).toEqual(zeros)
  })

  it('without a channel are counted alone', () => {
    const events = keyEvents(issuer)
    events.count('badSignatures')
    expect(events.counters()).toEqual({ ...noEvents, badSignatures: 1 })
    expect(seen).toEqual([])
  })

  it('tell the warnings how each fetch ends, and nothing else', () => {
    const warnings = { failed: vi.fn(), succeeded: vi.fn() }
    const events = keyEvents(issuer, warnings)
    for (const event of [
      'fetchStart',
      'keysChanged',
      'staleServed',
      'unknownKeyId',
      'refreshLimited',
    ] as const)
      events.note(event)
    expect(warnings.succeeded).not.toHaveBeenCalled()
    events.note('fetched')
    expect(warnings.succeeded).toHaveBeenCalledTimes(1)
    events.note('notModified')
    expect(warnings.succeeded).toHaveBeenCalledTimes(2)
    expect(warnings.failed).not.toHaveBeenCalled()
    events.failed(error, {})
    expect(warnings.failed.mock.calls).toEqual([[error]])
    expect(warnings.succeeded).toHaveBeenCalledTimes(2)
  })

  it('report why a fetch failed, whether or not anybody is warned', () => {
    const events = keyEvents(issuer)
    events.failed(error, { failures: 3 })
    expect(seen).toEqual([
      ['fetchFailed', { issuer, error: error.message, url, code: 'ECONNREFUSED', failures: 3 }],
    ])
    expect(events.counters()).toEqual({ ...noEvents, failures: 1 })
  })
})

describe('with NODE_DEBUG', () => {
  const printed = (make: (events: ReturnType<typeof keyEvents>) => void, enabled = true): string[] => {
    debug.mockClear()
    debug.enabled = enabled
    make(keyEvents('https://other.test/'))
    debug.enabled = false
    return debug.mock.calls.map(([line]) => line)
  }

  it.each<[Name, Record<string, unknown> | undefined, string]>([
    ['fetchStart', undefined, 'fetchStart https://other.test/ {}'],
    ['fetched', { keyCount: 1 }, 'fetched https://other.test/ {"keyCount":1}'],
    ['notModified', { seconds: 0 }, 'notModified https://other.test/ {"seconds":0}'],
  ])('%s is printed', (event, details, line) => {
    expect(printed((events) => events.note(event, details))).toEqual([line])
    expect(printed((events) => events.note(event, details), false)).toEqual([])
  })

  it.each(['keysChanged', 'staleServed', 'unknownKeyId', 'refreshLimited'] as const)(
    '%s is not printed: a token of anybody may cause it',
    (event) => {
      expect(printed((events) => events.note(event))).toEqual([])
    },
  )

  it('a failure is printed once, with its explanation', () => {
    const fail = (events: ReturnType<typeof keyEvents>): void => {
      events.failed(new FetchError('the server cannot be reached'), {})
    }
    expect(printed(fail)).toEqual([
      expect.stringMatching(/^fetchFailed https:\/\/other\.test\/ .*the server cannot be reached/),
    ])
    expect(printed(fail, false)).toEqual([])
  })
})
