import fc from 'fast-check'
import { createResourceServer, isAuthError, type ResourceServer } from 'oauth-resource-server'
import { createTestClock, createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'

// Both servers are to refresh their keys at the same moments, so nothing may be left to chance.
afterEach(() => void vi.restoreAllMocks())

type Step =
  | { readonly do: 'sign'; readonly exp: number; readonly nbf: number; readonly oldId: boolean }
  | { readonly do: 'present'; readonly token: number; readonly flaw: 'none' | 'signature' | 'payload' }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'rotate'; readonly keepOld: boolean }
  | { readonly do: 'withdraw' | 'fail' | 'heal' | 'replace' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('sign' as const),
      exp: fc.constantFrom(10, 3000, 100_000, 100_000),
      nbf: fc.constantFrom(0, 0, 60),
      oldId: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('present' as const),
      token: fc.nat(3),
      flaw: fc.constantFrom(
        'none' as const,
        'none' as const,
        'none' as const,
        'signature' as const,
        'payload' as const,
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      seconds: fc.constantFrom(-100, 1, 31, 61, 601, 601, 601, 4300),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rotate' as const), keepOld: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Step>({ do: 'withdraw' }, { do: 'fail' }, { do: 'heal' }, { do: 'replace' }),
  },
)

/** One issuer behind a network of its own, before two servers that differ in their memory only. */
interface World {
  readonly issuer: TestIssuer
  readonly apis: readonly [remembering: ResourceServer, forgetful: ResourceServer]
  readonly clock: ReturnType<typeof createTestClock>
  failing: boolean
  /** Ids under which other keys are published than before. */
  readonly renamed: Map<string, string>
}

async function createWorld(): Promise<World> {
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  const clock = createTestClock(1_800_000_000_000)
  const issuer = await createTestIssuer({ algorithms: ['EdDSA'], clock })
  const renamed = new Map<string, string>()
  const fetch: typeof globalThis.fetch = () => {
    // With Retry-After, so that nobody waits for a second try.
    if (world.failing)
      return Promise.resolve(new Response('', { status: 503, headers: { 'retry-after': '1' } }))
    const keys = issuer.jwks.keys.map((key) => ({ ...key, kid: renamed.get(key.kid) ?? key.kid }))
    return Promise.resolve(Response.json({ keys }))
  }
  const options = {
    issuer: issuer.issuer,
    audience: 'https://api.test',
    jwksUri: 'https://issuer.test/jwks',
    fetch,
    now: clock.now,
  }
  const world: World = {
    issuer,
    clock,
    renamed,
    failing: false,
    apis: [
      createResourceServer({ ...options, tokenCache: { max: 3, maxAge: 900 } }),
      createResourceServer({ ...options, tokenCache: false }),
    ],
  }
  return world
}

async function verdictOf(api: ResourceServer, token: string): Promise<string> {
  try {
    const { claims, header } = await api.verify(token)
    return JSON.stringify([header, claims])
  } catch (error) {
    if (!isAuthError(error)) throw error
    return `${error.status} ${error.reason}`
  }
}

function flawed(token: string, flaw: 'none' | 'signature' | 'payload'): string {
  if (flaw === 'none') return token
  const [header, payload, signature] = token.split('.') as [string, string, string]
  if (flaw === 'signature')
    return `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
  const other = Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url')
  return `${header}.${other}.${signature}`
}

/** Runs a step; the verdicts of both servers, where it presents a token. */
async function run(
  world: World,
  step: Step,
  tokens: string[],
): Promise<readonly [string, string] | undefined> {
  const { issuer, clock, apis, renamed } = world
  switch (step.do) {
    case 'sign': {
      const seconds = clock.now() / 1000
      const [newest, before] = issuer.jwks.keys
      const kid = step.oldId && before !== undefined ? before.kid : newest?.kid
      const known = kid === undefined ? undefined : (renamed.get(kid) ?? kid)
      tokens.unshift(await issuer.sign({ exp: seconds + step.exp, nbf: seconds + step.nbf }, { kid: known }))
      return undefined
    }
    case 'present': {
      const token = tokens[step.token]
      if (token === undefined) return undefined
      const presented = flawed(token, step.flaw)
      return [await verdictOf(apis[0], presented), await verdictOf(apis[1], presented)]
    }
    case 'wait':
      clock.advance(step.seconds)
      return undefined
    case 'rotate':
      await issuer.rotate({ keepOld: step.keepOld })
      return undefined
    case 'withdraw':
      issuer.withdraw()
      return undefined
    case 'replace': {
      // A new key in place of the old one, under the id the old one had.
      const old = issuer.jwks.keys[0]?.kid
      await issuer.rotate({ keepOld: false })
      const [fresh] = issuer.jwks.keys
      if (old !== undefined && fresh !== undefined) renamed.set(fresh.kid, renamed.get(old) ?? old)
      return undefined
    }
    case 'fail':
    case 'heal':
      world.failing = step.do === 'fail'
      return undefined
  }
}

describe('the memory of verified tokens', () => {
  it(
    'never changes a verdict, whatever becomes of tokens, time, keys and the network',
    { timeout: 120_000 },
    async () => {
      const verdicts = new Map<string, number>()
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 60, size: 'max' }), async (steps) => {
          const world = await createWorld()
          const tokens = [await world.issuer.sign({ exp: world.clock.now() / 1000 + 100_000 })]
          for (const one of steps) {
            const both = await run(world, one, tokens)
            // What was started in the background ends here, for both servers alike.
            await new Promise(setImmediate)
            if (both === undefined) continue
            expect(both[0]).toBe(both[1])
            const verdict = both[0].startsWith('[') ? 'accepted' : both[0]
            verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
          }
        }),
        { numRuns: 500 },
      )
      const expected = [
        'accepted',
        '401 expired',
        '401 not_yet_valid',
        '401 signature',
        '401 unknown_key',
        '503 unavailable',
      ]
      expect([...verdicts.keys()]).toEqual(expect.arrayContaining(expected))
    },
  )
})
