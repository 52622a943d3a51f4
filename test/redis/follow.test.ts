import { inspect } from 'node:util'
import { revocationList, type RevocationListOptions } from 'oauth-resource-server/redis'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import type { RevocationListInterface } from '../../src/stores.ts'
import { Deferred } from '../support/deferred.ts'
import { FakeRedis, joined, outcomeOf, revocable } from '../support/fake-redis.ts'

// What a real server does to it: follow-server.test.ts. What chance finds: follow-model.test.ts.

const unreadable = '503 a value in Redis cannot be read: another program may have written under this prefix'
/** Seconds. */
const within = 2
const start = Date.UTC(2030, 0, 1)

let redis: FakeRedis
let list: ReturnType<typeof revocationList>
let face: RevocationListInterface
let warnings: MockInstance<typeof process.emitWarning>

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'], now: start })
  warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  redis = new FakeRedis()
})
afterEach(() => {
  list.close()
  vi.clearAllTimers()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** A list that follows, from the moment a resource server uses it. */
function follow(options: RevocationListOptions = {}): void {
  list = revocationList(redis.client, {
    follow: { within },
    timeoutMs: 100,
    tokenLifetime: 3600,
    ...options,
  })
  face = joined(list)
}
/** One that has read everything. */
async function followed(options: RevocationListOptions = {}): Promise<void> {
  follow(options)
  await list.ready()
  await pass(0)
  redis.calls.length = 0
}
/** A list of another process, which decides nothing. */
const elsewhere = (options: RevocationListOptions = {}): ReturnType<typeof revocationList> =>
  revocationList(
    redis.clientIn(() => 'up'),
    { tokenLifetime: 3600, ...options },
  )

const pass = async (seconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(seconds * 1000)
const has = async (changes = {}): Promise<unknown> => outcomeOf(() => face.has(revocable(changes)))
/** As `has`, with the time that a call to a silent server takes. */
const hasLate = async (changes = {}): Promise<unknown> => {
  const outcome = has(changes)
  await pass(0.101)
  return outcome
}
/** Holds back the answer to a read of the stream: the next one, or one after it. */
function holdRead(after = 0): { reached: Promise<void>; release: () => void } {
  const held = new Deferred<undefined>()
  let left = after
  redis.beforeReply = async ({ script }) => {
    if (script !== 'follow' || (left -= 1) !== -1) return
    held.ask()
    await held.promise
  }
  return { reached: held.asked, release: () => held.settle(() => undefined) }
}
/** Revokes tokens `t0` and so on elsewhere. */
async function revokeMany(count: number): Promise<void> {
  const other = elsewhere({ maxInFlight: count })
  await Promise.all(Array.from({ length: count }, async (_, index) => other.revoke({ jti: `t${index}` })))
  redis.calls.length = 0
}
/** Revokes a token without `jti` elsewhere. */
const revokeHash = async (value: string): Promise<void> =>
  joined(elsewhere()).add({ kind: 'hash', issuer: 'https://id.test/', value, issuedBefore: undefined })
const codes = (): unknown[] => warnings.mock.calls.map(([, options]) => (options as { code: string }).code)

describe('while the feed is healthy', () => {
  it('decides from memory, whatever is revoked', async () => {
    await revokeFive()
    await followed()
    for (const claims of [
      { jti: 'a' },
      { subject: 's' },
      { session: 's' },
      { client: 's', issuedAt: start / 1000 - 9 },
      { jti: undefined, hash: () => Promise.resolve('h') },
    ])
      expect(await has(claims)).toBe(true)
    for (const claims of [
      { jti: 'b' },
      { subject: 's', issuedAt: start / 1000 + 1 },
      { session: 's', issuer: 'https://another.test/' },
      { client: 's', issuedAt: start / 1000 - 8 },
      { jti: undefined, hash: () => Promise.resolve('i') },
    ])
      expect(await has(claims)).toBe(false)
    expect(redis.calls).toEqual([])
  })

  async function revokeFive(): Promise<void> {
    const other = elsewhere()
    await other.revoke({ jti: 'a' })
    await other.revoke({ subject: 's' })
    await other.revoke({ session: 's', issuer: 'https://id.test/' })
    await other.revoke({ client: 's', issuedBefore: start / 1000 - 9 })
    await revokeHash('h')
    other.close()
  }

  it('reads what was revoked elsewhere four times a second, and only what is new', async () => {
    await elsewhere().revoke({ jti: 'old' })
    await followed()
    await elsewhere().revoke({ jti: 'j' })
    expect(await has()).toBe(false)
    await pass(0.249)
    expect(redis.counted('follow')).toBe(0)
    const replies: unknown[] = []
    redis.reply = (usual, { script }) => {
      if (script === 'follow') replies.push((usual[4] as unknown[]).length)
      return usual
    }
    await pass(0.001)
    expect(await has()).toBe(true)
    await pass(0.75)
    expect(replies).toEqual([1, 0, 0, 0])
  })

  it('knows at once what is revoked here, and nothing that Redis did not take', async () => {
    await followed()
    await list.revoke({ jti: 'j' })
    expect(await has()).toBe(true)
    redis.mood = 'failing'
    expect(await outcomeOf(async () => list.revoke({ jti: 'k' }))).toMatch(/^503 /)
    expect(await has({ jti: 'k' })).toBe(false)
  })

  it('reads all pages of a long list before it decides from memory, one right after the other', async () => {
    await revokeMany(2000)
    follow()
    await list.ready()
    expect(redis.calls.map(({ values }) => values.slice(2))).toEqual([
      ['0-0', '1000'],
      [redis.data.records[999]?.[0], '1000'],
      [redis.data.records[1999]?.[0], '1000'],
    ])
    expect([await has({ jti: 't0' }), await has({ jti: 't1999' }), await has()]).toEqual([true, true, false])
    expect(redis.counted('read')).toBe(0)
  })

  it('reads pages without a pause when nothing waits for it', async () => {
    await revokeMany(1500)
    follow()
    await pass(0.01)
    expect(redis.counted('follow')).toBe(2)
  })

  it('keeps no entry that is expired', async () => {
    await elsewhere().revoke({ jti: 'j' })
    await elsewhere().revoke({ jti: 'short', expiresAt: start / 1000 + 60 })
    await pass(400)
    // The record of the short one is still there, and would not fit.
    await followed({ max: 1 })
    expect(redis.data.records).toHaveLength(2)
    expect(await has()).toBe(true)
    expect(await has({ jti: 'short' })).toBe(false)
    expect(redis.counted('read')).toBe(0)
    expect(codes()).toEqual([])
  })

  it('forgets an entry when it expires, which makes room for another', async () => {
    await elsewhere().revoke({ jti: 'j' })
    await followed({ max: 1 })
    list.close()
    await pass(4216)
    await elsewhere().revoke({ jti: 'k' })
    await list.ready()
    redis.calls.length = 0
    expect([await has({ jti: 'k' }), await has()]).toEqual([true, false])
    expect([redis.counted('read'), codes()]).toEqual([0, []])
  })

  it('sends one read at a time, whoever waits for it', async () => {
    const { release } = holdRead()
    follow()
    const ready = Promise.all([list.ready(), list.ready()])
    await pass(0.05)
    expect(redis.counted('follow')).toBe(1)
    release()
    await ready
  })
})

describe('until everything is known', () => {
  it('asks Redis about a token', async () => {
    await elsewhere().revoke({ jti: 'j' })
    redis.calls.length = 0
    follow()
    expect([await has(), await has({ jti: 'k' })]).toEqual([true, false])
    expect(redis.counted('read')).toBe(2)
  })

  it('asks Redis about a token between two pages', async () => {
    await revokeMany(1001)
    const { reached } = holdRead(1)
    follow()
    await pass(0.01)
    await reached
    expect(await has({ jti: 't1000' })).toBe(true)
  })

  it('is not ready, and is when it has read the list', async () => {
    follow()
    redis.mood = 'failing'
    expect(face.isReady()).toBe(false)
    expect(await outcomeOf(async () => list.ready())).toBe('503 revocation list: the call failed, Error')
    redis.mood = 'up'
    await list.ready()
    expect(face.isReady()).toBe(true)
  })
})

describe('FEE-1 a feed that is silent', () => {
  it('is trusted up to the bound and no longer: then Redis is asked, and is a 503 where it is silent too', async () => {
    await followed()
    await pass(0.2)
    await elsewhere().revoke({ jti: 'known' })
    await revokeHash('known')
    await pass(0.05)
    // Complete as of this moment.
    redis.mood = 'hung'
    await elsewhere().revoke({ jti: 'unknown' })
    await pass(within)
    expect(await has({ jti: 'unknown' })).toBe(false)
    expect(face.isReady()).toBe(true)
    await pass(0.001)
    expect(await hasLate({ jti: 'unknown' })).toMatch(/^503 revocation list: /)
    expect(await hasLate({ jti: undefined, hash: () => Promise.resolve('h') })).toMatch(/^503 /)
    expect(await has({ jti: undefined, hash: () => Promise.resolve('known') })).toBe(true)
    expect(await has({ jti: 'known' })).toBe(true)
    expect(face.isReady()).toBe(false)
    redis.mood = 'up'
    await pass(0.75)
    expect(await has({ jti: 'unknown' })).toBe(true)
    expect(await has()).toBe(false)
    expect(face.isReady()).toBe(true)
  })

  it('is as old as the question, not as the answer', async () => {
    follow({ timeoutMs: 5000 })
    const held = holdRead()
    await pass(1.5)
    held.release()
    await pass(0)
    await elsewhere().revoke({ jti: 'j' })
    redis.mood = 'hung'
    await pass(0.5)
    expect(await has()).toBe(false)
    await pass(0.001)
    redis.mood = 'up'
    expect(await has()).toBe(true)
  })

  it('that fails is read again after a pause, not at once, and is made up for by direct questions', async () => {
    await followed()
    redis.mood = 'failing'
    await pass(within + 0.3)
    expect(await has()).toBe('503 revocation list: the call failed, Error')
    expect(await has({ jti: undefined, hash: () => 'h' })).toBe('503 revocation list: the call failed, Error')
    redis.mood = 'up'
    redis.calls.length = 0
    expect(await has()).toBe(false)
    await pass(0.25)
    expect(redis.counted('follow')).toBe(1)
  })

  it('counts reads that fail: four a second', async () => {
    let reads = 0
    redis.reply = (usual, { script }) => {
      if (script === 'follow') reads += 1
      return usual.slice(0, 1)
    }
    follow()
    await pass(1)
    expect(reads).toBe(5)
  })
})

type Change = (usual: readonly unknown[]) => unknown
const record =
  (fields: unknown, id: unknown = '1-1'): Change =>
  (usual) =>
    usual.with(4, [[id, fields]])
const entry = (text: unknown, life: unknown = '1000'): Change => record(['entry', text, 'life', life])
const json = (...members: unknown[]): Change => entry(JSON.stringify(members))

describe('FEE-1 a feed that another program has written', () => {
  it.each<[string, Change]>([
    ['a reply that is no list', () => 'OK'],
    ['no time', (usual) => usual.with(2, null)],
    ['no answer whether the position is known', (usual) => usual.with(3, null)],
    ['no records', (usual) => usual.with(4, null)],
    ['no longest life', (usual) => usual.with(1, 'x')],
    ['a name that is no text', (usual) => usual.with(0, 7)],
    ['a record that is no list', (usual) => usual.with(4, ['1-1'])],
    ['a record without fields', record(null)],
    ['an id that is no text', record(['entry', '["jti",null,"a",null]', 'life', '1'], 7)],
    ['an id without a time', record(['entry', '["jti",null,"a",null]', 'life', '1'], 'x-1')],
    ['too few fields', record(['entry', '["jti",null,"a",null]'])],
    ['another first field', record(['other', '["jti",null,"a",null]', 'life', '1'])],
    ['another second field', record(['entry', '["jti",null,"a",null]', 'other', '1'])],
    ['an entry that is no text', entry(7)],
    ['an entry that is no JSON', entry('nonsense')],
    ['an entry that is no list', entry('{}')],
    ['an entry of another kind', json('token', null, 'a', null)],
    ['an entry whose value is no text', json('jti', null, 7, null)],
    ['an entry without a value', json('jti')],
    ['an issuer that is no text', json('jti', 7, 'a', null)],
    ['a moment that is no number', json('subject', null, 'a', 'x')],
    ['a moment that is missing', json('subject', null, 'a')],
    ['a life that is no number', entry('["jti",null,"a",null]', 'x')],
  ])('is not trusted with %s: Redis is asked about every token', async (_what, change) => {
    await followed()
    const usually = redis.reply
    redis.reply = (usual, call) => (call.script === 'follow' ? change(usual) : usually(usual, call))
    expect(await outcomeOf(async () => list.ready())).toBe(unreadable)
    await pass(within + 0.001)
    await elsewhere().revoke({ jti: 'j' })
    redis.calls.length = 0
    expect([await has(), await has({ jti: 'k' })]).toEqual([true, false])
    expect(redis.counted('read')).toBe(2)
  })

  it.each(['jti', 'subject', 'session', 'client'])('may have further fields, for a %s', async (kind) => {
    const text = JSON.stringify([kind, 'https://id.test/', 'a', null, 'more'])
    redis.record(['entry', text, 'life', '5000', 'more', 'x'])
    await followed()
    expect(await has({ [kind]: 'a' })).toBe(true)
    expect(await has({ [kind]: 'a', issuer: 'https://another.test/' })).toBe(false)
  })

  const page: Change = (usual) => {
    const fields = ['entry', '["jti",null,"a",null]', 'life', '9000000']
    return usual.with(
      4,
      Array.from({ length: 1000 }, (_, index) => [`${start}-${index + 1}`, fields]),
    )
  }
  it.each<[string, Change, string]>([
    ['the same page, whatever is asked for', (usual) => (page(usual) as unknown[]).with(3, 1), unreadable],
    [
      'the same page, since our position is gone',
      (usual) => (page(usual) as unknown[]).with(3, 0),
      '503 revocation list: it was replaced again before it was read; connect the client to one primary alone',
    ],
    [
      'records without order',
      (usual) => {
        const changed = page(usual) as unknown[][]
        return changed.with(4, (changed[4] ?? []).toReversed())
      },
      unreadable,
    ],
  ])(
    'is not read for ever where it has %s: Redis is asked about every token',
    async (_what, change, hint) => {
      let reads = 0
      const usually = redis.reply
      redis.reply = (usual, call) => {
        if (call.script !== 'follow') return usually(usual, call)
        reads += 1
        return change(usual)
      }
      follow()
      expect(await outcomeOf(async () => list.ready())).toBe(hint)
      await pass(1)
      // Four times a second; and the page after, where that one shows it.
      expect(reads).toBeLessThanOrEqual(10)
      redis.calls.length = 0
      expect([await has({ jti: 'a' }), await has()]).toEqual([true, false])
      expect(redis.counted('read')).toBe(1)
    },
  )

  it('shows nothing of what it says', async () => {
    redis.record(['entry', 'secret-value', 'life', '1'])
    follow()
    const error: unknown = await list.ready().catch((it: unknown) => it)
    expect(error).toMatchObject({ status: 503 })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secret')
  })
})

describe('FEE-1 a list of which something is gone', () => {
  /** Removes all records: what the stream looks like after a trim, or a restart with an old file. */
  const trim = (): void => {
    redis.data.records.length = 0
  }

  it('is read again without a warning where our last record was old enough to be trimmed', async () => {
    await knowing('j')
    list.close()
    await pass(4200)
    trim()
    await elsewhere().revoke({ jti: 'k' })
    await list.ready()
    redis.counted('follow')
    expect(await has({ jti: 'k' })).toBe(true)
    expect(redis.counted('read')).toBe(0)
    expect(codes()).toEqual([])
  })

  it('is read again with a warning where it was not', async () => {
    await knowing('j')
    list.close()
    await pass(4199)
    trim()
    await elsewhere().revoke({ jti: 'k' })
    await list.ready()
    expect(await has({ jti: 'k' })).toBe(true)
    expect(await has()).toBe(true)
    await pass(1)
    expect(codes()).toEqual(['OAUTH_REVOCATIONS_LOST'])
  })

  it('is read on from there where a page is trimmed before the next one is asked for', async () => {
    await revokeMany(1500)
    await pass(4200)
    await revokeMany(1001)
    redis.beforeReply = ({ script }) => {
      if (script !== 'follow') return
      redis.data.records.splice(0, 1200)
      redis.beforeReply = () => undefined
    }
    await followed()
    expect([await has({ jti: 't0' }), await has({ jti: 't1000' }), await has()]).toEqual([true, true, false])
    expect([redis.counted('read'), codes()]).toEqual([0, []])
  })

  async function knowing(jti: string): Promise<void> {
    await elsewhere().revoke({ jti })
    await followed()
  }

  it('is not decided from memory until it is read to its end', async () => {
    await knowing('j')
    trim()
    await revokeMany(1001)
    const { reached } = holdRead(1)
    await pass(0.26)
    await reached
    expect(await has({ jti: 't1000' })).toBe(true)
  })

  it('is read from its start after an empty restart, with a warning, and keeps what it knew', async () => {
    await knowing('j')
    redis.empty()
    await elsewhere().revoke({ jti: 'k' })
    await pass(0.26)
    expect([await has(), await has({ jti: 'k' }), await has({ jti: 'l' })]).toEqual([true, true, false])
    expect(redis.counted('read')).toBe(0)
    await pass(1)
    expect(codes()).toEqual(['OAUTH_REVOCATIONS_LOST'])
  })

  it('is a new one also where nothing had been revoked', async () => {
    await followed()
    redis.empty()
    await elsewhere().revoke({ jti: 'j' })
    await pass(0.3)
    expect(await has()).toBe(true)
    expect(codes()).toEqual(['OAUTH_REVOCATIONS_LOST'])
  })

  it('is another one with each reply where a client reaches several servers: nothing is read for ever', async () => {
    let reads = 0
    redis.reply = (usual, { script }) => (script === 'follow' ? usual.with(0, `list ${(reads += 1)}`) : usual)
    follow()
    await pass(1)
    expect(reads).toBe(5)
    expect(await outcomeOf(async () => list.ready())).toBe(
      '503 revocation list: it was replaced again before it was read; connect the client to one primary alone',
    )
    expect(await has()).toBe(false)
    expect(redis.counted('read')).toBe(1)
  })

  it('is the same one where Redis takes no writes at first', async () => {
    redis.takesWrites = false
    await followed()
    expect(await has()).toBe(false)
    expect(redis.counted('read')).toBe(0)
    redis.takesWrites = true
    await elsewhere().revoke({ jti: 'j' })
    await pass(0.25)
    expect(await has()).toBe(true)
    expect(codes()).toEqual([])
  })
})

describe('a list with more entries than memory takes', () => {
  const full = [
    'the revocation list has more than 2 entries: Redis is asked about every token; raise max',
    { code: 'OAUTH_REVOCATIONS_FULL' },
  ]
  const asksAboutAll = async (): Promise<void> => {
    redis.calls.length = 0
    for (const jti of ['a', 'b', 'c']) expect(await has({ jti })).toBe(true)
    expect(await has()).toBe(false)
    expect(redis.counted('read')).toBe(4)
  }

  it('is ready, says so, and asks Redis about every token', async () => {
    for (const jti of ['a', 'b', 'c']) await elsewhere().revoke({ jti })
    await followed({ max: 2 })
    expect(warnings.mock.calls[0]).toEqual(full)
    expect(face.isReady()).toBe(true)
    await asksAboutAll()
  })

  it('asks Redis too when this process adds the last entry', async () => {
    await elsewhere().revoke({ jti: 'a' })
    await followed({ max: 2 })
    await list.revoke({ jti: 'b' })
    expect(warnings).not.toHaveBeenCalled()
    await list.revoke({ jti: 'c' })
    expect(warnings.mock.calls).toEqual([full])
    await asksAboutAll()
  })

  it('asks Redis too when memory overflows while the stream is read', async () => {
    await followed({ max: 1 })
    await list.revoke({ jti: 'a' })
    await pass(0.25)
    const { reached, release } = holdRead()
    const ready = list.ready()
    await reached
    await list.revoke({ jti: 'b' })
    redis.calls.length = 0
    release()
    await ready
    // What was read meanwhile does not count.
    expect(redis.counted('follow')).toBe(1)
    expect([await has({ jti: 'a' }), await has({ jti: 'b' })]).toEqual([true, true])
  })

  it('tries again once a minute, and follows when entries have expired', async () => {
    for (const jti of ['a', 'b', 'c']) {
      await elsewhere().revoke({ jti, expiresAt: start / 1000 + 60 })
    }
    follow({ max: 2 })
    await pass(0.1)
    redis.calls.length = 0
    await pass(59.8)
    expect(redis.counted('follow')).toBe(0)
    await pass(0.2)
    expect(redis.counted('follow')).toBe(1)
    await pass(900)
    redis.calls.length = 0
    expect(await has()).toBe(false)
    expect(redis.counted('read')).toBe(0)
  })

  it('is not ready where Redis responds to no direct question', async () => {
    for (const jti of ['a', 'b', 'c']) await elsewhere().revoke({ jti })
    follow({ max: 2 })
    const usually = redis.reply
    redis.reply = (usual, call) => (call.script === 'read' ? 'OK' : usually(usual, call))
    expect(await outcomeOf(async () => list.ready())).toBe(unreadable)
  })
})

describe('close()', () => {
  it('ends the reads, and what is decided without them goes to Redis', async () => {
    await followed()
    list.close()
    await elsewhere().revoke({ jti: 'j' })
    redis.calls.length = 0
    await pass(within + 1)
    expect(redis.counted('follow')).toBe(0)
    expect(await has()).toBe(true)
    list.close()
  })

  it('ends them also while one waits for its answer', async () => {
    await followed()
    const { reached, release } = holdRead()
    await pass(0.25)
    await reached
    list.close()
    release()
    redis.calls.length = 0
    await pass(5)
    expect(redis.calls).toEqual([])
  })

  it('is undone by ready() and by the next resource server, which read as often as before', async () => {
    await followed()
    const join = (): Promise<void> => {
      face.join({ clockTolerance: 0, now: undefined })
      return Promise.resolve()
    }
    for (const open of [async () => list.ready(), join]) {
      list.close()
      await open()
      await pass(0)
      redis.calls.length = 0
      await pass(1)
      expect(redis.counted('follow')).toBe(4)
    }
  })

  it('and a new beginning during a read leave one that reads, which close() ends', async () => {
    await followed()
    for (let times = 0; times < 3; times += 1) {
      const { reached, release } = holdRead()
      await pass(0.25)
      await reached
      list.close()
      face.join({ clockTolerance: 0, now: undefined })
      release()
      await pass(0.3)
    }
    redis.calls.length = 0
    await pass(1)
    expect(redis.counted('follow')).toBe(4)
    list.close()
    await pass(1)
    expect(redis.counted('follow')).toBe(0)
  })
})
