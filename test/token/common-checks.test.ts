import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkCommon } from '../../src/token/common-checks.ts'
import type { JwtHeader } from '../../src/types.ts'
import { tries } from '../support/tries.ts'
import { outcome, stepsOf } from './decision.ts'
import { verdict } from './verdict.ts'

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

  it('tells of each check what is asked for and what is there', () => {
    const claims = { token_use: 'access', typ: 'Bearer', sub: 's' }
    expect(
      stepsOf((trace) => {
        checkCommon({ header: { alg: 'RS256' }, claims }, trace)
      }),
    ).toEqual([
      {
        name: 'known algorithm',
        ok: true,
        claim: 'alg',
        expected: 'a signature algorithm that is in use (RFC 7518)',
        actual: 'RS256',
      },
      { name: 'foreign claims', ok: true },
      { name: 'token use', ok: true, claim: 'token_use', expected: 'access', actual: 'string' },
      { name: 'payload type', ok: true, claim: 'typ', expected: 'no other kind of token', actual: 'Bearer' },
      { name: 'claim types', ok: true },
    ])
  })

  it.each([
    [
      'none',
      {},
      'algorithm',
      {
        name: 'known algorithm',
        claim: 'alg',
        expected: 'a signature algorithm that is in use (RFC 7518)',
        actual: 'none',
        hint: 'the token is not signed, as those of emulators are',
      },
    ],
    [
      'RS256',
      { sub: 's', events: {} },
      'type',
      {
        name: 'foreign claims',
        claim: 'events',
        expected: 'absent',
        actual: 'object',
        hint: 'a logout token: no API accepts it as an access token',
      },
    ],
    [
      'RS256',
      { token_use: 'id' },
      'type',
      {
        name: 'token use',
        claim: 'token_use',
        expected: 'access',
        actual: 'string',
        hint: expect.stringMatching(/^an ID token/) as string,
      },
    ],
    [
      'RS256',
      { typ: 'Refresh' },
      'type',
      {
        name: 'payload type',
        claim: 'typ',
        expected: 'no other kind of token',
        actual: 'Refresh',
        hint: expect.stringMatching(/^a refresh token/) as string,
      },
    ],
    [
      'RS256',
      { sub: 's', scp: [7] },
      'claim',
      {
        name: 'claim types',
        claim: 'scp',
        expected: 'string or list of strings',
        actual: 'list',
        hint: 'a claim that decisions depend on must have its registered type: ask the issuer to write it so',
      },
    ],
  ])('refuses %s with %j as %s and tells why', (alg, claims, reason, step) => {
    const subject = { header: { alg }, claims }
    expect(
      outcome(() => {
        checkCommon(subject)
      }),
    ).toBe(reason)
    const steps = stepsOf((trace) => {
      checkCommon(subject, trace)
    })
    expect(steps.at(-1)).toEqual({ ok: false, ...step })
  })

  const [text, list] = [
    ['x', ''],
    [[], ['read', 'write']],
  ]
  const [object, other] = [
    [{}, { jkt: 'x' }],
    [7, true, null, ['read', 7], [null]],
  ]
  it.each<[string, readonly string[], readonly unknown[], readonly unknown[]]>([
    [
      'is a string',
      ['sub', 'jti', 'client_id', 'azp', 'cid', 'appid', 'sid'],
      text,
      [...list, ...object, ...other],
    ],
    ['is a string or strings', ['scope', 'scp'], [...text, ...list], [...object, ...other]],
    ['is an object', ['cnf', 'act'], object, [...text, ...list, ...other]],
    ['has a known use', ['token_use'], ['access'], ['id', 'Access', ...text, ...list, ...object, ...other]],
    [
      'is no other kind',
      ['typ'],
      ['Bearer', 'id', ...text, ...list, ...object, ...other],
      ['ID', 'Refresh', 'Offline', 'Logout'],
    ],
    [
      'is absent',
      ['at_hash', 'c_hash', 's_hash', 'events', 'vp', 'token_introspection'],
      [],
      [undefined, ...text, ...list, ...object, ...other],
    ],
    ['is any value', ['iss', 'email', 'constructor'], [...text, ...list, ...object, ...other], []],
  ])('passes a claim where it %s: %j', (_what, claims, good, bad) => {
    for (const name of claims) {
      const reasonOf = (value: unknown): unknown =>
        outcome(() => {
          checkCommon({ header: { alg: 'RS256' }, claims: { exp: 1, [name]: value } })
        })
      expect([name, good.map(reasonOf)]).toEqual([name, good.map(() => undefined)])
      const reason = ['token_use', 'typ'].includes(name) || good.length === 0 ? 'type' : 'claim'
      expect([name, bad.map(reasonOf)]).toEqual([name, bad.map(() => reason)])
    }
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

describe('a key that a token is bound to', () => {
  it.each([{ cnf: { jkt: 'x' } }, { cnf: { 'x5t#S256': 'x' } }, { cnf: {} }, { cnf: { kid: 'x' } }])(
    'is refused as a plain Bearer token: %o',
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
