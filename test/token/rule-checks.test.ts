import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ClaimRules } from '../../src/options/rules.ts'
import { runChecks } from '../../src/token/check.ts'
import { checkRules, claimRuleChecks, clientOf } from '../../src/token/rule-checks.ts'
import { tries } from '../support/tries.ts'
import { outcome, stepsOf } from './decision.ts'
import { trusted } from './stages.ts'
import { type Changes, now, verdict } from './verdict.ts'

describe('checkRules()', () => {
  const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.option(value, { nil: undefined })
  const names = fc.constantFrom('a', 'b', 'c')
  const claims = fc.record(
    {
      aud: fc.oneof(names, fc.array(names), fc.constantFrom<unknown>(null, 7, ['a', 7])),
      nonce: names,
      client_id: fc.oneof(names, fc.constantFrom<unknown>(null, 7)),
      sub: fc.constantFrom('', 'user'),
      iat: fc.constant(now),
      jti: names,
      scope: names,
      tenant: fc.constantFrom<unknown>('t', null),
    },
    { requiredKeys: [] },
  )
  const rules = fc.record({
    audience: fc.option(fc.array(names, { minLength: 1 })),
    clients: optional(fc.array(names, { minLength: 1 })),
    profile: fc.constantFrom('compatible' as const, 'rfc9068' as const),
    tokenTypes: fc.constantFrom(['at+jwt'], ['at+jwt', 'jwt', undefined]),
    acceptNonce: fc.boolean(),
    requiredClaims: fc.constantFrom([], ['tenant']),
    clockTolerance: fc.constant(5),
    maxTokenAge: fc.constant(undefined),
  })

  it('decides without its checks one by one as it does with them', () => {
    fc.assert(
      fc.property(
        fc.record({ alg: fc.constantFrom('RS256', 'ES256'), typ: optional(fc.constantFrom('at+jwt', 'x')) }),
        claims,
        rules,
        ({ alg, typ }, ofToken, ofIssuer) => {
          const header = typ === undefined ? { alg } : { alg, typ }
          const subject = { header, claims: ofToken, rules: ofIssuer, algorithms: ['RS256' as const] }
          const steps: boolean[] = []
          const full = outcome(() => checkRules(subject, ({ ok }) => void steps.push(ok)))
          expect(outcome(() => checkRules(subject))).toBe(full)
          expect(steps.every((ok) => ok)).toBe(full === undefined)
        },
      ),
      { numRuns: tries(10_000) },
    )
  })
})

