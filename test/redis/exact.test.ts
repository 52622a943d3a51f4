import { revocationList, type RevocationListOptions } from 'oauth-resource-server/redis'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RevocationListInterface } from '../../src/stores.ts'
import { FakeRedis, joined, outcomeOf, revocable } from '../support/fake-redis.ts'

// What real servers do to it, and clients of every library: exact-server.test.ts.

const unreadable = '503 a value in Redis cannot be read: another program may have written under this prefix'
const now = Date.UTC(2030, 0, 1) / 1000

let redis: FakeRedis
let list: ReturnType<typeof revocationList>
let face: RevocationListInterface

function start(options: RevocationListOptions = {}): void {
  list = revocationList(redis.client, { timeoutMs: 100, tokenLifetime: 3600, ...options })
  face = joined(list)
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'], now: now * 1000 })
  redis = new FakeRedis()
  start()
})
afterEach(() => {
  vi.useRealTimers()
})

const has = async (changes = {}): Promise<unknown> => outcomeOf(() => face.has(revocable(changes)))
/** Sets the value of an entry, as a foreign program would. */
const foreign = (key: string, value: string): void => {
  redis.data.entries.set(`{oauth}:${key}`, { value, until: Infinity })
}
const inMinutes = (minutes: number): number => now + minutes * 60

describe('a token', () => {
  it('is revoked by an entry of any kind that it has, in one round trip', async () => {
    for (const [revocation, claims] of [
      [{ jti: 'a' }, { jti: 'a' }],
      [{ subject: 'b' }, { subject: 'b' }],
      [{ session: 'c' }, { session: 'c' }],
      [{ client: 'd' }, { client: 'd' }],
    ] as const) {
      expect(await has(claims)).toBe(false)
      await list.revoke({ ...revocation, issuer: 'https://another.test/' })
      expect(await has(claims)).toBe(false)
      await list.revoke(revocation)
      redis.calls.length = 0
      expect(await has(claims)).toBe(true)
      expect(redis.calls).toEqual([
        { script: 'read', keys: expect.any(Array) as unknown, values: [expect.any(String), '4200000'] },
      ])
    }
  })

  it('is revoked when it was issued up to that second', async () => {
    await list.revoke({ subject: 'alice', issuedBefore: now })
    expect(await has({ subject: 'alice', issuedAt: now })).toBe(true)
    expect(await has({ subject: 'alice', issuedAt: now + 1 })).toBe(false)
  })

  it.each([undefined, null])('is not revoked where the reply has %s for every key', async (nothing) => {
    redis.reply = (usual) => [...usual.slice(0, 2), ...usual.slice(2).map(() => nothing)]
    expect(await has()).toBe(false)
  })

  it.each(['', 'true', '-1', '1.5', '**', '{}', '99999999999999999'])(
    'CAC-16 is neither revoked nor accepted when an entry says %j, also beside one that revokes it',
    async (value) => {
      foreign('jti:[null,"j"]', value)
      expect(await has()).toBe(unreadable)
      await list.revoke({ subject: 'alice' })
      expect(await has({ subject: 'alice' })).toBe(unreadable)
    },
  )

  it.each<[string, (usual: readonly unknown[]) => unknown]>([
    ['too few values', (usual) => usual.slice(0, -1)],
    ['too many values', (usual) => [...usual, null]],
    ['a number for an entry', (usual) => usual.with(2, true)],
    ['no list', () => 'OK'],
    ['no longest life', (usual) => usual.with(1, null)],
    ['a name that is no text', (usual) => usual.with(0, 7)],
    ['nothing', () => undefined],
  ])('is neither revoked nor accepted when the reply has %s', async (_what, reply) => {
    redis.reply = reply
    expect(await has()).toBe(unreadable)
  })

  it('is a 503 within the deadline when Redis does not respond, and is checked as soon as it does', async () => {
    redis.mood = 'hung'
    const late = has()
    await vi.advanceTimersByTimeAsync(101)
    expect(await late).toBe('503 revocation list: no answer within 100 ms')
    // One call finds out whether it responds again.
    void has()
    expect(await has()).toBe('503 revocation list: the store does not respond')
    redis.mood = 'up'
    await vi.advanceTimersByTimeAsync(400)
    expect(await has()).toBe(false)
  })
})

describe('revoke()', () => {
  it.each<[string, Parameters<typeof list.revoke>[0], readonly unknown[], string]>([
    ['one token', { jti: 'a' }, ['*', '4200000', '0'], '["jti",null,"a",null]'],
    [
      'one token that expires',
      { jti: 'a', issuer: 'https://id.test/', expiresAt: inMinutes(5) },
      ['*', '601000', '1'],
      '["jti","https://id.test/","a",null]',
    ],
    [
      'a user up to a second',
      { subject: 'a', issuedBefore: now - 5 },
      [String(now - 5), '4200000', '0'],
      `["subject",null,"a",${now - 5}]`,
    ],
  ])('writes %s with its life and its record', async (_what, revocation, values, record) => {
    await list.revoke(revocation)
    const { kind, issuer } = { kind: record.split('"')[1], issuer: JSON.parse(record) as unknown[] }
    expect(redis.calls).toEqual([
      {
        script: 'revoke',
        keys: ['{oauth}:state', `{oauth}:${kind}:${JSON.stringify([issuer[1], 'a'])}`, '{oauth}:changes'],
        values: [expect.any(String), '4200000', ...values, record],
      },
    ])
  })

  it('rejects when Redis does not take it', async () => {
    redis.mood = 'failing'
    expect(await outcomeOf(async () => list.revoke({ jti: 'a' }))).toBe(
      '503 revocation list: the call failed, Error',
    )
  })
})

describe('the list', () => {
  it('is ready once Redis has responded, without any traffic, and not after a failure', async () => {
    expect(face.isReady()).toBe(false)
    await vi.advanceTimersByTimeAsync(0)
    expect(face.isReady()).toBe(true)
    const values = [expect.any(String), '4200000']
    expect(redis.calls.splice(0)).toEqual([{ script: 'read', keys: ['{oauth}:state'], values }])
    expect(face.isReady()).toBe(true)
    expect(redis.calls).toEqual([])
    redis.mood = 'failing'
    expect(await outcomeOf(async () => list.ready())).toBe('503 revocation list: the call failed, Error')
    expect(face.isReady()).toBe(false)
    await vi.advanceTimersByTimeAsync(0)
    expect(face.isReady()).toBe(false)
    redis.mood = 'up'
    await vi.advanceTimersByTimeAsync(0)
    expect(face.isReady()).toBe(true)
  })

  it('is not ready while replies cannot be read', async () => {
    redis.reply = () => 'OK'
    expect(await outcomeOf(async () => list.ready())).toBe(unreadable)
    expect(face.isReady()).toBe(false)
  })

  it('has nothing to end', async () => {
    list.close()
    expect(await has()).toBe(false)
  })

  it('says so when the list that it has used was replaced', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    await list.ready()
    redis.empty()
    await list.ready()
    await list.ready()
    expect(warnings.mock.calls.map(([, options]) => options)).toEqual([{ code: 'OAUTH_REVOCATIONS_LOST' }])
    warnings.mockRestore()
  })
})
