import fc from 'fast-check'
import { protect } from 'oauth-resource-server/fetch'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  behaviours,
  commands,
  freshFor,
  holds,
  staleFor,
  supplies,
  type Supplies,
  type World,
} from './model.ts'
import { turns } from '../support/world.ts'

const { advance, behave, forged, good, goodAndWait, own, ownWith, publish } = commands
const everything = Object.keys(behaviours) as (keyof typeof behaviours)[]

let made: Supplies
beforeAll(async () => {
  made = await supplies()
})
afterEach(() => vi.restoreAllMocks())
afterAll(() => vi.restoreAllMocks())

const warm = (world: World): Promise<void> => world.api.ready()
const key = fc.nat({ max: 3 })

describe('whatever tokens, time and the network do', { timeout: 60_000 }, () => {
  it('at most one fetch per issuer is under way', async () => {
    await holds(made, [advance(900), behave(...everything), publish, good, good, forged, forged], {
      always: ({ open }) => expect(open.a.most).toBeLessThanOrEqual(1),
    })
  })

  it('fetches stay within the budget of the hour', async () => {
    const spray = own('ten forged ids', async (world) => {
      for (let id = 0; id < 10; id++) world.send(world.supplies.forged(id), 'a', -1)
      await world.time.advance(0)
    })
    const often = own('a request each second for half a minute', async (world) => {
      for (let second = 0; second < 30; second++) {
        world.send(world.supplies.forged(second), 'a', -1)
        await world.time.advance(1)
      }
    })
    await holds(made, [advance(2000), behave('up'), good, good, spray, forged, often], {
      always: (world) => {
        const scheduled = 1 + world.now / (freshFor * 0.7)
        const forced = 2 + world.now / 10
        expect(world.fetches()).toBeLessThanOrEqual(scheduled + forced)
      },
    })
  })

  it('no token evicts, shortens or replaces a key set', async () => {
    const ends = new WeakMap<World, number>()
    const forge = ownWith(fc.nat({ max: 39 }), 'forged id', (world, id) => {
      world.send(world.supplies.forged(id), 'a', -1)
    })
    await holds(made, [advance(900), behave(...everything), forge, forge, good, goodAndWait], {
      before: warm,
      always: (world) => {
        const { keyCount, ageSeconds = Infinity } = world.api.health().issuers['https://a.test'] ?? {}
        expect(keyCount).toBe(1)
        const end = world.now - ageSeconds + freshFor + staleFor
        expect(end).toBeGreaterThanOrEqual((ends.get(world) ?? 0) - 1e-6)
        ends.set(world, end)
      },
    })
  })

  it('good tokens verify until the keys are too old, and not a moment longer', async () => {
    const judgeEnded = (world: World): void => {
      const end = (world.given.a?.at ?? -Infinity) + freshFor + staleFor
      for (const request of world.requests) {
        if (request.key !== 0) continue
        if (request.verdict !== undefined) {
          expect(request.verdict).toBe(request.endedAt < end ? '200' : '503 unavailable')
        } else if (world.now < end) {
          // Old keys serve a request when its fetch is over, however long the issuer hangs.
          expect(world.now - request.sentAt).toBeLessThanOrEqual(5)
        }
      }
      const waiting = world.requests.filter((request) => !hasVerdict(request))
      world.requests.splice(0, Infinity, ...waiting)
    }
    const trouble = [behave(...everything), behave('down', 'hang')]
    await holds(made, [advance(900), advance(5000), ...trouble, good, goodAndWait, forged], {
      before: warm,
      always: judgeEnded,
      finally: judgeEnded,
    })
  })

  it('a new key verifies on its first request, at one fetch for all of them', async () => {
    const rotateAndUse = ownWith(
      fc.tuple(key, fc.integer({ min: 1, max: 8 })),
      'rotate and use',
      async (world, [number, count]) => {
        await world.settle()
        // Until the bucket is full again and no missed key is remembered.
        await world.time.advance(61)
        if (world.usable()?.includes(number) === true) return
        world.publish([number, ...world.published.a.slice(0, 2)])
        const before = world.fetches()
        const requests = Array.from({ length: count }, () => world.sendGood(number))
        await world.settle()
        expect(requests.map(({ verdict }) => verdict)).toEqual(requests.map(() => '200'))
        expect(world.fetches() - before).toBe(1)
      },
    )
    await holds(made, [advance(900), advance(5000), publish, good, forged, rotateAndUse, rotateAndUse], {
      before: warm,
    })
  })

  it('a withdrawn key is refused within the freshness of its set, and always within the stale window', async () => {
    await holds(
      made,
      [
        advance(900),
        advance(300),
        publish,
        behave(...everything),
        behave('up'),
        goodAndWait,
        good,
        goodAndWait,
      ],
      {
        before: warm,
        always: (world) => {
          if (world.behaviour !== 'up') world.lastTrouble = world.now
          for (const request of world.requests) {
            if (request.verdict !== '200') continue
            const { key: number, sentAt } = request
            const withdrawn = world.published.a.includes(number)
              ? Infinity
              : (world.publishedUntil.get(number) ?? Infinity)
            expect(sentAt - withdrawn).toBeLessThan(freshFor + staleFor)
            // Five minutes: the longest an issuer that was in trouble may have asked to be left alone.
            if (world.lastTrouble < withdrawn - 300) expect(sentAt - withdrawn).toBeLessThan(freshFor)
          }
          world.requests.length = 0
        },
      },
    )
  })

  it('keys of one issuer never verify a token that names another', async () => {
    const issuer = fc.constantFrom('a' as const, 'b' as const)
    const cross = ownWith(fc.tuple(issuer, key), 'crossed token', async (world, [name, number]) => {
      const request = world.send(world.supplies.crossed(name, number), name, number)
      await world.settle()
      expect(request.verdict).toMatch(/^401 (?:signature|unknown_key)$|^503 unavailable$/)
    })
    const right = ownWith(fc.tuple(issuer, key), 'good token', async (world, [name, number]) => {
      const request = world.sendGood(number, name)
      await world.settle()
      if (world.usable(name)?.includes(number) === true) expect(request.verdict).toBe('200')
    })
    const publishEither = ownWith(
      fc.tuple(issuer, fc.uniqueArray(key, { minLength: 1 })),
      'publish',
      (world, [name, keys]) => world.publish(keys, name),
    )
    await holds(made, [cross, cross, right, right, publishEither, advance(700), behave('up', 'down')], {
      finally: ({ requests }) => expect(requests.every(hasVerdict)).toBe(true),
    })
  })

  it('a caller who goes away never fails another', async () => {
    const crowd = ownWith(
      fc.tuple(fc.array(fc.boolean(), { minLength: 2, maxLength: 6 }), fc.constantFrom(0, 0.3)),
      'callers that stay',
      async (world, [stays, later]) => {
        await world.settle()
        const route = protect(world.api)(() => new Response('ok'))
        const headers = { authorization: `Bearer ${world.supplies.good('a', 0)}` }
        const callers = stays.map(() => new AbortController())
        const answers = callers.map(({ signal }) =>
          Promise.resolve(route(new Request('https://api.test/', { headers, signal }))),
        )
        await turns()
        stays.forEach((stay, index) => {
          if (!stay) callers[index]?.abort()
        })
        await world.time.advance(later)
        await world.time.until(Promise.all(answers))
        // Judged alike, whoever left: by what the issuer gave.
        const expected = world.usable()?.includes(0) === true ? 200 : 503
        for (const answer of answers) expect((await answer).status).toBe(expected)
      },
    )
    await holds(made, [crowd, crowd, advance(900), advance(5000), behave('up', 'down', 'hang')], {})
  })
})

function hasVerdict({ verdict }: { readonly verdict: string | undefined }): boolean {
  return verdict !== undefined
}