describe('each check of the rules', () => {
  const claims = { aud: 'https://api.test', client_id: 'c' }
  const check = (
    { header = {}, ...changes }: { readonly header?: Changes; readonly [claim: string]: unknown },
    rules: Partial<ClaimRules>,
  ) => {
    const subject = {
      header: { alg: 'ES256', typ: 'at+jwt', ...header },
      claims: { ...claims, ...changes },
      rules: { ...trusted().rules, ...rules },
      algorithms: ['ES256' as const],
    }
    return {
      reason: outcome(() => {
        checkRules(subject)
      }),
      steps: stepsOf((trace) => {
        checkRules(subject, trace)
      }),
    }
  }

  it('tells what is asked for and what is there', () => {
    const aud = 'https://api.test'
    expect(check({}, {})).toEqual({
      reason: undefined,
      steps: [
        { name: 'algorithm', ok: true, claim: 'alg', expected: ['ES256'], actual: 'ES256' },
        { name: 'type', ok: true, claim: 'typ', expected: ['at+jwt'], actual: 'at+jwt' },
        { name: 'nonce', ok: true, claim: 'nonce', expected: 'absent', actual: 'absent' },
        { name: 'audience', ok: true, claim: 'aud', expected: [aud], actual: aud },
        { name: 'required claims', ok: true },
        { name: 'client', ok: true, claim: 'client_id', expected: 'any client', actual: 'c' },
      ],
    })
  })

  it.each<[string, Changes, Partial<ClaimRules>, object]>([
    [
      'algorithm',
      { header: { alg: 'RS256' } },
      {},
      {
        name: 'algorithm',
        claim: 'alg',
        expected: ['ES256'],
        actual: 'RS256',
        hint: 'where the issuer signs with it on purpose, add it to algorithms',
      },
    ],
    [
      'type',
      { header: { typ: 'JWT' } },
      { tokenTypes: ['at+jwt', undefined] },
      {
        name: 'type',
        claim: 'typ',
        expected: ['at+jwt', 'absent'],
        actual: 'JWT',
        hint: 'where this is the typ of access tokens of the issuer, add it to tokenTypes',
      },
    ],
    [
      'type',
      { nonce: 'n', header: { typ: undefined } },
      { acceptNonce: true, tokenTypes: [undefined] },
      {
        name: 'nonce',
        claim: 'nonce',
        expected: 'absent, or in a token marked as an access token',
        actual: 'string',
        hint: 'nonce marks an ID token, which is for the client alone: send the access token',
      },
    ],
    [
      'audience',
      { aud: [] },
      {},
      {
        name: 'audience',
        claim: 'aud',
        expected: ['https://api.test'],
        actual: [],
        hint: expect.stringMatching(/^aud is empty/) as string,
      },
    ],
    [
      'claim',
      { sub: 's' },
      { profile: 'rfc9068' },
      {
        name: 'required claims',
        claim: 'iat',
        expected: 'present',
        hint: 'the profile rfc9068 requires it (RFC 9068 §2.2)',
      },
    ],
    [
      'claim',
      { tenant: null },
      { requiredClaims: ['tenant'] },
      {
        name: 'required claims',
        claim: 'tenant',
        expected: 'present',
        actual: 'null',
        hint: 'requiredClaims names it: ask the issuer to write it, or leave it out there',
      },
    ],
    [
      'claim',
      { client_id: null, azp: 'other' },
      { clients: ['c'] },
      {
        name: 'client',
        claim: 'azp',
        expected: ['c'],
        actual: 'other',
        hint: 'the token was issued to another client: where it may call this API, add it to clients',
      },
    ],
    [
      'claim',
      { client_id: undefined },
      { clients: ['c'] },
      {
        name: 'client',
        claim: 'client_id',
        expected: ['c'],
        hint: 'the token was issued to another client: where it may call this API, add it to clients',
      },
    ],
  ])('refuses as %s: %j with %j', (reason, changes, rules, step) => {
    const refused = check(changes, rules)
    expect(refused.reason).toBe(reason)
    expect(refused.steps.at(-1)).toEqual({ ok: false, ...step })
  })

  it('needs no header for the claims of an answer', () => {
    const rules = { ...trusted().rules, acceptNonce: true }
    const judged = (marks: object) =>
      outcome(() => {
        runChecks(claimRuleChecks, { claims: { ...claims, nonce: 'n', ...marks }, rules })
      })
    expect(judged({ token_use: 'access' })).toBeUndefined()
    expect(judged({})).toBe('type')
  })
})

it.each([
  [{ client_id: 'a', azp: 'b', cid: 'c', appid: 'd' }, 'a'],
  [{ client_id: null, azp: 'b', cid: 'c', appid: 'd' }, 'b'],
  [{ cid: 'c', appid: 'd' }, 'c'],
  [{ appid: 'd' }, 'd'],
  [{ client_id: 7, azp: 'b' }, undefined],
  [{}, undefined],
])('the client of %j is %s', (claims, client) => {
  expect(clientOf(claims)).toBe(client)
})

describe('the audience', () => {
  it.each([
    ['https://api.test', true],
    [['https://other.test', 'https://api.test'], true],
    ['https://api.test/', 'audience'],
    ['HTTPS://API.TEST', 'audience'],
    ['https://api.test https://other.test', 'audience'],
    [[], 'audience'],
    [[['https://api.test']], 'audience'],
    [['https://api.test', 7], 'audience'],
    [{ 'https://api.test': true }, 'audience'],
    [7, 'audience'],
    [null, 'audience'],
    [undefined, 'audience'],
  ])('%o is judged %s', async (aud, expected) => {
    expect(await verdict({ aud })).toBe(expected)
  })

  it('holds for any of our names', async () => {
    expect(await verdict({ aud: 'b' }, { audience: ['a', 'b'] })).toBe(true)
    expect(await verdict({ aud: 'c' }, { audience: ['a', 'b'] })).toBe('audience')
  })

  it('may be missing, but not malformed, where it is switched off beside clients', async () => {
    const options = { audience: null, clients: ['client-1'] }
    expect(await verdict({ aud: undefined }, options)).toBe(true)
    expect(await verdict({ aud: 'anything' }, options)).toBe(true)
    expect(await verdict({ aud: 7 }, options)).toBe('audience')
    expect(await verdict({ client_id: 'client-2' }, options)).toBe('claim')
  })
})

