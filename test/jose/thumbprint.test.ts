import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { thumbprint } from '../../src/jose/thumbprint.ts'

describe('thumbprint', () => {
  /** RFC 7638 §3.1 and RFC 8037 §A.3. */
  it.each([
    [
      {
        kty: 'RSA',
        n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
        e: 'AQAB',
        alg: 'RS256',
        kid: '2011-04-29',
      },
      'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
    ],
    [
      { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
      'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    ],
  ])('of %j', async (jwk, expected) => {
    expect(await thumbprint(jwk)).toBe(expected)
  })

  it.each([
    [{ y: 'y', x: 'x', kty: 'EC', crv: 'P-256', use: 'sig' }, '{"crv":"P-256","kty":"EC","x":"x","y":"y"}'],
    [{ k: 'k', kty: 'oct' }, '{}'],
    [{ pub: 'p', kty: 'AKP', kid: 'k', alg: 'ML-DSA-44' }, '{"alg":"ML-DSA-44","kty":"AKP","pub":"p"}'],
  ])('of %j is made of its required members, in order', async (jwk, text) => {
    expect(await thumbprint(jwk)).toBe(createHash('sha256').update(text).digest('base64url'))
  })
})
