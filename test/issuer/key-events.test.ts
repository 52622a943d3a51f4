import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type channelNames, createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { channelNames as names } from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type Network,
  network,
  publishes,
  status,
  verdict,
  type VirtualTime,
  virtualTime,
} from '../support/world.ts'

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
