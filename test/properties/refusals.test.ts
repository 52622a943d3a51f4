import diagnostics from 'node:diagnostics_channel'
import fc from 'fast-check'
import {
  allOf,
  anyOf,
  type Auth,
  channelNames,
  createResourceServer,
  ForbiddenError,
  type Guard,
  not,
} from 'oauth-resource-server'
import * as fetchAdapter from 'oauth-resource-server/fetch'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { hosts, type AdapterGuards, type Host } from '../support/hosts.ts'

vi.setConfig({ testTimeout: 60_000 })

// Whatever guards do among themselves, a refused request is reported once, and one that is allowed is not.

/** A guard, described. */
type Tree =
  | { readonly kind: 'allow' | 'false' | 'fresh' | 'shared' }
  | { readonly kind: 'caught' | 'later' | 'not' | 'again'; readonly of: Tree }
  | { readonly kind: 'asks'; readonly of: Tree; readonly way: number }
  | { readonly kind: 'anyOf' | 'allOf'; readonly parts: readonly Tree[] }

const leaf = fc.constantFrom<Tree>(
  { kind: 'allow' },
  { kind: 'false' },
  { kind: 'fresh' },
  { kind: 'shared' },
)

/** @param pauses whether a guard may wait before it asks another one */
const treesWith = (pauses: boolean): fc.Arbitrary<Tree> =>
  fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, depthSize: 'medium' },
      leaf,
      fc.record({
        kind: fc.constantFrom('caught' as const, 'not' as const, 'again' as const),
        of: tie('tree'),
      }),
      fc.record({ kind: fc.constant('asks' as const), of: tie('tree'), way: fc.nat(9) }),
      pauses
        ? fc.record({ kind: fc.constant('later' as const), of: tie('tree') })
        : // What a guard asks after anyOf() decided without it belongs to nothing any more.
          fc.record({
            kind: fc.constantFrom('anyOf' as const, 'allOf' as const),
            parts: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
          }),
    ),
  })).tree
const trees = fc.oneof(treesWith(true), treesWith(false))

function allows(tree: Tree): boolean {
  switch (tree.kind) {
    case 'allow':
    case 'caught':
      return true
    case 'false':
    case 'fresh':
    case 'shared':
      return false
    case 'not':
      return !allows(tree.of)
    case 'again':
    case 'later':
    case 'asks':
      return allows(tree.of)
    case 'anyOf':
      return tree.parts.some(allows)
    case 'allOf':
      return tree.parts.every(allows)
  }
}

const shared: ForbiddenError = Object.freeze(new ForbiddenError('role'))

/** Asks one guard from within another. Ways differ in how the caller is passed. */
type Ask = (guard: Guard, auth: Auth, request: unknown, way: number) => unknown

function guardOf(tree: Tree, ask: Ask): Guard {
  switch (tree.kind) {
    case 'allow':
      return () => true
    case 'false':
      return () => false
    case 'fresh':
      return () => {
        throw new ForbiddenError()
      }
    case 'shared':
      return () => {
        throw shared
      }
    case 'not':
      return not(guardOf(tree.of, ask))
    case 'anyOf':
      return anyOf(...tree.parts.map((part) => guardOf(part, ask)))
    case 'allOf':
      return allOf(...tree.parts.map((part) => guardOf(part, ask)))
    case 'later': {
      const guard = guardOf(tree.of, ask)
      return async (auth, request) => {
        await new Promise((resolve) => setImmediate(resolve))
        return await guard(auth, request)
      }
    }
    case 'asks': {
      const guard = guardOf(tree.of, ask)
      return async (auth, request) => {
        await ask(guard, auth, request, tree.way)
        return true
      }
    }
    case 'again': {
      const guard = guardOf(tree.of, ask)
      return async (auth, request) => {
        const results = [ask(guard, auth, request, 0), ask(guard, auth, request, 0)]
        // Not left behind: what is asked after a guard allowed belongs to nothing any more.
        await Promise.allSettled(results)
        await Promise.all(results)
        return true
      }
    }
    case 'caught': {
      const guard = guardOf(tree.of, ask)
      return async (auth, request) => {
        try {
          await ask(guard, auth, request, 0)
        } catch {
          // Another way to be allowed.
        }
        return true
      }
    }
  }
}

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const hook: unknown[] = []
const channel: unknown[] = []
const note = (message: unknown): void => void channel.push(message)
const api = createResourceServer({ ...issuer.options, onRefused: (error) => hook.push(error) })
const token = await issuer.sign()
const headers = { authorization: `Bearer ${token}` }
beforeAll(() => diagnostics.subscribe(channelNames.refused, note))
afterAll(() => void diagnostics.unsubscribe(channelNames.refused, note))

/** How many refusals are reported meanwhile. */
async function reported(work: () => Promise<unknown>): Promise<readonly number[]> {
  hook.length = channel.length = 0
  await work()
  await new Promise((resolve) => setImmediate(resolve))
  return [hook.length, channel.length]
}

