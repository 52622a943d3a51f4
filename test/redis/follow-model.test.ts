import fc from 'fast-check'
import type { RevocationList } from 'oauth-resource-server'
import { revocationList } from 'oauth-resource-server/redis'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { RevocationListInterface } from '../../src/stores.ts'
import { copyOf, type FakeData, FakeRedis, joined, revocable } from '../support/fake-redis.ts'
import { tries } from '../support/tries.ts'

/** Seconds. */
const within = 2
const tokenLifetime = 60
/** Seconds that an entry lives. */
const life = 660

type Mood = FakeRedis['mood']

/** The follower, another process that only writes, and what both were promised. */
class World {
  readonly redis = new FakeRedis()
  private saved = copyOf(this.redis.data)
  /** When each was written last: by this process, and into what Redis has. Milliseconds; `-Infinity`: never. */
  private readonly revoked = new Map<number, { here: number; there: number }>()
  readonly follower: RevocationList
  private readonly writer: RevocationList
  private readonly face: RevocationListInterface

  constructor() {
    const options = { tokenLifetime, timeoutMs: 100 }
    this.follower = revocationList(this.redis.client, { ...options, follow: { within } })
    this.writer = revocationList(
      this.redis.clientIn(() => 'up'),
      options,
    )
    this.face = joined(this.follower)
  }

  async pass(seconds: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(seconds * 1000)
  }

  private async settled<T>(promise: Promise<T>): Promise<T | Error> {
    const result = promise.catch((error: unknown) => error as Error)
    await this.pass(0.3)
    return result
  }

  async revokeThere(id: number): Promise<void> {
    const at = Date.now()
    expect(await this.settled(this.writer.revoke({ jti: `j${id}` }))).toBeUndefined()
    this.revoked.set(id, { here: this.revoked.get(id)?.here ?? -Infinity, there: at })
  }

  async revokeHere(id: number): Promise<void> {
    const at = Date.now()
    const failed = await this.settled(this.follower.revoke({ jti: `j${id}` }))
    if (failed === undefined) this.revoked.set(id, { here: at, there: at })
  }

  save(): void {
    this.saved = copyOf(this.redis.data)
  }

  /** What was written later is lost, but for what this process knows by itself. */
  restore(data: FakeData = copyOf(this.saved)): void {
    this.redis.data = data
    for (const [id, it] of this.revoked) {
      const entry = data.entries.get(`{oauth}:jti:[null,"j${id}"]`)
      it.there = entry === undefined ? -Infinity : entry.until - life * 1000
    }
  }

  empty(): void {
    this.restore(new FakeRedis().data)
  }

  async check(id: number, expected: 'promised' | 'known' = 'promised'): Promise<void> {
    const time = Date.now()
    const token = revocable({ jti: `j${id}` })
    const outcome = await this.settled(Promise.resolve().then(() => this.face.has(token)))
    const it = this.revoked.get(id)
    if (it === undefined) {
      expect(outcome).not.toBe(true)
      if (expected === 'known') expect(outcome).toBe(false)
      return
    }
    const age = (at: number): number => (time - at) / 1000
    const isAlive = (at: number): boolean => age(at) < life - 1
    if (isAlive(it.here) || (expected === 'known' && isAlive(it.there))) expect(outcome).toBe(true)
    if (isAlive(it.there) && age(it.there) > within) expect(outcome).not.toBe(false)
  }
}

interface Step {
  readonly name: string
  readonly run: (world: World) => unknown
}

const ids = fc.integer({ min: 0, max: 2 })
const check = (id: number): Step => ({ name: `check ${id}`, run: async (it) => it.check(id) })
const pass = (seconds: number): Step => ({ name: `${seconds} s pass`, run: async (it) => it.pass(seconds) })
const turn = (mood: Mood): Step => ({ name: `Redis is ${mood}`, run: (it) => void (it.redis.mood = mood) })
const elsewhere = (id: number): Step => ({
  name: `revoke ${id} elsewhere`,
  run: async (it) => it.revokeThere(id),
})
const here = (id: number): Step => ({ name: `revoke ${id} here`, run: async (it) => it.revokeHere(id) })
const save: Step = { name: 'save', run: (it) => it.save() }
const restore: Step = { name: 'restart with what was saved', run: (it) => it.restore() }
const empty: Step = { name: 'restart empty', run: (it) => it.empty() }
const moods = fc.constantFrom<Mood>('up', 'hung', 'failing')
const times = fc.constantFrom(0.1, 0.5, 1.9, 2.1, 30, 659, 700)

/** Single steps, and what is hard to meet by chance. */
const steps: fc.Arbitrary<readonly Step[]> = fc.oneof(
  ids.map((id) => [elsewhere(id)]),
  ids.map((id) => [here(id)]),
  ids.map((id) => [check(id)]),
  times.map((seconds) => [pass(seconds)]),
  moods.map((mood) => [turn(mood)]),
  fc.constantFrom([save], [restore], [empty]),
  // Revoked while the feed is silent.
  fc
    .tuple(fc.constantFrom<Mood>('hung', 'failing'), ids, fc.constantFrom(1.5, 1.8, 2.1, 3))
    .map(([mood, id, seconds]) => [
      turn(mood),
      elsewhere(id),
      pass(seconds),
      check(id),
      turn('up'),
      check(id),
    ]),
  // Written before anybody has read the new list, and after.
  fc
    .tuple(fc.constantFrom(restore, empty), ids, ids)
    .map(([restart, id, other]) => [
      pass(1),
      turn('failing'),
      restart,
      elsewhere(id),
      turn('up'),
      elsewhere(other),
    ]),
)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

it('FEE-1 accepts no token past the bound, whatever becomes of the feed, and calls no valid token revoked', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 3, maxLength: 15 }), async (some) => {
      const world = new World()
      await world.pass(0.1)
      for (const { run } of some.flat()) await run(world)
      // Once Redis responds again, everything that it has is known.
      world.redis.mood = 'up'
      await world.pass(7)
      for (let id = 0; id <= 5; id += 1) await world.check(id, 'known')
      world.follower.close()
      vi.clearAllTimers()
    }),
    { numRuns: tries(100, 8) },
  )
})
