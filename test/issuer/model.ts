import fc from 'fast-check'
import { createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer, type TestJwk } from 'oauth-resource-server/testing'
import {
  type Answer,
  hang,
  type Network,
  network,
  publishes,
  refuse,
  says,
  status,
  verdict,
  type VirtualTime,
  virtualTime,
} from '../support/world.ts'

/** Seconds a key set is fresh, and goes on after that, when the issuer says nothing. */
export const freshFor = 600
export const staleFor = 3600

export type IssuerName = 'a' | 'b'

/** How the network may treat a call. */
export const behaviours = {
  up: (issuer: { jwks: object }): Answer => publishes(issuer),
  down: () => refuse,
  '503': () => status(503),
  busy: () => status(429, { 'retry-after': '20' }),
  hang: () => hang,
  html: () => says('<!doctype html>'),
  empty: () => says({ keys: [] }),
} satisfies Record<string, (issuer: { jwks: object }) => Answer>

export type Behaviour = keyof typeof behaviours

/** Keys and tokens that are made once: making them anew for each run would take all the time. */
export interface Supplies {
  /** The public keys of each issuer; both use the same key ids. */
  readonly keys: Readonly<Record<IssuerName, readonly TestJwk[]>>
  /** A good token of an issuer under one of its keys. */
  readonly good: (issuer: IssuerName, key: number) => string
  /** A token that names an issuer, signed by the key of the other. */
  readonly crossed: (issuer: IssuerName, key: number) => string
  /** A token under a key id that nobody has. */
  readonly forged: (kid: number) => string
}

export const keysPerIssuer = 4
export const forgedIds = 40
const start = Date.UTC(2030, 0, 1)

/** Makes the {@link Supplies}. */
export async function supplies(): Promise<Supplies> {
  const exp = start / 1000 + 1e8
  const signers: Record<IssuerName, TestIssuer[]> = { a: [], b: [] }
  for (const name of ['a', 'b'] as const) {
    for (let key = 0; key < keysPerIssuer; key++) {
      const issuer = `https://${name}.test`
      signers[name].push(await createTestIssuer({ issuer, algorithms: ['RS256'], now: () => start }))
    }
  }
  const signed = async (issuer: IssuerName, by: IssuerName): Promise<string[]> =>
    Promise.all(
      signers[by].map((it, key) => it.sign({ iss: `https://${issuer}.test`, exp }, { kid: `k${key}` })),
    )
  const tokens = {
    a: { good: await signed('a', 'a'), crossed: await signed('a', 'b') },
    b: { good: await signed('b', 'b'), crossed: await signed('b', 'a') },
  }
  const [first] = signers.a as [TestIssuer]
  const forged = await Promise.all(
    Array.from({ length: forgedIds }, (_, id) => first.sign({ exp }, { kid: `forged-${id}` })),
  )
  const keysOf = (name: IssuerName): TestJwk[] =>
    signers[name].map(({ jwks }, key) => ({ ...(jwks.keys[0] as TestJwk), kid: `k${key}` }))
  return {
    keys: { a: keysOf('a'), b: keysOf('b') },
    good: (issuer, key) => tokens[issuer].good[key] as string,
    crossed: (issuer, key) => tokens[issuer].crossed[key] as string,
    forged: (kid) => forged[kid] as string,
  }
}

/** A request and what became of it. */
export interface Request {
  readonly issuer: IssuerName
  /** Number of the key; -1 where nobody has it. */
  readonly key: number
  readonly sentAt: number
  endedAt: number
  /** Undefined while it waits. */
  verdict: string | undefined
}

/** The last good answer an issuer gave, which is all the model remembers of it. */
export interface Given {
  readonly at: number
  readonly keys: readonly number[]
}

/** The library among issuers and callers that do as the commands say, with the model beside it. */
export class World {
  readonly time: VirtualTime
  readonly net: Network
  readonly api: ResourceServer
  readonly supplies: Supplies
  readonly requests: Request[] = []
  readonly pending = new Set<Promise<unknown>>()
  /** What each issuer publishes now: numbers of keys. */
  readonly published: Record<IssuerName, readonly number[]> = { a: [0], b: [0] }
  /** The last time each key of issuer a was published. */
  readonly publishedUntil = new Map<number, number>()
  readonly given: Partial<Record<IssuerName, Given>> = {}
  readonly open: Record<IssuerName, { now: number; most: number }> = {
    a: { now: 0, most: 0 },
    b: { now: 0, most: 0 },
  }
  behaviour: Behaviour = 'up'
  /** The last moment at which the network was not up. */
  lastTrouble = -Infinity

  constructor(made: Supplies, chance = 0) {
    this.supplies = made
    this.time = virtualTime(start)
    this.time.chance = chance
    this.net = network(async (call) => {
      const name = new URL(call.url).hostname.charAt(0) as IssuerName
      const open = this.open[name]
      open.now += 1
      open.most = Math.max(open.most, open.now)
      const keys = this.published[name]
      try {
        const answer = await behaviours[this.behaviour](this.jwksOf(name))(call)
        if (this.behaviour === 'up') this.given[name] = { at: this.now, keys }
        return answer
      } finally {
        open.now -= 1
      }
    })
    this.api = createResourceServer({
      audience: 'https://api.test',
      issuers: ['a', 'b'].map((name) => ({
        issuer: `https://${name}.test`,
        jwksUri: `https://${name}.test/jwks`,
      })),
      fetch: this.net.fetch,
      now: this.time.now,
    })
  }

