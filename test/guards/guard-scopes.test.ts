import { allOf, anyOf, anyScope, type Guard, role, scope } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { plainGuard } from '../../src/guards/decide.ts'
import { scopesOf } from '../../src/guards/guard-scopes.ts'

const allow: Guard = () => true

describe('the scopes that guards may require', () => {
  it.each<[string, readonly Guard[], readonly string[]]>([
    ['no guard', [], []],
    ['guards without any', [role('clerk'), allow, allOf(allow)], []],
    ['all of them', [scope('a', 'b')], ['a', 'b']],
    ['one of them', [anyScope('b', 'a')], ['b', 'a']],
    ['several, each once', [scope('b', 'a'), allow, scope('c', 'a')], ['b', 'a', 'c']],
    ['guards within guards', [allOf(scope('a'), anyOf(scope('b'), anyScope('a', 'c')))], ['a', 'b', 'c']],
    ['the guard of an adapter', [Object.assign(() => true, { [plainGuard]: scope('a') })], ['a']],
    [
      "a guard of the package's other build",
      [Object.assign(() => true, { [Symbol.for('oauth-resource-server.guard-scopes')]: ['a'] })],
      ['a'],
    ],
  ])('are known of %s', (_what, guards, scopes) => {
    expect(scopesOf(...guards)).toEqual(scopes)
  })
})
