import { describe, expect, it } from 'vitest'
import { entryOf, lifetimeOf } from '../../src/caller/revocation-entry.ts'

const now = 1_800_000_000.25
const rules = { now, tokenLifetime: 1000, mayLead: 30 }
const issuer = 'https://issuer.test/'
const caller = { issuer, claims: { jti: 'j' }, expiresAt: new Date((now + 100) * 1000), token: 'a.b.c' }

/** Any server may accept a token 300 s after `exp`, with an `iat` that is 300 s ahead. */
const whole = 1600
const open = { issuedBefore: undefined, lifetime: whole, expiresIn: undefined }

describe('an entry', () => {
  it('lives for as long as any token can be accepted', () => {
    expect(lifetimeOf(1000)).toBe(whole)
  })

  it.each<[string, object, object]>([
    ['a jti', { jti: 'j' }, { ...open, kind: 'jti', issuer: undefined, value: 'j' }],
    ['a jti of one issuer', { jti: 'j', issuer }, { ...open, kind: 'jti', issuer, value: 'j' }],
    [
      'a jti until it expires',
      { jti: 'j', expiresAt: now + 100 },
      { kind: 'jti', issuer: undefined, value: 'j', issuedBefore: undefined, lifetime: 401, expiresIn: 401 },
    ],
    [
      'a jti that expired long ago',
      { jti: 'j', expiresAt: now - 1000 },
      { kind: 'jti', issuer: undefined, value: 'j', issuedBefore: undefined, lifetime: 1, expiresIn: 1 },
    ],
    [
      'a jti that lives longer than the list assumes',
      { jti: 'j', expiresAt: now + 5000 },
      {
        kind: 'jti',
        issuer: undefined,
        value: 'j',
        issuedBefore: undefined,
        lifetime: whole,
        expiresIn: 5301,
      },
    ],
    [
      'a caller',
      { token: caller },
      { kind: 'jti', issuer, value: 'j', issuedBefore: undefined, lifetime: 401, expiresIn: 401 },
    ],
    ...(['subject', 'session', 'client'] as const).map((kind): [string, object, object] => [
      `a ${kind} up to now, in whole seconds`,
      { [kind]: 'v', issuer },
      { ...open, kind, issuer, value: 'v', issuedBefore: 1_800_000_000 },
    ]),
    [
      'a subject up to a moment of the past',
      { subject: 'v', issuedBefore: new Date(1_700_000_000_999) },
      { ...open, kind: 'subject', issuer: undefined, value: 'v', issuedBefore: 1_700_000_000 },
    ],
    [
      'a subject up to a moment that is ahead, from which it lives',
      { subject: 'v', issuedBefore: now + 30 },
      {
        kind: 'subject',
        issuer: undefined,
        value: 'v',
        issuedBefore: 1_800_000_030,
        lifetime: whole + 30,
        expiresIn: undefined,
      },
    ],
  ])('is made of %s', async (_what, given, entry) => {
    expect(await entryOf(given, rules)).toEqual(entry)
  })
})

describe('no entry', () => {
  const one = 'revoke: pass exactly one of token, jti, subject, session and client'
  it.each<[string, object, string]>([
    ['nothing', {}, one],
    ['two', { subject: 'a', client: 'b' }, one],
    [
      'a caller with an issuer',
      { token: caller, issuer },
      'revoke.issuer: leave it out with token, whose issuer is known',
    ],
    [
      'a caller with an expiry',
      { token: caller, expiresAt: now },
      'revoke.expiresAt: leave it out with token; only the expiry of a single token is known',
    ],
    [
      'a caller up to a moment',
      { token: caller, issuedBefore: now },
      'revoke.issuedBefore: leave it out with token, which is revoked whenever it was issued',
    ],
    [
      'a jti up to a moment',
      { jti: 'j', issuedBefore: now },
      'revoke.issuedBefore: leave it out with jti, which is revoked whenever it was issued',
    ],
    [
      'a session with an expiry',
      { session: 's', expiresAt: now },
      'revoke.expiresAt: leave it out with session; only the expiry of a single token is known',
    ],
    [
      'a wrong expiry',
      { jti: 'j', expiresAt: -1 },
      'revoke.expiresAt: must be a Date or seconds since the epoch',
    ],
    [
      'a wrong moment',
      { client: 'c', issuedBefore: NaN },
      'revoke.issuedBefore: must be a Date or seconds since the epoch',
    ],
    [
      'a moment too far ahead',
      { client: 'c', issuedBefore: now + 30.5 },
      'revoke.issuedBefore: is 31 s ahead of now; clockTolerance allows 30 s, since no token can have been issued later',
    ],
    [
      'what is no caller',
      { token: {} },
      'revoke.token: pass the auth of a caller, for example revoke({ token: getAuth(request) })',
    ],
  ])('is made of %s', async (_what, given, message) => {
    await expect((async () => entryOf(given, rules))()).rejects.toThrow(new TypeError(message))
  })
})
