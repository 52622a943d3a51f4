import { randomBytes } from 'node:crypto'
import type { TestIssuer } from './types.ts'

// Made once, so that asking again meets the same ETag. Nobody signs with these: an odd number of the right length
// is all a verifier sees of a modulus.
const weakModulus = modulus(1024)
const soundModulus = modulus(2048)
const symmetric = randomBytes(32).toString('base64url')

/** Keys nobody should verify with, one per reason. */
export function poisonedKeys(issuer: TestIssuer): object[] {
  const [alg] = issuer.algorithms
  const signing = issuer.jwks.keys.find((key) => key.alg === alg)
  return [
    { kty: 'RSA', kid: 'weak', alg: 'RS256', use: 'sig', n: weakModulus, e: 'AQAB' },
    { kty: 'RSA', kid: 'exponent-one', alg: 'RS256', use: 'sig', n: soundModulus, e: 'AQ' },
    { kty: 'oct', kid: 'symmetric', alg: 'HS256', use: 'sig', k: symmetric },
    { ...issuer.privateKey().export({ format: 'jwk' }), kid: signing?.kid, alg, use: 'sig' },
  ]
}

function modulus(bits: number): string {
  const bytes = randomBytes(bits / 8)
  bytes[0] = 0xc1
  bytes[bytes.length - 1] = 0xc1
  return bytes.toString('base64url')
}
