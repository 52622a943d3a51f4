import fc from 'fast-check'
import type { RevocationList } from 'oauth-resource-server'
import { revocationList } from 'oauth-resource-server/redis'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { followScript, readScript, revokeScript } from '../../src/redis/scripts.ts'
import { listInterfaceOf, type RevocableToken } from '../../src/stores.ts'
import { tries } from '../support/tries.ts'

/** Seconds. */
const within = 2
const tokenLifetime = 60
/** Seconds that an entry lives. */
const life = 660

interface Data {
  name: string
  readonly entries: Map<string, { readonly value: string; readonly until: number }>
  records: [id: string, fields: string[]][]
}

const emptied = (): Data => ({ name: '', entries: new Map(), records: [] })
const copied = ({ name, entries, records }: Data): Data => ({
  name,
  entries: new Map(entries),
  records: [...records],
})

/** What the scripts do, in memory; `state` can be replaced as a restart does. */
class Model {
  data = emptied()
  private count = 0

  run(script: string, keys: readonly string[], values: readonly string[]): unknown {
    const { data } = this
    const now = Date.now()
    const [process = '', longest = ''] = values
    data.name ||= `${process}:${(this.count += 1)}`
    const state = [data.name, longest]
    if (script === revokeScript) {
      data.entries.set(String(keys[1]), { value: String(values[2]), until: now + Number(values[3]) })
      data.records = data.records.filter(([id]) => Number(id.split('-')[0]) >= now - Number(longest))
      const id = `${now}-${(this.count += 1)}`
      data.records.push([id, ['entry', String(values[5]), 'life', String(values[3])]])
      return state
    }
    if (script === readScript) {
      const found = keys.slice(1).map((key) => data.entries.get(key))
      return [...state, ...found.map((it) => (it !== undefined && it.until > now ? it.value : null))]
    }
    expect(script).toBe(followScript)
    const at = data.records.findIndex(([id]) => id === values[2])
    const isKnown = at !== -1 || values[2] === '0-0'
    return [
      ...state,
      Math.floor(now / 1000),
      isKnown ? 1 : 0,
      data.records.slice(at + 1, at + 1 + Number(values[3])),
    ]
  }
}

type Mood = 'up' | 'hung' | 'failing'

/** The follower, another process that only writes, and what both were promised. */
class World {
  readonly model = new Model()
  mood: Mood = 'up'
  private saved = emptied()
  /** When each was written last: by this process, and into what Redis has. Milliseconds; `-Infinity`: never. */
  private readonly revoked = new Map<number, { here: number; there: number }>()
  readonly follower: RevocationList
  private readonly writer: RevocationList
  private readonly has: (token: RevocableToken) => unknown

  constructor() {
    const client = (mood: () => Mood): object => ({
      customCommand: async ([, script = '', count, ...rest]: readonly string[]): Promise<unknown> => {
        if (mood() === 'hung') return new Promise(() => undefined)
        await Promise.resolve()
        if (mood() === 'failing') throw new Error('closed')
        return this.model.run(script, rest.slice(0, Number(count)), rest.slice(Number(count)))
      },
    })
    const options = { tokenLifetime, timeoutMs: 100 }
    this.follower = revocationList(
      client(() => this.mood),
      { ...options, follow: { within } },
    )
    this.writer = revocationList(
      client(() => 'up'),
      options,
    )
    const face = listInterfaceOf(this.follower)
    face?.join({ clockTolerance: 0, now: undefined })
    this.has = (token) => face?.has(token)
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
    this.saved = copied(this.model.data)
  }

  /** What was written later is lost, but for what this process knows by itself. */
  restore(data = copied(this.saved)): void {
    this.model.data = data
    for (const [id, it] of this.revoked) {
      const entry = data.entries.get(`{oauth}:jti:[null,"j${id}"]`)
      it.there = entry === undefined ? -Infinity : entry.until - life * 1000
    }
  }

  empty(): void {
    this.restore(emptied())
  }

  async check(id: number, expected: 'promised' | 'known' = 'promised'): Promise<void> {
    const time = Date.now()
    const token: RevocableToken = {
      issuer: 'https://id.example.com/',
      issuedAt: Math.floor(time / 1000),
      jti: `j${id}`,
      subject: undefined,
      session: undefined,
      client: undefined,
      hash: () => 'hash',
    }
    const outcome = await this.settled(Promise.resolve().then(() => this.has(token)))
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
const turn = (mood: Mood): Step => ({ name: `Redis is ${mood}`, run: (it) => void (it.mood = mood) })
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
      world.mood = 'up'
      await world.pass(7)
      for (let id = 0; id <= 5; id += 1) await world.check(id, 'known')
      world.follower.close()
      vi.clearAllTimers()
    }),
    { numRuns: tries(100, 8) },
  )
})
