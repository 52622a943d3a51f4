import fc from 'fast-check'
import {
  allOf,
  anyOf,
  anyRole,
  anyScope,
  type Auth,
  claim,
  createResourceServer,
  type Guard,
  isAuthError,
  not,
  role,
  scope,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'

vi.setConfig({ testTimeout: 60_000 })

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const api = createResourceServer(issuer.options)

// Names that a careless comparison would take for one another.
const name = fc.constantFrom(
  'read',
  'Read',
  'read:all',
  'rea',
  'read.',
  'write',
  'admin',
  'a',
  'constructor',
  '__proto__',
  '*',
)
const names = fc.array(name, { maxLength: 5 })
const some = fc.array(name, { minLength: 1, maxLength: 4 })

const scopeClaims = fc.oneof(
  fc
    .tuple(names, fc.constantFrom(' ', '  '))
    .map(([held, space]) => ({ held, claims: { scope: held.join(space) } })),
  names.map((held) => ({ held, claims: { scope: held } })),
  names.map((held) => ({ held, claims: { scp: held } })),
  names.map((held) => ({ held, claims: { scp: held.join(' ') } })),
  fc.tuple(names, names).map(([held, others]) => ({ held, claims: { scope: held.join(' '), scp: others } })),
  fc.constant({ held: [] as string[], claims: {} }),
)
const roleClaims = fc.oneof(
  names.map((held) => ({ held, claims: { roles: held } })),
  name.map((one) => ({ held: [one], claims: { roles: one } })),
  name.map((one) => ({ held: [one], claims: { role: one } })),
  names.map((held) => ({ held, claims: { roles: held.map((value) => ({ value, display: 'x' })) } })),
  fc.tuple(names, names).map(([held, others]) => ({ held, claims: { roles: held, role: others } })),
  fc.tuple(names, fc.constantFrom(1, null, { name: 'admin' }, ['admin'])).map(([held, odd]) => ({
    held,
    claims: { roles: [...held, odd] },
  })),
  fc.constant({ held: [] as string[], claims: {} }),
)

async function authWith(claims: Record<string, unknown>): Promise<Auth> {
  return api.verify(await issuer.sign(claims))
}

async function allows(guard: Guard, auth: Auth): Promise<boolean> {
  try {
    return await guard(auth, undefined)
  } catch (error) {
    if (!isAuthError(error)) throw error
    expect(error.status).toBe(403)
    return false
  }
}

describe('guards', () => {
  it('ask for scopes by exact name, however the token writes them', async () => {
    await fc.assert(
      fc.asyncProperty(scopeClaims, some, async ({ held, claims }, wanted) => {
        const auth = await authWith(claims)
        expect([...auth.scopes]).toEqual([...new Set(held)])
        expect(await allows(scope(...wanted), auth)).toBe(wanted.every((one) => held.includes(one)))
        expect(await allows(scope(wanted), auth)).toBe(wanted.every((one) => held.includes(one)))
        expect(await allows(anyScope(...wanted), auth)).toBe(wanted.some((one) => held.includes(one)))
      }),
      { numRuns: 500 },
    )
  })

  it('ask for roles by exact name, however the token writes them', async () => {
    await fc.assert(
      fc.asyncProperty(roleClaims, some, async ({ held, claims }, wanted) => {
        const auth = await authWith(claims)
        expect([...auth.roles]).toEqual([...new Set(held)])
        expect(await allows(role(...wanted), auth)).toBe(wanted.every((one) => held.includes(one)))
        expect(await allows(anyRole(...wanted), auth)).toBe(wanted.some((one) => held.includes(one)))
      }),
      { numRuns: 500 },
    )
  })

  it('compare claims by value, and a list by its entries', async () => {
    const value = fc.constantFrom('x', 'X', 1, '1', true, 'true', null, 0, '')
    const path = fc.constantFrom<readonly [string, readonly string[]]>(
      ['a', ['a']],
      ['a.b', ['a.b']],
      ['/a', ['a']],
      ['/a/b', ['a', 'b']],
      ['/a~1b', ['a/b']],
      ['a/b', ['a/b']],
    )
    await fc.assert(
      fc.asyncProperty(
        path,
        path,
        fc.oneof(value, fc.array(value)),
        fc.array(value, { minLength: 1, maxLength: 3 }),
        async ([, written], [asked, steps], held, expected) => {
          const auth = await authWith(
            written.reduceRight<unknown>((inner, step) => ({ [step]: inner }), held) as never,
          )
          const there = steps.join() === written.join()
          const holds = there && (Array.isArray(held) ? held : [held]).some((one) => expected.includes(one))
          expect(await allows(claim(asked, expected), auth)).toBe(holds)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('combine as and, or and not', async () => {
    interface Formula {
      readonly guard: Guard
      readonly holds: (held: readonly string[]) => boolean
    }
    const later = (guard: Guard, wait: boolean): Guard =>
      wait ? async (auth, request) => Promise.resolve(auth).then(() => guard(auth, request)) : guard
    const { formula } = fc.letrec<{ formula: Formula; leaf: Formula }>((tie) => ({
      leaf: fc.tuple(name, fc.boolean(), fc.boolean()).map(([one, wait, byRole]) => ({
        guard: later(byRole ? role(one) : scope(one), wait),
        holds: (held: readonly string[]) => held.includes(one),
      })),
      formula: fc.oneof(
        { maxDepth: 3 },
        tie('leaf'),
        fc.array(tie('formula'), { minLength: 1, maxLength: 3 }).map((all) => ({
          guard: allOf(...all.map(({ guard }) => guard)),
          holds: (held: readonly string[]) => all.every(({ holds }) => holds(held)),
        })),
        fc.array(tie('formula'), { minLength: 1, maxLength: 3 }).map((any) => ({
          guard: anyOf(...any.map(({ guard }) => guard)),
          holds: (held: readonly string[]) => any.some(({ holds }) => holds(held)),
        })),
        tie('formula').map(({ guard, holds }) => ({
          guard: not(guard),
          holds: (held: readonly string[]) => !holds(held),
        })),
      ),
    }))
    await fc.assert(
      fc.asyncProperty(formula, names, async ({ guard, holds }, held) => {
        expect(await allows(guard, await authWith({ scope: held, roles: held }))).toBe(holds(held))
      }),
      { numRuns: 500 },
    )
  })
})
