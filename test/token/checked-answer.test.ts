import { describe, expect, it } from 'vitest'
import { InvalidTokenError } from '../../src/errors.ts'
import type { ClaimRules } from '../../src/options/rules.ts'
import type { Trace } from '../../src/token/check.ts'
import { checkedAnswer } from '../../src/token/checked-answer.ts'
import { answerOf } from './answer.ts'
import { stepsOf } from './decision.ts'
import { trusted } from './stages.ts'
import { issuer, now } from './verdict.ts'

/** Checks an answer, by rules of the issuer that differ from the usual ones. */
async function checking(changes: object, rules: Partial<ClaimRules> = {}): Promise<(trace?: Trace) => void> {
  const from = trusted()
  const answer = await answerOf(changes)
  return (trace) => {
    checkedAnswer(answer, { ...from, rules: { ...from.rules, ...rules } }, now, trace)
  }
}

/** `true`, or the reason and the claim of the refusal. */
async function judged(changes: object, rules: Partial<ClaimRules> = {}): Promise<unknown> {
  const check = await checking(changes, rules)
  try {
    check()
    return true
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) throw error
    return `${error.reason} ${error.detail.claim ?? ''}`
  }
}

describe('an answer about an active token', () => {
  it("has the issuer's name as iss, its claims, and its times", async () => {
    const from = trusted()
    const checked = checkedAnswer(await answerOf({ scope: 'read' }), from, now)
    expect(checked).toMatchObject({
      claims: { iss: issuer.issuer, sub: 'a', scope: 'read' },
      times: { exp: now + 60 },
      header: undefined,
      key: undefined,
    })
    expect(checked.issuer).toBe(from)
    expect(Object.isFrozen(checked.claims)).toBe(true)
  })

  it.each([
    ['names its issuer', { iss: issuer.issuer }],
    ['is without token_type', { token_type: undefined }],
    ['is of type bearer, in any case', { token_type: 'BEARER' }],
    ['is of type access_token', { token_type: 'access_token' }],
    ['is of type DPoP, with the key', { token_type: 'DPoP', cnf: { jkt: 'k' } }],
    ['is used as access', { token_use: 'access' }],
    ['is used as access_token', { token_use: 'access_token' }],
    ['has scopes in a string', { scope: 'read write' }],
  ])('may be one that %s', async (_what, changes) => {
    expect(await judged(changes)).toBe(true)
  })

  it.each([
    ['names another issuer', { iss: 'https://other.test/' }, 'issuer iss'],
    ['names several issuers', { iss: [issuer.issuer] }, 'issuer iss'],
    ['is a refresh token by its type', { token_type: 'refresh_token' }, 'type token_type'],
    ['has no string as its type', { token_type: ['Bearer'] }, 'type token_type'],
    ['is a refresh token by its use', { token_use: 'refresh_token' }, 'type token_use'],
    ['is of type DPoP without a key', { token_type: 'DPoP' }, 'binding cnf'],
    ['is of type dpop with another key', { token_type: 'dpop', cnf: { 'x5t#S256': 'k' } }, 'binding cnf'],
    ['is of type DPoP with cnf null', { token_type: 'DPoP', cnf: null }, 'binding cnf'],
    ['has scopes in a list', { scope: ['read'] }, 'claim scope'],
    ['has null as scope', { scope: null }, 'claim scope'],
    ['is for another API', { aud: 'https://other.test' }, 'audience aud'],
    ['is for nobody', { aud: undefined }, 'audience aud'],
    ['has no end', { exp: undefined }, 'claim exp'],
    ['has ended', { exp: now }, 'expired exp'],
    ['has not begun', { nbf: now + 1 }, 'not_yet_valid nbf'],
    ['has a nonce', { nonce: 'n' }, 'type nonce'],
    ['has a sub that is no string', { sub: 7 }, 'claim sub'],
  ])('is refused as one that %s', async (_what, changes, expected) => {
    expect(await judged(changes)).toBe(expected)
  })

  it('must say what kind of token it is about, where there is no audience to compare', async () => {
    const rules = { audience: null, clients: ['app'] }
    const unsaid = { client_id: 'app', token_type: undefined }
    expect(await judged(unsaid, rules)).toBe('type token_type')
    expect(await judged({ ...unsaid, token_type: 'Bearer' }, rules)).toBe(true)
    expect(await judged({ ...unsaid, token_use: 'access' }, rules)).toBe(true)
    expect(await judged({ ...unsaid, typ: 'Bearer' }, rules)).toBe(true)
    expect(await judged({ ...unsaid, typ: 'Refresh' }, rules)).toBe('type token_type')
  })

  it('must have the claims that are required, and be young enough', async () => {
    expect(await judged({}, { requiredClaims: ['tenant'] })).toBe('claim tenant')
    expect(await judged({ tenant: 't' }, { requiredClaims: ['tenant'] })).toBe(true)
    expect(await judged({ iat: now - 61 }, { maxTokenAge: 60 })).toBe('too_old iat')
    expect(await judged({ iat: now - 59 }, { maxTokenAge: 60 })).toBe(true)
  })
})

describe('the trace of an answer', () => {
  it('tells of each check what is asked for and what is there, and goes on to the claims', async () => {
    const answer = { iss: issuer.issuer, scope: 'read', cnf: { jkt: 'k' } }
    const steps = stepsOf(await checking(answer))
    expect(steps.slice(0, 5)).toEqual([
      { name: 'issuer', ok: true, claim: 'iss', expected: issuer.issuer, actual: issuer.issuer },
      { name: 'token type', ok: true, claim: 'token_type', expected: 'Bearer or DPoP', actual: 'string' },
      {
        name: 'kind of token',
        ok: true,
        claim: 'token_type',
        expected: 'present, since audience is null',
        actual: 'string',
      },
      {
        name: 'key of a DPoP token',
        ok: true,
        claim: 'cnf',
        expected: 'jkt, since token_type is DPoP',
        actual: 'object',
      },
      { name: 'type of scope', ok: true, claim: 'scope', expected: 'a string', actual: 'read' },
    ])
    const names = steps.slice(5).map(({ name }) => name)
    expect([names[0], names.at(-1)]).toEqual(['foreign claims', 'age'])
    expect(names).toEqual(expect.arrayContaining(['audience', 'times', 'expiry']))
  })

  it('ends with what is wrong with the times', async () => {
    expect(stepsOf(await checking({ exp: undefined })).at(-1)).toMatchObject({
      name: 'times',
      ok: false,
      claim: 'exp',
    })
  })
})
