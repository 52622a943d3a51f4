import { describe, expect, it } from 'vitest'
import { checkedKeyUri } from '../../src/issuer/key-uri.ts'

/** The jwks_uri that is used, or the message of the refusal. */
function outcome(value: unknown, home: string, allowInsecureHosts: readonly string[] = []): string {
  try {
    return checkedKeyUri(value, { urls: ['a name that is no URL', home], allowInsecureHosts })
  } catch (error) {
    expect(error).toMatchObject({ name: 'FetchError', status: 200 })
    return (error as Error).message
  }
}

const issuer = 'https://issuer.test/realms/a'
const forbidden = 'the jwks_uri of the metadata is not one that may be fetched'

describe('the jwks_uri of metadata', () => {
  it.each([undefined, null, 7, '', '/jwks', 'jwks', ['https://issuer.test/jwks']])(
    'is missing: %j',
    (value) => {
      expect(outcome(value, issuer)).toBe('the metadata has no jwks_uri')
    },
  )

  it.each([
    ['https://issuer.test/jwks'],
    ['https://keys.elsewhere.test:8443/jwks?v=1'],
    ['https://localhost.issuer.test/jwks'],
  ])('may be %s', (value) => {
    expect(outcome(value, issuer)).toBe(value)
  })

  it.each([
    ['http://issuer.test/jwks'],
    ['ftp://issuer.test/jwks'],
    ['https://issuer.test./jwks'],
    ['https://user@issuer.test/jwks'],
    ['https://:password@issuer.test/jwks'],
    ['https://10.0.0.1/jwks'],
    ['https://[::1]/jwks'],
    ['https://localhost/jwks'],
    ['http://localhost/jwks'],
  ])('must not be %s', (value) => {
    expect(outcome(value, issuer)).toBe(forbidden)
  })

  it.each([
    ['https://10.0.0.1:8443/jwks', 'https://10.0.0.1/realms/a', []],
    ['http://127.0.0.1:9000/jwks', 'http://127.0.0.1:8080/', []],
    ['http://127.0.0.1:9000/jwks', 'http://localhost:8080/', []],
    ['https://10.0.0.1/jwks', issuer, ['10.0.0.1']],
    ['http://10.0.0.1/jwks', issuer, ['10.0.0.1']],
    ['http://keycloak:8080/jwks', issuer, ['keycloak:8080']],
  ])('may be %s where the issuer is %s and %j may use http', (value, home, hosts) => {
    expect(outcome(value, home, hosts)).toBe(value)
  })

  it.each([
    ['https://10.0.0.2/jwks', 'https://10.0.0.1/realms/a', []],
    ['https://10.0.0.1/jwks', issuer, ['10.0.0.2']],
    ['http://10.0.0.1/jwks', 'http://10.0.0.1/', []],
    ['http://keycloak:8081/jwks', issuer, ['keycloak:8080']],
  ])('must not be %s where the issuer is %s and %j may use http', (value, home, hosts) => {
    expect(outcome(value, home, hosts)).toBe(forbidden)
  })
})