  /** Seconds since the start. */
  get now(): number {
    return (this.time.now() - start) / 1000
  }

  private jwksOf(name: IssuerName): { jwks: object } {
    return { jwks: { keys: this.published[name].map((key) => this.supplies.keys[name][key]) } }
  }

  /** Keys the library was last given, while they may be used. */
  usable(name: IssuerName = 'a'): readonly number[] | undefined {
    const given = this.given[name]
    return given !== undefined && this.now < given.at + freshFor + staleFor ? given.keys : undefined
  }

  /** Fetches that were begun. */
  fetches(name: IssuerName = 'a'): number {
    return this.api.health().issuers[`https://${name}.test`]?.counters.fetches ?? 0
  }

  /** Sends a token without waiting for the verdict. */
  send(token: string, issuer: IssuerName, key: number): Request {
    const request: Request = { issuer, key, sentAt: this.now, endedAt: NaN, verdict: undefined }
    this.requests.push(request)
    const outcome = verdict(this.api.verify(token)).then((result) => {
      request.verdict = result
      request.endedAt = this.now
    })
    this.pending.add(outcome)
    void outcome.finally(() => this.pending.delete(outcome))
    return request
  }

  sendGood(key: number, issuer: IssuerName = 'a'): Request {
    return this.send(this.supplies.good(issuer, key), issuer, key)
  }

  /** Waits for every request, moving the clock no further than needed. */
  async settle(): Promise<void> {
    await this.time.until(Promise.all(this.pending))
  }

  publish(keys: readonly number[], name: IssuerName = 'a'): void {
    if (name === 'a') for (const key of this.published.a) this.publishedUntil.set(key, this.now)
    this.published[name] = keys
  }

  behave(behaviour: Behaviour): void {
    if (this.behaviour !== 'up') this.lastTrouble = this.now
    this.behaviour = behaviour
    if (behaviour !== 'up') this.lastTrouble = this.now
  }
}

type Command = fc.AsyncCommand<object, World>

/** A command that can always be run; what it proves, it asserts itself. */
function command(name: string, run: (world: World) => Promise<void> | void): Command {
  return { check: () => true, toString: () => name, run: async (_model, world) => run(world) }
}

const key = fc.nat({ max: keysPerIssuer - 1 })

/** The commands a property may be made of. */
export const commands = {
  advance: (longest: number) =>
    fc
      .oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: longest * 1000 }))
      .map((ms) => command(`advance ${ms / 1000}s`, (world) => world.time.advance(ms / 1000))),
  behave: (...names: Behaviour[]) =>
    fc.constantFrom(...names).map((name) => command(`network ${name}`, (world) => world.behave(name))),
  publish: fc
    .uniqueArray(key, { minLength: 1 })
    .map((keys) => command(`publish ${keys.join()}`, (world) => world.publish(keys))),
  good: key.map((number) =>
    command(`token of key ${number}`, async (world) => {
      world.sendGood(number)
      await world.time.advance(0)
    }),
  ),
  goodAndWait: key.map((number) =>
    command(`token of key ${number}, waited for`, async (world) => {
      world.sendGood(number)
      await world.settle()
    }),
  ),
  forged: fc.nat({ max: forgedIds - 1 }).map((id) =>
    command(`forged id ${id}`, async (world) => {
      world.send(world.supplies.forged(id), 'a', -1)
      await world.time.advance(0)
    }),
  ),
  own: (name: string, run: (world: World) => Promise<void> | void) => fc.constant(command(name, run)),
  ownWith: <T>(
    values: fc.Arbitrary<T>,
    name: string,
    run: (world: World, value: T) => Promise<void> | void,
  ) => values.map((value) => command(`${name} ${JSON.stringify(value)}`, (world) => run(world, value))),
}

/** How a property is run. */
export interface Run {
  /** Checked after every command. */
  readonly always?: (world: World) => void
  /** Checked once every request has its verdict. */
  readonly finally?: (world: World) => void
  readonly before?: (world: World) => Promise<void>
}

/** Runs a property 600 times over sequences of commands; a failure prints its seed and path. */
export async function holds(made: Supplies, mix: fc.Arbitrary<Command>[], run: Run): Promise<void> {
  const sequences = fc.commands(mix, { maxCommands: 12, size: 'max' })
  const chances = fc.constantFrom(0, 0.5, 0.999_999)
  await fc.assert(
    fc.asyncProperty(chances, sequences, async (chance, sequence) => {
      const world = new World(made, chance)
      await run.before?.(world)
      const checked = [...sequence].map((one): Command => ({
        check: () => true,
        toString: () => String(one),
        run: async (model, real) => {
          await one.run(model, real)
          run.always?.(real)
        },
      }))
      await fc.asyncModelRun(() => ({ model: {}, real: world }), checked)
      await world.settle()
      run.finally?.(world)
    }),
    { numRuns: 600 },
  )
}
