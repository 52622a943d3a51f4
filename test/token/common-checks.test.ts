import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkCommon } from '../../src/token/common-checks.ts'
import type { JwtHeader } from '../../src/types.ts'
import { tries } from '../support/tries.ts'
import { verdict } from './verdict.ts'

/** What a check comes to: undefined, or the reason of the refusal. */
function outcome(check: () => void): unknown {
  try {
    check()
    return undefined
  } catch (error) {
    return (error as { reason: unknown }).reason
  }
}

const names = [
  ...['at_hash', 'c_hash', 's_hash', 'events', 'vp', 'token_introspection', 'token_use', 'typ', 'sub', 'jti'],
  ...['client_id', 'azp', 'cid', 'appid', 'sid', 'cnf', 'act', 'scope', 'scp', 'iss', 'email', '__proto__x'],
]
const values = fc.oneof(
  fc.constantFrom<unknown>('access', 'id', 'Bearer', 'ID', 'Refresh', 'Offline', 'Logout', 'x', '', null, 7),
  fc.constantFrom<unknown>({}, { jkt: 'x' }, [], ['read'], [7], true),
)

describe('checkCommon()', () => {
  it('decides without its checks as it does with them', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names), values, { maxKeys: 4 }),
        fc.constantFrom('RS256', 'ES256', 'none', 'HS256', 'toString', ''),
        (claims, alg) => {
          const subject = { header: { alg } as JwtHeader, claims }
          const steps: boolean[] = []
          const full = outcome(() => checkCommon(subject, ({ ok }) => void steps.push(ok)))
          expect(outcome(() => checkCommon(subject))).toBe(full)
          expect(steps.every((ok) => ok)).toBe(full === undefined)
        },
      ),
      { numRuns: tries(10_000) },
    )
  })

  it.each([
    [{}, undefined],
    [{ typ: 'Bearer', token_use: 'access', sub: 's', scope: ['a'], cnf: {} }, undefined],
    [{ typ: 'anything else' }, undefined],
    [{ typ: 'ID' }, 'type'],
    [{ token_use: 'id' }, 'type'],
    [{ at_hash: undefined }, 'type'],
    [{ sub: 7 }, 'claim'],
    [{ act: [] }, 'claim'],
  ])('judges %o as %s', (claims, expected) => {
    expect(outcome(() => checkCommon({ header: { alg: 'RS256' }, claims }))).toBe(expected)
  })
})

describe('the types of claims', () => {
  const texts = ['sub', 'jti', 'client_id', 'azp', 'cid', 'appid', 'sid']
  it.each(texts)('refuses a %s that is no text, never counts it as absent', async (name) => {
    for (const value of [7, null, true, [], {}]) expect(await verdict({ [name]: value })).toBe('claim')
  })

  it.each([
    { act: 'someone' },
    { act: null },
    { act: ['someone'] },
    { cnf: null },
    { cnf: 'x' },
    { cnf: [] },
    { scope: 7 },
    { scope: null },
    { scope: ['read', 7] },
    { scope: { read: true } },
    { scope: undefined, scp: 7 },
    { scope: 'read', scp: 7 },
    { scope: 'read', scp: [7] },
  ])('refuses %o', async (claims) => {
    expect(await verdict(claims)).toBe('claim')
  })

  it.each([{ cnf: { jkt: 'x' } }, { cnf: { 'x5t#S256': 'x' } }, { cnf: {} }, { cnf: { kid: 'x' } }])(
    'refuses %o as a plain Bearer token',
    async (claims) => {
      expect(await verdict(claims)).toBe('binding')
    },
  )
})

describe('E1 claims that nothing depends on', () => {
  it.each([
    { amr: 'pwd' },
    { amr: [{ method: 'password', timestamp: 1 }] },
    { amr: [7] },
    { auth_time: '2026-11-27T19:00:00Z' },
    { auth_time: '0' },
    { auth_time: 1e300 },
    { acr: 7 },
    { acr: null },
    { sub_id: 7 },
    { name: [] },
  ])('are accepted in any shape: %o', async (claims) => {
    expect(await verdict(claims)).toBe(true)
  })
})
