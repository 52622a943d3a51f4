import { describe, expect, it } from 'vitest'
import { isAbsolute, normalUri, pathOfTarget, uriOfTarget } from '../../src/lib/http-uri.ts'

describe('normalUri', () => {
  it.each([
    ['https://api.test/x', 'https://api.test/x'],
    ['HTTPS://API.Test/x', 'https://api.test/x'],
    ['http://api.test:80/x', 'http://api.test/x'],
    ['https://api.test:443/x', 'https://api.test/x'],
    ['https://api.test:/x', 'https://api.test/x'],
    ['https://api.test:80/x', 'https://api.test:80/x'],
    ['https://api.test:65535/x', 'https://api.test:65535/x'],
    ['https://api.test%2Fx/', 'https://api.test%2fx/'],
    ['http://api.test:443/x', 'http://api.test:443/x'],
    ['https://api.test', 'https://api.test/'],
    ['https://api.test?a=/../b', 'https://api.test/'],
    ['https://api.test/x?a#b', 'https://api.test/x'],
    ['https://api.test/x#b?a', 'https://api.test/x'],
    ['https://api.test/X', 'https://api.test/X'],
    ['https://api.test/%78%2d%2E%5f%7e%39', 'https://api.test/x-._~9'],
    ['https://api.test/a%2fb%C3%bc', 'https://api.test/a%2Fb%C3%BC'],
    ['https://api.test/a%zz%2', 'https://api.test/a%zz%2'],
    ['https://api.test/./a/../b/./c', 'https://api.test/b/c'],
    ['https://api.test/a/%2e%2e/b', 'https://api.test/b'],
    ['https://api.test/a/b/..', 'https://api.test/a/'],
    ['https://api.test/a/b/.', 'https://api.test/a/b/'],
    ['https://api.test/..', 'https://api.test/'],
    ['https://api.test/../../a', 'https://api.test/a'],
    ['https://api.test/.a/..b/...', 'https://api.test/.a/..b/...'],
    ['https://api.test//x', 'https://api.test//x'],
    ['https://api.test/x/', 'https://api.test/x/'],
    ['https://[::1]:3000/x', 'https://[::1]:3000/x'],
    ['https://[2001:DB8::1]/x', 'https://[2001:db8::1]/x'],
  ])('%s becomes %s', (text, expected) => {
    expect(normalUri(text)).toBe(expected)
  })

  it.each([
    '',
    '/x',
    '//api.test/x',
    'api.test/x',
    'https:/api.test/x',
    'https:api.test',
    ' https://api.test/x',
    'xhttps://api.test/x',
    'ftp://api.test/x',
    'https:///x',
    'https://:443/x',
    'https://user@api.test/x',
    'https://user:secret@api.test/x',
    'https://api.test@evil.test/x',
    'https://api.test\\x',
    'https://api.test/a\\b',
    'https://api.test/a b',
    'https://api.test/a\nb',
    'https://api.test/ü',
    'https://api.test:4a/x',
    'https://api.test:65536/x',
    'https://api.test:1:2/x',
    'https://[::1/x',
    'https://[::g]/x',
    'https://::1/x',
  ])('refuses %j', (text) => {
    expect(normalUri(text)).toBeUndefined()
  })
})

describe('pathOfTarget', () => {
  it.each([
    ['/', '/'],
    ['/x', '/x'],
    ['/x?a=/../b', '/x'],
    ['/x?a=https://evil.test/y', '/x'],
    ['//evil.test/x', '//evil.test/x'],
    ['/%78/%2f', '/x/%2F'],
    ['/.well-known/a..b', '/.well-known/a..b'],
    ['http://evil.test/x?a', '/x'],
    ['https://evil.test', '/'],
    ['https://evil.test?a', '/'],
    // The first and the last visible character, and those beside the backslash.
    ['/!~[]', '/!~[]'],
    ['https://evil.test/x/', '/x/'],
  ])('%s has the path %s', (target, expected) => {
    expect(pathOfTarget(target)).toBe(expected)
  })

  it.each([
    '',
    '?a',
    '*',
    'x',
    'api.test:443',
    'ftp://api.test/x',
    '/admin/../x',
    '/admin/./x',
    '/admin/..',
    '/admin/%2e%2E/x',
    '/admin/.%2e/x',
    'https://evil.test/admin/../x',
    '/a\\b',
    '/x#a',
    '/a b',
    '/a\u007f',
    '/ü',
    'x/https://evil.test/y',
  ])('%j has none', (target) => {
    expect(pathOfTarget(target)).toBeUndefined()
  })
})

describe('uriOfTarget', () => {
  it.each([
    ['HTTPS://api.test:443/v1/%78?a=/../b', 'https://api.test/v1/x'],
    ['https://api.test', 'https://api.test/'],
    ['https://api.test/v1//evil.test/x', 'https://api.test/v1//evil.test/x'],
  ])('%s becomes %s', (text, expected) => {
    expect(uriOfTarget(text)).toBe(expected)
  })

  it.each([
    '/v1/x',
    'https://api.test/v1/../x',
    'https://api.test/v1/%2e/x',
    'https://api.test/v1/x#a',
    'https://api.test/v1/a\\b',
    'https://api.test/v1/ü',
  ])('refuses %j', (text) => {
    expect(uriOfTarget(text)).toBeUndefined()
  })
})

describe('isAbsolute', () => {
  it.each(['https://api.test', 'http://[::1]:3000/x', 'https://api.test/../ü\\'])(
    'is true for %s',
    (text) => {
      expect(isAbsolute(text)).toBe(true)
    },
  )

  it.each(['', '/x', 'api.test/x', 'https:///x', 'https://me@api.test/x', 'ftp://api.test/x'])(
    'is false for %j',
    (text) => {
      expect(isAbsolute(text)).toBe(false)
    },
  )
})
