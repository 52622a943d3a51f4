import { describe, expect, it } from 'vitest'
import { offlineWarnings, scopeNames } from '../../src/options/scope-names.ts'

describe('scopeNames()', () => {
  it('takes names that scopes can have', () => {
    expect(scopeNames(['read', "https://api.test/!#'[]~"], 'scopes')).toEqual([
      'read',
      "https://api.test/!#'[]~",
    ])
    expect(scopeNames(undefined, 'scopes')).toBeUndefined()
  })

  it.each(['a b', 'a"', 'a\\', 'ä', 'a\n'])('refuses %j', (name) => {
    expect(() => scopeNames(['read', name], 'challengeScopes')).toThrow(
      new TypeError(
        'challengeScopes: a scope has no spaces, quotes, backslashes or characters beyond ASCII (RFC 6749 §3.3); name several scopes one by one',
      ),
    )
  })

  it('refuses a name that is there twice', () => {
    expect(() => scopeNames(['a', 'b', 'a'], 'challengeScopes')).toThrow(
      new TypeError('challengeScopes: names a scope twice'),
    )
  })
})

describe('offlineWarnings()', () => {
  it('warns of offline_access, under a code for filters', () => {
    expect(offlineWarnings(['read', 'offline_access'], 'challengeScopes')).toEqual([
      {
        code: 'OAUTH_OFFLINE_ACCESS',
        message:
          'oauth-resource-server: challengeScopes has offline_access, which clients request for themselves; leave it out',
      },
    ])
  })

  it.each([undefined, [], ['read']])('is silent about %j', (list) => {
    expect(offlineWarnings(list, 'challengeScopes')).toEqual([])
  })
})