describe('the kind of token', () => {
  const types = ['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/AT+JWT']
  it.each(types)('takes `typ: %s` in either profile', async (typ) => {
    expect(await verdict({}, {}, { typ })).toBe(true)
    expect(await verdict({}, { profile: 'rfc9068' }, { typ })).toBe(true)
  })

  it.each(['JWT', 'jwt', 'application/jwt', undefined])(
    'takes `typ: %s` unless the profile is rfc9068 (RFC 9068 §4)',
    async (typ) => {
      expect(await verdict({}, {}, { typ })).toBe(true)
      expect(await verdict({}, { profile: 'rfc9068' }, { typ })).toBe('type')
    },
  )

  it.each([
    'dpop+jwt',
    'logout+jwt',
    'secevent+jwt',
    'token-introspection+jwt',
    'statuslist+jwt',
    'oauth-authz-req+jwt',
    'JOSE',
    '',
    ' at+jwt',
    'application/application/at+jwt',
    7,
    null,
  ])('refuses `typ: %s`', async (typ) => {
    expect(await verdict({}, {}, { typ })).toBe('type')
  })

  it.each([
    { nonce: 'n' },
    { nonce: null },
    { at_hash: 'h' },
    { c_hash: 'h' },
    { s_hash: 'h' },
    { events: {} },
    { token_use: 'id' },
    { token_use: null },
    { typ: 'ID' },
    { typ: 'Refresh' },
  ])('refuses what %o marks as another kind of token', async (claims) => {
    expect(await verdict(claims)).toBe('type')
  })

  it.each([{ token_use: 'access' }, { typ: 'Bearer' }, { auth_time: now }])(
    'takes an access token with %o',
    async (claims) => {
      expect(await verdict(claims)).toBe(true)
    },
  )
})

describe('E3 a nonce in an access token', () => {
  const marked = [
    [{ nonce: 'n' }, { typ: 'at+jwt' }],
    [{ nonce: 'n', typ: 'Bearer' }, { typ: 'JWT' }],
    [{ nonce: 'n', token_use: 'access' }, { typ: 'JWT' }],
    [{ nonce: 'n', scope: 'read' }, { typ: 'JWT' }],
    [{ nonce: 'n', scp: ['read'] }, { typ: undefined }],
  ] as const

  it.each(marked)('is refused without acceptNonce: %o %o', async (claims, header) => {
    expect(await verdict(claims, {}, header)).toBe('type')
  })

  it.each(marked)(
    'is accepted with acceptNonce where the token is marked as an access token: %o %o',
    async (claims, header) => {
      expect(await verdict(claims, { acceptNonce: true }, header)).toBe(true)
    },
  )

  it.each([
    [{ nonce: 'n' }, { typ: 'JWT' }],
    [{ nonce: 'n', typ: 'ID' }, { typ: 'at+jwt' }],
    [{ nonce: 'n', at_hash: 'h' }, { typ: 'at+jwt' }],
    [{ nonce: 'n', token_use: 'id', scope: 'read' }, { typ: 'JWT' }],
  ])(
    'is refused with acceptNonce where anything else speaks for an ID token: %o %o',
    async (claims, header) => {
      expect(await verdict(claims, { acceptNonce: true }, header)).toBe('type')
    },
  )
})

