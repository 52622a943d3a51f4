import { describe, expect, it } from 'vitest'
import {
  hasPlainPath,
  isAddress,
  isFetchable,
  isListed,
  isLoopback,
  isOrigin,
  shownUrl,
} from '../../src/lib/url.ts'

describe('isFetchable', () => {
  it.each([
    ['https://issuer.test', true],
    ['http://localhost:3000', true],
    ['http://127.0.0.1', true],
    ['http://127.1.2.3', true],
    ['http://[::1]', true],
    ['http://issuer.test', false],
    ['http://localhost.issuer.test', false],
    ['http://127.0.0.1.issuer.test', false],
    ['http://localhost.', false],
    ['http://[::2]', false],
    ['http://0.0.0.0', false],
    ['ftp://localhost', false],
    ['data:application/json,{}', false],
  ])('of %s is %s', (text, fetchable) => {
    expect(isFetchable(new URL(text))).toBe(fetchable)
  })

  it.each([
    ['http://keycloak:8080/', ['keycloak:8080'], true],
    ['http://KEYCLOAK:8080/', ['Keycloak:8080'], true],
    ['http://keycloak:8081/', ['keycloak:8080'], false],
    ['http://keycloak/', ['keycloak:8080'], false],
    ['http://keycloak/', ['keycloak:80'], true],
    ['http://keycloak:1234/', ['keycloak'], true],
    ['http://keycloak.test/', ['keycloak'], false],
    ['http://my-keycloak/', ['keycloak'], false],
    ['http://keycloak./', ['keycloak'], false],
    ['http://keycloak@evil.test/', ['keycloak'], false],
    ['http://[fd00::1]:8080/', ['[fd00::1]:8080'], true],
    ['http://[fd00::1]:8080/', ['[fd00::1]'], true],
    ['http://[fd00::1]:8080/', ['fd00::1'], false],
    ['ftp://keycloak/', ['keycloak'], false],
    ['http://keycloak/', [''], false],
    ['http://keycloak/', ['*'], false],
    ['http://keycloak/', [], false],
  ])('E8 of %s is, with %j allowed, %s', (text, hosts, fetchable) => {
    expect(isFetchable(new URL(text), hosts)).toBe(fetchable)
  })
})

describe('isLoopback', () => {
  it.each([
    ['http://localhost:1', true],
    ['https://127.255.0.9', true],
    ['http://[::1]', true],
    ['http://128.0.0.1', false],
    ['http://localhost.test', false],
    ['http://a.localhost', false],
  ])('of %s is %s', (text, expected) => {
    expect(isLoopback(new URL(text))).toBe(expected)
  })
})

describe('isListed', () => {
  it.each([
    ['https://a.test/', ['a.test:443'], true],
    ['https://a.test/', ['a.test:80'], false],
    ['http://a.test/', ['a.test:80'], true],
    ['http://a.test/', ['a.test:443'], false],
    ['https://a.test:8443/', ['b.test', 'A.test:8443'], true],
    ['https://a.test:8443/', ['a.test'], true],
    ['https://a.test:8443/', ['a.test:443', 'b.test'], false],
  ])('of %s in %j is %s', (text, hosts, expected) => {
    expect(isListed(new URL(text), hosts)).toBe(expected)
  })
})

describe('isOrigin', () => {
  it.each(['https://a.test', 'https://a.test:8443', 'http://localhost:3000', 'http://[::1]'])(
    'of %s is true',
    (value) => {
      expect(isOrigin(value)).toBe(true)
    },
  )

  it.each([
    'https://a.test/',
    'https://a.test:443',
    'https://A.test',
    'https://a.test/x',
    'http://a.test',
    'ftp://localhost',
    'ws://localhost',
    'null',
    'a.test',
    '',
    undefined,
    null,
    new URL('https://a.test'),
  ])('of %s is false', (value) => {
    expect(isOrigin(value)).toBe(false)
  })
})

describe('isAddress', () => {
  it.each([
    'https://127.1',
    'https://0x7f.1',
    'https://2130706433',
    'https://10.0.0.1.',
    'https://[::ffff:127.0.0.1]',
    'https://localhost',
    'https://localhost.',
    'https://a.localhost',
    'https://localhost6.localdomain6',
    'https://localhost.localdomain',
    'https://ip6-loopback',
  ])('D10 of %s is true', (text) => {
    expect(isAddress(new URL(text))).toBe(true)
  })

  it.each([
    'https://issuer.test',
    'https://localhost.test',
    'https://mylocalhost',
    'https://1.2.3.4.test',
    'https://host.a1',
  ])('of %s is false', (text) => {
    expect(isAddress(new URL(text))).toBe(false)
  })
})

describe('hasPlainPath', () => {
  it.each([
    'https://issuer.test',
    'https://issuer.test/',
    'https://ISSUER.test:443/Tenant',
    'HTTPS://issuer.test',
    'http://issuer.test:80/',
    'https://issuer.test:80/x:443',
    'http://localhost:8080/realms/my%20realm',
    'https://issuer.test:4430/',
    'http://issuer.test:8000/',
    'https://issuer.test/a..b/.c/d.',
    'https://[fd00::1]:8443/x/',
    'https://issuer.test/~user/a:b@c/',
  ])('of %s is true', (text) => {
    expect(hasPlainPath(text)).toBe(true)
  })

  it.each([
    'https://issuer.test/..',
    'https://issuer.test/a/../b',
    'https://issuer.test/./a',
    'https://issuer.test/a/.',
    'https://issuer.test/%2e%2E/b',
    'https://issuer.test/.%2e/b',
    'https://issuer.test/a%2eb',
    'https://issuer.test/a%2Fb',
    'https://issuer.test/a%5cb',
    'https://issuer.test/a%252fb',
    'https://issuer.test/a%00',
    'https://issuer.test/a%0d%0aHost:evil.test',
    'https://issuer.test/a%zz',
    'https://issuer.test/a%3z',
    'https://issuer.test/a%',
    'https://issuer.test\\a',
    'https:\\\\issuer.test',
    'https://evil.test\\.issuer.test',
    'https:/issuer.test',
    'https:issuer.test',
    'https:///issuer.test',
    'https://issuer.test./',
    'https://issuer.test:/',
    'https://issuer.test:443:443/',
    'https://issuer.test/a%1f',
    'https://issuer.test/a%7F',
    'https://issuer.test:0443/',
    'https://issuer%2etest/',
    'https://issuer。test/',
    'https://issuer.test/ä',
    'https://issuer.test/a b',
    'https://issuer.test/a\tb',
    'https://issuer.test/a\nb',
    'https://issu\ner.test/',
    ' https://issuer.test/',
    'https://issuer.test/ ',
    'https://user@issuer.test/',
    'https://127.1/',
    'issuer.test',
    '',
  ])('D10 of %j is false', (text) => {
    expect(hasPlainPath(text)).toBe(false)
  })
})

describe('shownUrl', () => {
  it('leaves out credentials, query and fragment', () => {
    expect(shownUrl('https://user:secret@issuer.test:8443/keys?token=secret#secret')).toBe(
      'https://issuer.test:8443/keys',
    )
    expect(shownUrl('keys')).toBeUndefined()
  })
})
