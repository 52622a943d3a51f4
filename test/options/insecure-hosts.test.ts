import { describe, expect, it } from 'vitest'
import { checkHosts, insecureHostWarnings } from '../../src/options/insecure-hosts.ts'

describe('checkHosts', () => {
  it.each([
    ['keycloak', 'keycloak'],
    ['Keycloak:8080', 'keycloak:8080'],
    ['10.0.0.1', '10.0.0.1'],
    ['[fd00::1]', '[fd00::1]'],
    ['[FD00::1]:8080', '[fd00::1]:8080'],
  ])('takes %s', (entry, host) => {
    expect(checkHosts([entry])).toEqual([host])
  })

  it.each([
    '',
    'a b',
    '*.test',
    'user@host',
    'keycloak:',
    'keycloak:port',
    'keycloak:65536',
    'fd00::1',
    '[x]',
  ])('refuses %j', (entry) => {
    expect(() => checkHosts(['keycloak', entry])).toThrow(/^allowInsecureHosts: .* is not a host/)
  })

  it('says what to write instead of a URL', () => {
    expect(() => checkHosts(['http://keycloak:8080/realms/a'])).toThrow(
      new TypeError(
        `allowInsecureHosts: "http://keycloak:8080/realms/a" is not a host; write 'host' or 'host:port', here 'keycloak:8080'`,
      ),
    )
    expect(() => checkHosts(['a b'])).toThrow(/write 'host' or 'host:port'$/)
  })

  it('takes an empty list', () => {
    expect(checkHosts([])).toEqual([])
  })
})

describe('insecureHostWarnings', () => {
  it('names the hosts, under a code for filters', () => {
    expect(insecureHostWarnings(['a', 'b:80'])).toEqual([
      {
        code: 'OAUTH_INSECURE_HOST',
        message: expect.stringContaining('plain http from a, b:80:') as string,
      },
    ])
  })

  it('is none without hosts', () => {
    expect(insecureHostWarnings([])).toEqual([])
  })
})
