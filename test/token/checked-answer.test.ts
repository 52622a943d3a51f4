import { describe, expect, it } from 'vitest'
import { InvalidTokenError } from '../../src/errors.ts'
import { type ActiveAnswer, plainAnswer } from '../../src/issuer/introspection-answer.ts'
import type { ClaimRules } from '../../src/options/rules.ts'
import { checkedAnswer } from '../../src/token/checked-answer.ts'
import { trusted } from './stages.ts'
import { issuer, now } from './verdict.ts'

async function answerOf(changes: object): Promise<ActiveAnswer> {
  const usual = { active: true, aud: 'https://api.test', sub: 'a', token_type: 'Bearer', exp: now + 60 }
  const bytes = new TextEncoder().encode(JSON.stringify({ ...usual, ...changes }))
  const headers = new Headers({ 'content-type': 'application/json' })
  return (await plainAnswer({ bytes, headers })) as ActiveAnswer
}

/** `true`, or the reason and the claim of the refusal. */
async function judged(changes: object, rules: Partial<ClaimRules> = {}): Promise<unknown> {
  const from = trusted()
  const answer = await answerOf(changes)
  try {
    checkedAnswer(answer, { ...from, rules: { ...from.rules, ...rules } }, now)
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