describe('tokenTypes', () => {
  it.each([
    [['at+jwt'], 'JWT', 'type'],
    [['JWT'], 'jwt', true],
    [['JWT'], 'at+jwt', 'type'],
    [['application/JWT'], 'JWT', true],
    [['vnd.example+jwt'], 'application/vnd.example+jwt', true],
    [['JWT', undefined], undefined, true],
    [['JWT'], undefined, 'type'],
  ])('accepts %j instead of the types of the profile: %s is judged %s', async (tokenTypes, typ, expected) => {
    expect(await verdict({}, { tokenTypes }, { typ })).toBe(expected)
  })

  it('still lets no ID token in', async () => {
    expect(await verdict({ at_hash: 'h' }, { tokenTypes: ['JWT'] }, { typ: 'JWT' })).toBe('type')
  })
})

describe('required claims', () => {
  it.each(['sub', 'client_id', 'iat', 'jti'])(
    'include %s in the profile rfc9068 (RFC 9068 §2.2)',
    async (name) => {
      expect(await verdict({ [name]: undefined }, { profile: 'rfc9068' })).toBe('claim')
      expect(await verdict({ [name]: undefined })).toBe(true)
    },
  )

  it('include those the option names', async () => {
    const options = { requiredClaims: ['tenant'] }
    expect(await verdict({ tenant: '' }, options)).toBe(true)
    expect(await verdict({ tenant: false }, options)).toBe(true)
    expect(await verdict({ tenant: null }, options)).toBe('claim')
    expect(await verdict({}, options)).toBe('claim')
    expect(await verdict({}, { requiredClaims: ['constructor'] })).toBe('claim')
  })

  it('include a sub with at least one character in the profile rfc9068 (RFC 9068 §2.2)', async () => {
    expect(await verdict({ sub: '' }, { profile: 'rfc9068' })).toBe('claim')
    expect(await verdict({ sub: '' })).toBe(true)
    expect(await verdict({ sub: 'u' }, { profile: 'rfc9068' })).toBe(true)
  })
})

describe('clients', () => {
  const options = { clients: ['client-1', 'client-3'] }
  const none = { client_id: undefined }
  it.each([
    [{}, true],
    [{ client_id: 'client-2' }, 'claim'],
    [{ ...none }, 'claim'],
    [{ ...none, azp: 'client-3' }, true],
    [{ ...none, cid: 'client-3' }, true],
    [{ ...none, appid: 'client-3' }, true],
    [{ client_id: 'client-2', azp: 'client-1' }, 'claim'],
    [{ ...none, azp: 'client-2', cid: 'client-1' }, 'claim'],
  ])('%o is judged %s', async (claims, expected) => {
    expect(await verdict(claims, options)).toBe(expected)
  })
})

describe('F3 an ID token that nothing marks, where the audience is the client id', () => {
  const clientId = 'web-app'
  /** What an ID token has when neither a nonce nor a hash was asked for. */
  const claims = { aud: clientId, client_id: undefined, azp: clientId, jti: undefined }
  const options = { audience: clientId }
  const header = { typ: 'JWT' }

  it('is accepted, as nothing tells it from an access token', async () => {
    expect(await verdict(claims, options, header)).toBe(true)
  })

  it.each([
    ['the profile rfc9068', { ...options, profile: 'rfc9068' }, 'type'],
    ['scope as a required claim', { ...options, requiredClaims: ['scope'] }, 'claim'],
    ["an audience of the API's own", { audience: 'https://api.test' }, 'audience'],
  ])('is refused by %s', async (_what, stricter, reason) => {
    expect(await verdict(claims, stricter, header)).toBe(reason)
  })

  it('is refused as soon as it has a nonce', async () => {
    expect(await verdict({ ...claims, nonce: 'n' }, options, header)).toBe('type')
  })
})

describe('G7 Cognito, whose access tokens have no aud', () => {
  const options = { audience: null, clients: ['client-1'], requiredClaims: ['token_use'] }
  const claims = { aud: undefined, token_use: 'access' }

  it('is configured with clients and token_use', async () => {
    expect(await verdict(claims, options)).toBe(true)
  })

  it.each([
    ['without token_use', { ...claims, token_use: undefined }, 'claim'],
    ['with the token_use of an ID token', { ...claims, token_use: 'id' }, 'type'],
    ['of another client', { ...claims, client_id: 'client-2' }, 'claim'],
  ])('a token %s is refused', async (_what, other, reason) => {
    expect(await verdict(other, options)).toBe(reason)
  })
})
