import { describe, expect, it } from 'vitest'
import { claimReader, isStringList } from '../../src/lib/claim-path.ts'

const claims = {
  sub: 'u',
  '': 'empty',
  'a/b': 'slash',
  'a~b': 'tilde',
  'a~1b': 'escape',
  'a.b': 'dot',
  '/a': 'pointer',
  'https://a.test/roles': 'url',
  a: { b: { c: 'nested' }, '': 'inner', 0: 'zero', null: null },
  list: [{ b: 'x' }, 'y'],
  text: 'abc',
}

describe('a claim path', () => {
  it.each([
    ['sub', 'u'],
    ['a/b', 'slash'],
    ['a~b', 'tilde'],
    ['a~1b', 'escape'],
    ['a.b', 'dot'],
    ['https://a.test/roles', 'url'],
    ['/sub', 'u'],
    ['/', 'empty'],
    ['/a/b/c', 'nested'],
    ['/a/', 'inner'],
    ['/a/0', 'zero'],
    ['/a/null', null],
    ['/a~1b', 'slash'],
    ['/a~0b', 'tilde'],
    // `~01` is `~1`, and not `/` (RFC 6901 §4).
    ['/a~01b', 'escape'],
    ['/~1a', 'pointer'],
    ['/a.b', 'dot'],
    ['missing', undefined],
    ['/missing/b', undefined],
    ['/a/missing', undefined],
    ['/a/b/c/d', undefined],
    ['/a/null/x', undefined],
    ['/list/0', undefined],
    ['/list/0/b', undefined],
    ['/list/length', undefined],
    ['/text/length', undefined],
    ['/text/0', undefined],
    ['constructor', undefined],
    ['/a/constructor', undefined],
    ['/a/__proto__/constructor', undefined],
    ['/sub/', undefined],
  ])('%j leads to %j', (path, value) => {
    expect(claimReader(path)(claims)).toBe(value)
  })

  it.each([
    [
      '',
      "roles: name the claim, for example 'permissions', or write a JSON Pointer, for example '/realm_access/roles'",
    ],
    ['/~', "roles: '/~' is not a JSON Pointer: write ~0 for ~ and ~1 for / in a name (RFC 6901 §3)"],
    ['/a~2', /is not a JSON Pointer.*RFC 6901/],
    ['/~a/~0', /is not a JSON Pointer/],
    ['/a/b~', /is not a JSON Pointer/],
    [undefined, /^roles: name the claim/],
    [null, /^roles: name the claim/],
    [7, /^roles: name the claim/],
    [[], /^roles: name the claim/],
    [[7], /^roles: name the claim/],
    [
      ['realm_access', 'roles'],
      "roles: a claim path is one string; write '/realm_access/roles' for a nested claim",
    ],
    [
      'realm_access.roles',
      "roles: 'realm_access.roles' is not a claim; write '/realm_access/roles' for a nested claim",
    ],
    ['realm_access.my.roles', /write '\/realm_access\/my\.roles'/],
    ['resource_access.my.api.roles', /write '\/resource_access\/my\.api\/roles'/],
    [['https://a.test/~x', 'b'], /write '\/https:~1~1a\.test~1~0x\/b'/],
  ])('is not %j: a TypeError when it is made', (path, message) => {
    const make = (): unknown => claimReader(path as string, 'roles')
    expect(make).toThrow(TypeError)
    expect(make).toThrow(typeof message === 'string' ? new TypeError(message) : message)
  })

  it.each([
    'realm_access',
    'realm_access.',
    'resource_access.api',
    'my_realm_access.a',
    'my_resource_access.a.b',
  ])('is %j, which is one claim', (path) => {
    expect(claimReader(path)({ [path]: 1 })).toBe(1)
  })

  it('is called a claim path where no option is named', () => {
    expect(() => claimReader('')).toThrow(/^claim path: name the claim/)
  })
})

describe('isStringList', () => {
  it.each<[unknown, boolean]>([
    [[], true],
    [['a', ''], true],
    [Object.freeze(['a']), true],
    [['a', 1], false],
    [[1, 'a'], false],
    [[undefined], false],
    // eslint-disable-next-line no-sparse-arrays -- a list may have holes
    [['a', , 'b'], false],
    ['a', false],
    [{ length: 0 }, false],
    [undefined, false],
  ])('of %j is %s', (value, expected) => {
    expect(isStringList(value)).toBe(expected)
  })
})