const concurrent = fc.array(trees, { minLength: 1, maxLength: 4 })
const refusalsIn = (list: readonly Tree[]): number => list.filter((tree) => !allows(tree)).length

// api.authorize() has no request to pass on.
const askApi: Ask = (guard, auth, request) => api.authorize(auth, (it) => guard(it, request))

describe('refusals are reported once each', () => {
  it('by api.authorize(), for the same caller at the same time', async () => {
    const auth = await api.verify(token)
    await fc.assert(
      fc.asyncProperty(concurrent, async (list) => {
        const count = await reported(() =>
          Promise.allSettled(list.map((tree) => api.authorize(auth, guardOf(tree, askApi)))),
        )
        expect(count).toEqual([refusalsIn(list), refusalsIn(list)])
      }),
      { numRuns: 300 },
    )
  })

  it('by api.authorize(), also where guards ask about the caller from outside before they wait', async () => {
    const auth = await api.verify(token)
    const askOuter: Ask = (guard, given, request, way) =>
      askApi(guard, way % 2 === 0 ? given : auth, request, 0)
    await fc.assert(
      fc.asyncProperty(fc.array(treesWith(false), { minLength: 1, maxLength: 4 }), async (list) => {
        const count = await reported(() =>
          Promise.allSettled(list.map((tree) => api.authorize(auth, guardOf(tree, askOuter)))),
        )
        expect(count).toEqual([refusalsIn(list), refusalsIn(list)])
      }),
      { numRuns: 200 },
    )
  })

  it('by api.authenticate() with guards', async () => {
    await fc.assert(
      fc.asyncProperty(concurrent, async (list) => {
        const count = await reported(() =>
          Promise.allSettled(list.map((tree) => api.authenticate({ headers }, guardOf(tree, askApi)))),
        )
        expect(count).toEqual([refusalsIn(list), refusalsIn(list)])
      }),
      { numRuns: 200 },
    )
  })

  it('by guards that are called alone on fetch servers', async () => {
    const verify = fetchAdapter.verifyJwt(api)
    const askFetch: Ask = (guard, auth, request, way) =>
      way % 2 === 0
        ? fetchAdapter.authorize(guard)(auth, request as Request)
        : askApi(guard, auth, request, 0)
    await fc.assert(
      fc.asyncProperty(concurrent, async (list) => {
        const request = new Request('http://api.test/', { headers })
        const auth = (await verify(request)) as Auth
        const count = await reported(() =>
          Promise.allSettled(
            list.map(async (tree) => fetchAdapter.authorize(guardOf(tree, askFetch))(auth, request)),
          ),
        )
        expect(count).toEqual([refusalsIn(list), refusalsIn(list)])
      }),
      { numRuns: 200 },
    )
  })

  it('by protect(), whose guards call guards with the caller of getAuth(), or none', async () => {
    const askFetch: Ask = (guard, auth, given, way) => {
      const request = given as Request
      if (way === 0) return fetchAdapter.authorize(guard)(auth, request)
      if (way === 1) return fetchAdapter.authorize(guard)(undefined as unknown as Auth, request)
      return way === 2
        ? fetchAdapter.authorize(guard)(fetchAdapter.getAuth(request), request)
        : askApi(guard, fetchAdapter.getAuth(request), request, 0)
    }
    await fc.assert(
      fc.asyncProperty(concurrent, async (list) => {
        const count = await reported(async () => {
          const responses = await Promise.all(
            list.map((tree) => {
              const handler = fetchAdapter.protect(api, guardOf(tree, askFetch))(() => new Response('ok'))
              return handler(new Request('http://api.test/', { headers }))
            }),
          )
          expect(responses.map(({ status }) => status)).toEqual(
            list.map((tree) => (allows(tree) ? 200 : 403)),
          )
        })
        expect(count).toEqual([refusalsIn(list), refusalsIn(list)])
      }),
      { numRuns: 200 },
    )
  })

  describe.each(Object.entries(hosts))('on %s', (_name, start) => {
    let current: Tree = { kind: 'allow' }
    let host: Host
    beforeAll(async () => {
      const byHeader: Guard = (auth, request) => guardOf(current, askApi)(auth, request)
      host = await start(api, { routes: { '/it': (guards: AdapterGuards) => guards.authorize(byHeader) } })
      return () => host.close()
    })

    it('with guards of every shape', async () => {
      await fc.assert(
        fc.asyncProperty(trees, async (tree) => {
          current = tree
          const count = await reported(async () => {
            const { status } = await fetch(`${host.origin}/it`, { headers })
            expect(status).toBe(allows(tree) ? 200 : 403)
          })
          expect(count).toEqual(allows(tree) ? [0, 0] : [1, 1])
        }),
        { numRuns: 60 },
      )
    })
  })
})
